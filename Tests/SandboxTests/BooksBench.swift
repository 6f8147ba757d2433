import Foundation
import Sandbox
import Testing

/// Two sets of books that agree, written by hand: paid, open, partly settled, failed and disputed, refunded, paid
/// twice by one intent over two invoices, in currencies of two, none and three decimals.
struct BooksBench {
    static let tenant = "t1"
    var visma: [SandboxJSON]
    var stripe: [SandboxJSON]
    var pairs = [
        BookPair(vismaTenant: tenant, stripeAccount: "acct_1", startDate: "2026-01-01", timeZone: "Europe/Oslo")
    ]
    var apart: [BookApart] = []

    init() throws {
        visma = try SandboxJSON.parseLines(Self.vismaLines)
        stripe = try SandboxJSON.parseLines(Self.stripeLines)
    }

    private static func document(
        _ number: String, _ currency: String, _ total: String, _ balance: String, note: String = "null",
        date: String = "2026-11-01", attachment: String = ""
    ) -> String {
        let status = balance.contains { ("1"..."9").contains($0) } ? "Open" : "Closed"
        return """
            {"kind":"document","visma_tenant":"t1","company":"1","type":"Invoice","number":"\(number)",\
            "status":"\(status)","released":true,"currency":"\(currency)","total":"\(total)",\
            "balance":"\(balance)","date":"\(date)","customer":"10001","customer_email":"a@b.example",\
            "note":\(note),"attachments":[\(attachment)],"applications":[]}
            """
    }

    private static func payment(
        _ number: String, _ reference: String, _ currency: String, _ amount: String, to invoice: String,
        applied: String? = nil, type: String = "Payment", status: String = "Closed"
    ) -> String {
        let target = type == "Refund" ? "CreditNote" : "Invoice"
        return """
            {"kind":"payment","visma_tenant":"t1","type":"\(type)","number":"\(number)","status":"\(status)",\
            "reference":"\(reference)","currency":"\(currency)","amount":"\(amount)","cash_account":"1921",\
            "date":"2026-11-02","text":null,"applications":[{"type":"\(target)","number":"\(invoice)",\
            "amount":"\(applied ?? amount)"}],"by_connector":\(reference.hasPrefix("pi_"))}
            """
    }

    private static let vismaLines = [
        document("000101", "NOK", "1250.00", "0.00"), document("000102", "NOK", "500.00", "500.00"),
        document("000103", "JPY", "1200", "0"), document("000104", "KWD", "1.250", "0.000"),
        document(
            "000105", "NOK", "900.00", "600.00", note: #""failed ch_f card_declined 600.00 NOK\nsecond line""#),
        document(
            "000106", "SEK", "80.00", "0.00",
            attachment: #"{"name":"stripe.txt","text":"dispute dp_1 fraudulent 80.00 SEK until 2026-12-01"}"#),
        document("000107", "EUR", "10.00", "0.00"), document("000108", "EUR", "20.00", "0.00"),
        document("000109", "NOK", "75.00", "75.00", date: "2025-12-31"),
        payment("200001", "pi_101", "NOK", "1250.00", to: "000101"),
        payment("200002", "pi_103", "JPY", "1200", to: "000103"),
        payment("200003", "pi_104", "KWD", "1.250", to: "000104"),
        payment("200004", "BANK", "NOK", "300.00", to: "000105"),
        payment("200005", "pi_106", "SEK", "85.00", to: "000106", applied: "80.00", status: "Open"),
        payment("200006", "pi_107", "EUR", "10.00", to: "000107"),
        payment("200007", "pi_107", "EUR", "20.00", to: "000108"),
        payment("200008", "re_1", "SEK", "5.00", to: "700001", type: "Refund"),
    ].joined(separator: "\n")

    private static func invoice(
        _ id: String, _ document: String, _ currency: String, due: Int, paid: Int, status: String
    ) -> String {
        """
        {"kind":"invoice","account":"acct_1","id":"\(id)","status":"\(status)","currency":"\(currency)",\
        "total":\(due),"amount_due":\(due),"amount_paid":\(paid),"amount_remaining":\(max(0, due - paid)),\
        "number":"\(document)","metadata":{"mlc_document":"Invoice:\(document)","mlc_company":"t1","mlc_tenant":"x"}}
        """
    }

    private static func paid(_ id: String, _ invoice: String, _ intent: String, _ amount: Int, _ currency: String)
        -> String
    {
        """
        {"kind":"invoice_payment","account":"acct_1","id":"\(id)","invoice":"\(invoice)","status":"paid",\
        "amount_paid":\(amount),"currency":"\(currency)","payment_intent":"\(intent)"}
        """
    }

    private static func charge(
        _ id: String, _ intent: String, _ amount: Int, _ currency: String, status: String = "succeeded"
    ) -> String {
        """
        {"kind":"charge","account":"acct_1","id":"\(id)","payment_intent":"\(intent)","status":"\(status)",\
        "amount":\(amount),"currency":"\(currency)","failure_code":null,"created":1793606400}
        """
    }

    private static let stripeLines = [
        invoice("in_1", "000101", "nok", due: 125_000, paid: 125_000, status: "paid"),
        invoice("in_2", "000102", "nok", due: 50_000, paid: 0, status: "open"),
        invoice("in_3", "000103", "jpy", due: 1200, paid: 1200, status: "paid"),
        invoice("in_4", "000104", "kwd", due: 1250, paid: 1250, status: "paid"),
        invoice("in_5", "000105", "nok", due: 60_000, paid: 0, status: "open"),
        invoice("in_6", "000106", "sek", due: 8000, paid: 8500, status: "paid"),
        invoice("in_7", "000107", "eur", due: 1000, paid: 1000, status: "paid"),
        invoice("in_8", "000108", "eur", due: 2000, paid: 2000, status: "paid"),
        invoice("in_9", "000102", "nok", due: 50_000, paid: 0, status: "void"),
        paid("inpay_1", "in_1", "pi_101", 125_000, "nok"), paid("inpay_3", "in_3", "pi_103", 1200, "jpy"),
        paid("inpay_4", "in_4", "pi_104", 1250, "kwd"), paid("inpay_6", "in_6", "pi_106", 8500, "sek"),
        paid("inpay_7", "in_7", "pi_107", 1000, "eur"), paid("inpay_8", "in_8", "pi_107", 2000, "eur"),
        """
        {"kind":"invoice_payment","account":"acct_1","id":"inpay_5","invoice":"in_5","status":"open","amount_paid":0,\
        "currency":"nok","payment_intent":"pi_105"}
        """,
        charge("ch_1", "pi_101", 125_000, "nok"), charge("ch_3", "pi_103", 1200, "jpy"),
        charge("ch_4", "pi_104", 1250, "kwd"), charge("ch_6", "pi_106", 8500, "sek"),
        charge("ch_7", "pi_107", 3000, "eur"), charge("ch_f", "pi_105", 60_000, "nok", status: "failed"),
        """
        {"kind":"dispute","account":"acct_1","id":"dp_1","charge":"ch_6","payment_intent":null,"amount":8000,\
        "currency":"sek","reason":"fraudulent","status":"needs_response","evidence_due_by":1795000000}
        """,
        """
        {"kind":"refund","account":"acct_1","id":"re_1","charge":"ch_6","payment_intent":"pi_106","amount":500,\
        "currency":"sek","status":"succeeded"}
        """,
    ].joined(separator: "\n")

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
