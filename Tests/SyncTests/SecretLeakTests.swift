import Domain
import Foundation
import LibCrypto
import Outbound
import Sandbox
import Simulation
import Storage
import Sync
import Synchronization
import Testing

@Suite("Secrets stay where they belong")
struct SecretLeakTests {
    /// Everything secret that passed through the network: tokens and endpoint secrets, which no test could name before.
    private final class Learned: Sendable {
        private let kept = Mutex<Set<String>>([])
        var all: Set<String> { kept.withLock { $0 } }

        func note(_ response: OutboundResponse) {
            guard let json = try? SandboxJSON.parse(response.body) else { return }
            for name in ["access_token", "secret"] {
                if let text = json[name]?.stringValue { kept.withLock { _ = $0.insert(text) } }
            }
        }
    }

    @Test("None of them is in a log line, an error, a review or any byte of the database's files")
    func nowhere() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "leak-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "connector.sqlite").path
        let database = try SQLiteDatabase(.inline(path: path))
        let recorder = Recorder()
        let world = try await World(seed: 12, database: database, log: recorder.logger())
        let learned = Learned()
        world.transport.observe { _, response in learned.note(response) }
        var errors = try await course(world)
        for company in world.companies {
            let events = try await world.events(in: company)
            errors += events.compactMap(\.reason)
            errors += try await world.openReviews(in: company).map(\.found)
        }
        let secrets =
            learned.all.union(world.companies.flatMap { [$0.stripeKey, $0.vismaSecret] })
            .union(["sk_test_revoked_0123456789abcdef", "another-client-secret"])
        // Two endpoint secrets, and a token or more of each company.
        #expect(learned.all.count >= 4)
        #expect(recorder.lines.count > 2)
        expectNone(of: secrets, in: recorder.lines, "the log")
        expectNone(of: secrets, in: errors, "an error")
        try database.shutDown()
        try expectNone(of: secrets, inFilesOf: folder)
    }

    /// Pushes, payments, losses, kills, refused credentials: whatever makes words. Answers the errors seen.
    private func course(_ world: World) async throws -> [String] {
        var errors: [String] = []
        let document = try world.addInvoice()
        let lost = AimedFault(.lostAnswer, on: Step.createInvoice)
        world.transport.aim { lost.strike($0) }
        try await world.quiet()
        try world.stripe.failCard(invoice: world.live(document).id)
        let made = try world.stripe.pay(invoice: world.live(document).id)
        try world.stripe.dispute(charge: made.charge)
        world.chaos.crashOnce(at: .effectAnswered(Step.createPayment))
        try await world.quiet()
        // Left uncertain, so that a sealed request stays in the journal.
        _ = try world.addInvoice()
        world.transport.aim { $0.step == Step.createInvoice ? .lostAnswer : nil }
        try await world.turn(world.nord.tenant)
        world.clock.advance(bySeconds: 301)
        errors += [try await world.turn(world.nord.tenant)?.stopped].compactMap { $0 }
        world.transport.aim(nil)
        let admin = try world.admin()
        for key in ["sk_live_not_a_real_key_1", "sk_test_revoked_0123456789abcdef"] {
            do {
                errors.append(try await admin.setCredential(.stripeKey, Secret(key), of: world.nord.tenant))
            } catch { errors.append("\(error)") }
        }
        _ = try await admin.setCredential(.vismaClientSecret, Secret("another-client-secret"), of: world.kyst.tenant)
        for company in world.companies {
            world.clock.advance(bySeconds: 301)
            errors += [try await world.turn(company.tenant)?.stopped].compactMap { $0 }
            let steps = try await Ping(environment: world.environment()).run(company.tenant)
            errors += steps.flatMap { [$0.seen, $0.remedy ?? ""] }
        }
        #expect(errors.count > 4)
        return errors
    }

    private func expectNone(of secrets: Set<String>, in texts: [String], _ place: String) {
        for text in texts {
            let found = secrets.contains { text.contains($0) }
            #expect(!found, "a secret in \(place)")
        }
    }

    private func expectNone(of secrets: Set<String>, inFilesOf folder: URL) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(!names.isEmpty)
        for name in names {
            let bytes = try Data(contentsOf: folder.appending(path: name))
            for secret in secrets {
                #expect(bytes.range(of: Data(secret.utf8)) == nil, "a secret in \(name)")
                #expect(
                    bytes.range(of: Data(Data(secret.utf8).base64EncodedString().utf8)) == nil,
                    "a secret in base64 in \(name)")
            }
            // The check can fail: what is no secret stands there in the clear.
            if name == "connector.sqlite" { #expect(bytes.range(of: Data("acct_nord".utf8)) != nil) }
        }
    }

    @Test("The write-ahead log of a database in use holds none of them either")
    func writeAheadLog() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "wal-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let database = try SQLiteDatabase(.inline(path: folder.appending(path: "connector.sqlite").path))
        let world = try await World(seed: 13, database: database)
        let learned = Learned()
        world.transport.observe { _, response in learned.note(response) }
        _ = try world.addInvoice()
        try await world.turn(world.nord.tenant)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.contains("connector.sqlite-wal"))
        #expect(!learned.all.isEmpty)
        let secrets = learned.all.union(world.companies.flatMap { [$0.stripeKey, $0.vismaSecret] })
        for name in names {
            let bytes = try Data(contentsOf: folder.appending(path: name))
            for secret in secrets { #expect(bytes.range(of: Data(secret.utf8)) == nil, "a secret in \(name)") }
        }
    }
}
