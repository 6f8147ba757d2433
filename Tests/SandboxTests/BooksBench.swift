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
        pair.exchangeAccount = "8060"
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

    /// Changes one member of one row, or drops or doubles the row; answers what it did.
    mutating func alter(at random: inout SandboxRandom) -> String {
        let isVisma = random.next().isMultiple(of: 2)
        var rows = isVisma ? visma : stripe
        let place = Int(random.next() % UInt64(rows.count))
        let row = rows[place]
        let members = (row.members ?? []).filter { !["kind", "visma_tenant", "account"].contains($0.0) }
        let (member, value) = members[Int(random.next() % UInt64(members.count))]
        let what: String
        switch random.next() % 10 {
        case 0:
            rows.remove(at: place)
            what = "dropped"
        case 1:
            rows.insert(row.setting(isVisma ? "number" : "id", to: .string("999999")), at: place)
            what = "doubled"
        default:
            // What another row has there is as plausible as can be.
            let others = rows.filter { $0["kind"] == row["kind"] }.compactMap { $0[member] }
            let other = others[Int(random.next() % UInt64(others.count))]
            let changed =
                if let number = value.intValue {
                    SandboxJSON.integer(number + Int64(random.next() % 5) * 100 - 200)
                } else {
                    value.boolValue.map { .bool(!$0) } ?? other
                }
            rows[place] = row.setting(member, to: changed)
            what = "\(member) = \(changed.serialised)"
        }
        if isVisma { visma = rows } else { stripe = rows }
        return "\(row.serialised): \(what)"
    }

    // MARK: Computing

    var report: DriftReport { Drift.compute(visma: visma, stripe: stripe, pairs: pairs, apart: apart) }

    static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("ops/drift.py")

    /// Runs the Python script on written files; its exit status and its lines.
    func python(_ name: String) throws -> (status: Int32, lines: [Substring]) {
        let folder = Self.folder(name)
        defer { try? FileManager.default.removeItem(at: folder) }
        try write(to: folder)
        return try Self.run([Self.script.path, folder.path])
    }

    /// The script's verdict on each of many books, by one process: exit status and last line.
    static func verdicts(_ name: String, on books: [BooksBench]) throws -> [Substring] {
        let root = folder(name)
        defer { try? FileManager.default.removeItem(at: root) }
        let folders = books.indices.map { root.appendingPathComponent(String($0)) }
        for (books, folder) in zip(books, folders) { try books.write(to: folder) }
        let driver = """
            import contextlib, io, sys
            sys.path.insert(0, sys.argv[1])
            import drift
            for folder in sys.argv[2:]:
                said = io.StringIO()
                with contextlib.redirect_stdout(said):
                    status = drift.main([folder])
                print(status, said.getvalue().splitlines()[-1])
            """
        let ops = script.deletingLastPathComponent().path
        return try run(["-c", driver, ops] + folders.map(\.path)).lines
    }

    private static func folder(_ name: String) -> URL {
        FileManager.default.temporaryDirectory.appendingPathComponent(
            "books-\(ProcessInfo.processInfo.processIdentifier)-\(name.replacing(" ", with: "_"))")
    }

    private func write(to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (file, rows) in [
            ("visma", visma), ("stripe", stripe), ("pairs", pairs.map(\.json)), ("apart", apart.map(\.json)),
        ] {
            try Books.lines(rows).write(
                to: folder.appendingPathComponent(file + ".jsonl"), atomically: true, encoding: .utf8)
        }
    }

    private static func run(_ words: [String]) throws -> (status: Int32, lines: [Substring]) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-B"] + words
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self).split(separator: "\n"))
    }
}
