import Foundation
import Synchronization

/// Posts prepared requests over several connections, one under way on each, from one thread: it costs as little as it
/// can, as it shares the machine with what it measures.
struct Load: Sendable {
    struct Result: Sendable {
        /// Indices of the messages that were answered 200.
        var acknowledged: [Int] = []
        /// How many answers there were of each status.
        var statuses: [Int: Int] = [:]
        var nanoseconds: [Int64] = []
        var seconds = 0.0
        /// Of this process, which is generator and server alike.
        var cpuSeconds = 0.0

        var cpuMicroseconds: Double { cpuSeconds * 1_000_000 / Double(max(1, nanoseconds.count)) }
        var perSecond: Double { Double(acknowledged.count) / seconds }
        var p99Milliseconds: Double { nanoseconds.map { Double($0) / 1_000_000 }.percentile(99) }
    }

    struct Failed: Error, CustomStringConvertible {
        var description: String
    }

    var port: Int
    var connections = 64
    /// Each sent once, in order; it ends when they run out.
    var messages: [[UInt8]]
    var seconds: Double
    /// As many as can be when nil.
    var perSecond: Double?
    /// Set by whoever wants it to end sooner.
    var stop: Stop?
    var interruption: Interruption?

    /// What is done once so many answers have come.
    struct Interruption: Sendable {
        var answers: Int
        var act: @Sendable () -> Void
    }

    final class Stop: Sendable {
        private let flag = Atomic<Bool>(false)
        func set() { flag.store(true, ordering: .relaxed) }
        var isSet: Bool { flag.load(ordering: .relaxed) }
    }

    static func message(_ path: String, _ body: [UInt8], signature: String? = nil) -> [UInt8] {
        let signed = signature.map { "Stripe-Signature: \($0)\r\n" } ?? ""
        let head =
            "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n\(signed)Content-Type: application/json\r\n"
            + "Content-Length: \(body.count)\r\n\r\n"
        return Array(head.utf8) + body
    }

    /// On a thread of its own.
    func run() async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Swift.Result { try Generator(self).run() })
            }
        }
    }
}

/// The thread's state.
private final class Generator {
    private struct Connection {
        var socket: Int32
        var answer = [UInt8](repeating: 0, count: 16 * 1024)
        var count = 0
        var message: Int?
        var sentAt: UInt64 = 0
    }

    private let load: Load
    private var connections: [Connection] = []
    private var next = 0
    private var result = Load.Result()

    init(_ load: Load) { self.load = load }

    func run() throws -> Load.Result {
        for _ in 0..<load.connections { connections.append(Connection(socket: try Self.connect(load.port))) }
        defer { for connection in connections { close(connection.socket) } }
        let cpuBefore = Self.cpuSeconds()
        let begun = DispatchTime.now().uptimeNanoseconds
        let end = begun + UInt64(load.seconds * 1_000_000_000)
        var now = begun
        while now < end, load.stop?.isSet != true {
            for index in connections.indices where connections[index].message == nil {
                guard next < load.messages.count, connections[index].socket >= 0 else { continue }
                let isDue = load.perSecond.map { Double(next) / $0 <= Double(now - begun) / 1_000_000_000 } ?? true
                if isDue { send(index) }
            }
            let isUnderWay = connections.contains { $0.message != nil }
            if !isUnderWay, next >= load.messages.count || connections.allSatisfy({ $0.socket < 0 }) { break }
            receive(waitingMilliseconds: load.perSecond == nil ? 20 : 1)
            now = DispatchTime.now().uptimeNanoseconds
        }
        result.seconds = Double(now - begun) / 1_000_000_000
        result.cpuSeconds = Self.cpuSeconds() - cpuBefore
        return result
    }

    private static func cpuSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1_000_000 }
    }

    private static func connect(_ port: Int) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Foundation.connect(descriptor, $0, length) }
        }
        guard status == 0 else { throw Load.Failed(description: "no connection: \(String(cString: strerror(errno)))") }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        return descriptor
    }

    private func send(_ index: Int) {
        let message = load.messages[next]
        connections[index].message = next
        connections[index].count = 0
        connections[index].sentAt = DispatchTime.now().uptimeNanoseconds
        next += 1
        var sent = 0
        message.withUnsafeBytes { bytes in
            while sent < bytes.count {
                let count = Foundation.send(
                    connections[index].socket, bytes.baseAddress?.advanced(by: sent), bytes.count - sent,
                    Int32(MSG_NOSIGNAL))
                guard count > 0 else { return drop(index) }
                sent += count
            }
        }
    }

    /// The other side is gone: what was under way was not acknowledged.
    private func drop(_ index: Int) {
        close(connections[index].socket)
        connections[index].socket = -1
        connections[index].message = nil
    }

    private func receive(waitingMilliseconds: Int32) {
        var waiting = connections.map {
            pollfd(fd: $0.message == nil ? -1 : $0.socket, events: Int16(POLLIN), revents: 0)
        }
        guard poll(&waiting, nfds_t(waiting.count), waitingMilliseconds) > 0 else { return }
        for index in connections.indices where waiting[index].revents != 0 {
            let (at, socket) = (connections[index].count, connections[index].socket)
            let count = connections[index].answer.withUnsafeMutableBytes { bytes in
                recv(socket, bytes.baseAddress?.advanced(by: at), bytes.count - at, 0)
            }
            guard count > 0 else {
                drop(index)
                continue
            }
            connections[index].count += count
            if let status = status(of: connections[index]) { finish(index, status) }
        }
    }

    private func finish(_ index: Int, _ status: Int) {
        guard let message = connections[index].message else { return }
        connections[index].message = nil
        result.statuses[status, default: 0] += 1
        if status == 200 { result.acknowledged.append(message) }
        if let interruption = load.interruption, interruption.answers == result.nanoseconds.count + 1 {
            interruption.act()
        }
        result.nanoseconds.append(Int64(DispatchTime.now().uptimeNanoseconds - connections[index].sentAt))
    }

    /// The status once the whole answer is there.
    private func status(of connection: Connection) -> Int? {
        connection.answer.withUnsafeBytes { answer -> Int? in
            let bytes = UnsafeRawBufferPointer(rebasing: answer[..<connection.count])
            guard let head = Self.end(of: "\r\n\r\n", in: bytes[...]),
                let length = Self.end(of: "ontent-Length: ", in: bytes[..<head])
            else { return nil }
            guard bytes.count >= head + Self.number(bytes[length...].prefix { (48...57).contains($0) }) else {
                return nil
            }
            return Self.number(bytes[9..<12])
        }
    }

    private static func number(_ digits: Slice<UnsafeRawBufferPointer>) -> Int {
        digits.reduce(0) { $0 * 10 + Int($1) - 48 }
    }

    private static func end(of text: StaticString, in bytes: Slice<UnsafeRawBufferPointer>) -> Int? {
        let count = text.utf8CodeUnitCount
        guard bytes.count >= count else { return nil }
        for start in bytes.startIndex...(bytes.endIndex - count) {
            var length = 0
            while length < count, bytes[start + length] == text.utf8Start[length] { length += 1 }
            if length == count { return start + count }
        }
        return nil
    }
}
