import ArgumentParser
import Domain
import Foundation
import Sandbox
import Tenants

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Shows the main job on this machine, against a simulated Visma.net and Stripe.",
        discussion: """
            Two companies are added, pinged and polled; their open invoices are pushed to Stripe; customers pay, in \
            part, too much or one sum for two; a card fails; bookkeepers book bank payments, credits and a write-off; \
            money is refunded and disputed; a refund fails; Stripe takes its fees and pays out. Everything comes to \
            the other side. Then both simulators' own books are compared: the exit status is 0 only when they agree \
            and the audit chain is whole.

            Example: ml-connector demo --books ./books && python3 ops/drift.py ./books
            """)

    @Option(name: .long, help: "Write both simulators' books to this directory, as JSON Lines for ops/drift.py.")
    var books: String?

    @Option(name: .long, help: "Seed of the simulators: the same seed gives the same ids.")
    var seed: UInt64 = 1

    @Option(
        name: .long, help: "Keep database and key in this directory, which must be empty; else they are thrown away.")
    var state: String?

    @Option(name: .long, help: "What keeps the rows: \(DemoEngine.allCases.map(\.rawValue).joined(separator: ", ")).")
    var engine = DemoEngine.sqlite

    @Option(name: .long, help: "trace, debug, info, notice, warning, error or critical, on standard error.")
    var logLevel = "error"

    @OptionGroup var format: OutputOptions

    func validate() throws {
        guard engine == .sqlite || state == nil else {
            throw ValidationError("--state keeps a SQLite file; the demo's PostgreSQL server ends with the demo")
        }
    }

    func run() async throws {
        let begin = ContinuousClock.now
        let directory = try stateDirectory()
        defer { if state == nil { try? FileManager.default.removeItem(atPath: directory) } }
        let companies = try DemoCompanies(seed: seed, manifests: TenantFiles.demo)
        let progress = DemoProgress()
        let report = try await engine.whileServing(in: directory) { database in
            try await DemoStage.run(
                companies: companies, directory: directory, database: database, seed: seed, progress: progress,
                logLevel: logLevel
            ) { stage in
                try await DemoPlay(stage: stage, progress: progress).run()
                let books = try await DemoBooks(stage)
                let seconds = (ContinuousClock.now - begin).components.seconds
                return try await DemoReport(stage, books: books, seconds: seconds)
            }
        }
        if let books { try report.books.write(to: books) }
        report.show(format.output)
        guard report.isGood else {
            throw Failure(
                .failed, "the books disagree in \(report.books.report.drift) places, or the audit chain is broken")
        }
    }

    private func stateDirectory() throws -> String {
        let path = state ?? NSTemporaryDirectory() + "ml-connector-demo-" + SystemSource.makeID()
        let manager = FileManager.default
        if let held = try? manager.contentsOfDirectory(atPath: path), !held.isEmpty {
            throw Failure(.usage, "--state \(path) is not empty: name a new directory")
        }
        try manager.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        return path
    }
}
