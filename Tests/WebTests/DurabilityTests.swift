import Dispatch
import Domain
import Foundation
import Storage
import Synchronization
import Testing
import Web

/// Never a 2xx for what is not on disk.
@Suite("An answer comes after the commit") struct DurabilityTests {
    /// What happened, in order.
    private final class Course: Sendable {
        private let steps = Mutex<[String]>([])
        var all: [String] { steps.withLock { $0 } }
        func add(_ step: String) { steps.withLock { $0.append(step) } }
    }

    private func pooled(_ body: (Bench, Served, String) async throws -> Void) async throws {
        try await withDirectory { directory in
            let path = directory + "/db"
            let bench = try await Bench.open(.pool(path: path))
            try await serving(bench.app()) { try await body(bench, $0, path) }
            try bench.database.shutDown()
        }
    }

    @Test("The writer in use syncs at every commit")
    func synchronous() async throws {
        try await pooled { bench, server, _ in
            let answer = try await server.send(bench.signed(Delivery.event("evt_1")))
            #expect(answer.status == 200)
            #expect(try await bench.database.pragma("synchronous") == "2")
            #expect(try await bench.database.pragma("journal_mode") == "wal")
        }
    }

    @Test("A commit that fails is answered 503 with Retry-After, and the next delivery is taken")
    func failure() async throws {
        try await pooled { bench, server, _ in
            bench.fault(.fails)
            let delivery = try bench.signed(Delivery.event("evt_1"))
            let answer = try await server.send(delivery)
            #expect(answer.status == 503)
            #expect(answer.headers["retry-after"] == "\(WebLimits.retryAfterSeconds)")
            #expect(answer.body.contains("send it again"))
            #expect(!answer.body.contains("disk"))
            #expect(try await bench.events().isEmpty)
            bench.fault(.none)
            #expect(try await server.send(delivery).status == 200)
            #expect(try await bench.events().first?.deliveries == 1)
        }
    }

    @Test("While a commit stalls there is no answer; released, it is 200")
    func stall() async throws {
        try await pooled { bench, server, _ in
            let course = Course()
            let release = DispatchSemaphore(value: 0)
            let (reached, reach) = AsyncStream.makeStream(of: Void.self)
            bench.fault(
                .stalls(
                    reached: {
                        course.add("at the commit")
                        reach.yield()
                    }, release: release))
            let delivery = try bench.signed(Delivery.event("evt_1"))
            async let status = {
                let answer = try await server.send(delivery)
                course.add("answered")
                return answer.status
            }()
            var iterator = reached.makeAsyncIterator()
            await iterator.next()
            // An answer that does not wait for the commit would overtake these.
            for _ in 0..<20 { #expect(try await server.get("/healthz").status == 200) }
            course.add("released")
            release.signal()
            #expect(try await status == 200)
            #expect(course.all == ["at the commit", "released", "answered"])
            #expect(try await bench.events().count == 1)
        }
    }

    @Test("A request under way at shutdown is answered, and then the server ends")
    func shutdown() async throws {
        try await pooled { bench, server, _ in
            let release = DispatchSemaphore(value: 0)
            let (reached, reach) = AsyncStream.makeStream(of: Void.self)
            bench.fault(.stalls(reached: { reach.yield() }, release: release))
            let delivery = try bench.signed(Delivery.event("evt_1"))
            async let status = server.send(delivery).status
            var iterator = reached.makeAsyncIterator()
            await iterator.next()
            await server.stop()
            release.signal()
            #expect(try await status == 200)
            #expect(try await bench.events().count == 1)
        }
    }

    @Test("What was answered 200 is there for another process, and in the files that a kill would leave")
    func onDisk() async throws {
        try await pooled { bench, server, path in
            #expect(try await server.send(bench.signed(Delivery.event("evt_1"))).status == 200)
            let other = try SQLiteDatabase(.pool(path: path))
            let seen = try await other.read { try EventsTable.find($0, tenant: Bench.alpha, eventID: "evt_1") }
            #expect(seen?.state == .received)
            try other.shutDown()
            try await withDirectory { copy in
                for suffix in ["", "-wal"] {
                    try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + "/db" + suffix)
                }
                let left = try SQLiteDatabase(.inline(path: copy + "/db"))
                let kept = try await left.read { try EventsTable.find($0, tenant: Bench.alpha, eventID: "evt_1") }
                #expect(kept?.body == Delivery.event("evt_1"))
                try left.shutDown()
            }
        }
    }
}
