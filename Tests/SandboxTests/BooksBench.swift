import Foundation
import Sandbox
import Testing

/// Two sets of books that agree, written by hand (`BooksRows`), in every state that a document can be in.
struct BooksBench {
    static let tenant = "t1"
    var visma: [SandboxJSON]
    var stripe: [SandboxJSON]
    var pairs: [BookPair]
    var apart: [BookApart] = []

    init() throws {
        visma = try SandboxJSON.parseLines(BooksRows.visma.joined(separator: "\n"))
        stripe = try SandboxJSON.parseLines(BooksRows.stripe.joined(separator: "\n"))
        var pair = BookPair(
            vismaTenant: Self.tenant, stripeAccount: "acct_1", startDate: "2026-01-01", timeZone: "Europe/Oslo")
        pair.postsFees = true
        pair.postsDisputes = true
        pair.postsPayouts = true
        for currency in ["NOK", "SEK", "EUR", "JPY", "KWD"] { pair.cashAccounts[currency] = ["1921"] }
        pair.bankAccounts = ["NOK": "1920"]
        pairs = [pair]
    }

    // MARK: Altering

    static func isRow(_ row: SandboxJSON, _ id: String) -> Bool {
        row["id"]?.stringValue == id || row["number"]?.stringValue == id && row["visma_tenant"] != nil
    }

    /// Puts `change`'s rows in the place of the row with that id or Visma number, on whichever side it stands.
    mutating func alter(_ id: String, _ change: (SandboxJSON) -> [SandboxJSON]) {
        visma = visma.flatMap { Self.isRow($0, id) ? change($0) : [$0] }
        stripe = stripe.flatMap { Self.isRow($0, id) ? change($0) : [$0] }
    }

    // MARK: Computing

    var report: DriftReport { Drift.compute(visma: visma, stripe: stripe, pairs: pairs, apart: apart) }

    static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("ops/drift.py")

    /// Runs the Python script on written files; its exit status and its lines.
    func python(_ name: String) throws -> (status: Int32, lines: [Substring]) {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "books-\(ProcessInfo.processInfo.processIdentifier)-\(name.replacing(" ", with: "_"))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (file, rows) in [
            ("visma", visma), ("stripe", stripe), ("pairs", pairs.map(\.json)), ("apart", apart.map(\.json)),
        ] {
            try Books.lines(rows).write(
                to: folder.appendingPathComponent(file + ".jsonl"), atomically: true, encoding: .utf8)
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-B", Self.script.path, folder.path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self).split(separator: "\n"))
    }
}
