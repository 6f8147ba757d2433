import Sandbox
import Testing

/// One change of one row, told by the row's id (Stripe) or number (Visma).
struct BooksAlteration: CustomTestStringConvertible, Sendable {
    let name: String
    let row: String
    let change: @Sendable (SandboxJSON) -> [SandboxJSON]
    var testDescription: String { "\(name) \(row)" }

    static func set(_ name: String, _ row: String, _ member: String, _ value: SandboxJSON) -> BooksAlteration {
        BooksAlteration(name: name, row: row) { [$0.setting(member, to: value)] }
    }

    static func add(_ amount: Int64, _ row: String, _ member: String) -> BooksAlteration {
        BooksAlteration(name: "\(member) by \(amount)", row: row) { json in
            [json.setting(member, to: .integer((json[member]?.intValue ?? 0) + amount))]
        }
    }

    static func applied(_ name: String, _ row: String, _ number: String, _ amount: String) -> BooksAlteration {
        let use = SandboxJSON.object([
            ("type", .string("Invoice")), ("number", .string(number)), ("amount", .string(amount)),
        ])
        return set(name, row, "applications", .array([use]))
    }

    /// Rows of the agreeing books that nobody may miss, and how a second one would be told apart.
    private static let rows = [
        ("000101", "number"), ("000102", "number"), ("000103", "number"), ("000105", "number"), ("200001", "number"),
        ("200002", "number"), ("200005", "number"), ("200007", "number"), ("200008", "number"), ("in_1", "id"),
        ("in_2", "id"), ("in_4", "id"), ("in_8", "id"), ("inpay_1", "id"), ("inpay_4", "id"), ("inpay_8", "id"),
        ("ch_1", "id"), ("ch_7", "id"),
    ]

    static let dropped = (rows + [("200004", ""), ("ch_f", ""), ("dp_1", ""), ("re_1", "")]).map { row, _ in
        BooksAlteration(name: "drop", row: row) { _ in [] }
    }

    /// A document, a payment, an invoice or a movement once more under another id.
    static let doubled = rows.filter { !["000101", "000103", "ch_1", "ch_7"].contains($0.0) }.map { row, member in
        BooksAlteration(name: "double", row: row) { [$0, $0.setting(member, to: .string("999999"))] }
    }

    /// The very same line once more.
    static let repeated = (rows + [("dp_1", ""), ("re_1", ""), ("ch_f", ""), ("inpay_5", "")]).map { row, _ in
        BooksAlteration(name: "repeat", row: row) { [$0, $0] }
    }

    static let amounts: [BooksAlteration] = [
        set("up", "000102", "balance", .string("500.01")), set("down", "000102", "balance", .string("499.99")),
        set("up", "000103", "balance", .string("1")), set("up", "000104", "balance", .string("0.001")),
        set("up", "000101", "total", .string("1250.01")), set("down", "000105", "balance", .string("599.99")),
        set("up", "200001", "amount", .string("1250.01")), set("down", "200001", "amount", .string("1249.99")),
        set("up", "200002", "amount", .string("1201")), set("down", "200003", "amount", .string("1.249")),
        set("up", "200005", "amount", .string("85.01")), set("up", "200008", "amount", .string("5.01")),
        applied("less", "200001", "000101", "1249.99"), applied("more", "200005", "000106", "80.01"),
        add(1, "in_2", "amount_remaining"), add(-1, "in_2", "amount_remaining"), add(1, "in_1", "amount_remaining"),
        add(1, "in_2", "amount_due"), add(1, "in_1", "amount_paid"), add(1, "in_3", "amount_remaining"),
        add(10, "in_4", "amount_remaining"), add(1, "inpay_1", "amount_paid"), add(-1, "inpay_1", "amount_paid"),
        add(1, "inpay_3", "amount_paid"), add(-10, "inpay_4", "amount_paid"), add(-1, "ch_1", "amount"),
        add(1, "dp_1", "amount"), add(-1, "re_1", "amount"), add(1, "ch_f", "amount"),
    ]

    static let currencies: [BooksAlteration] =
        ["000101", "000102", "200001", "200005", "200008"].map { set("currency", $0, "currency", .string("DKK")) }
        + ["in_1", "in_2", "inpay_1", "inpay_8", "ch_1", "ch_f", "dp_1", "re_1"].map {
            set("currency", $0, "currency", .string("dkk"))
        }

    private static func metadata(_ document: String, company: String = "t1") -> SandboxJSON {
        .object([("mlc_document", .string(document)), ("mlc_company", .string(company))])
    }

    static let wrongInvoices: [BooksAlteration] = [
        applied("to another", "200001", "000102", "500.00"), applied("to another", "200006", "000108", "10.00"),
        set("reference", "200001", "reference", .string("pi_103")),
        set("renumbered", "000102", "number", .string("000199")),
        set("document", "in_1", "metadata", metadata("Invoice:000102")),
        set("document", "in_2", "metadata", metadata("Invoice:000101")),
        set("no document", "in_2", "metadata", .object([])),
        set("company", "in_2", "metadata", metadata("Invoice:000102", company: "t2")),
        set("too old", "in_2", "metadata", metadata("Invoice:000109")),
        set("invoice", "inpay_1", "invoice", .string("in_2")), set("invoice", "inpay_8", "invoice", .string("in_7")),
        set("intent", "inpay_1", "payment_intent", .string("pi_103")),
        set("intent", "ch_f", "payment_intent", .string("pi_101")), set("charge", "dp_1", "charge", .string("ch_1")),
    ]

    static let unfinished: [BooksAlteration] =
        ["200001", "200002", "200005", "200006", "200008"].map { set("balanced", $0, "status", .string("Balanced")) }
        + [
            set("on hold", "200001", "status", .string("Hold")), set("voided", "200001", "status", .string("Voided")),
            set("unreleased", "000101", "released", .bool(false)),
            set("unreleased", "000102", "released", .bool(false)),
            set("draft", "in_1", "status", .string("draft")), set("draft", "in_2", "status", .string("draft")),
            set("void", "in_2", "status", .string("void")),
            set("uncollectible", "in_2", "status", .string("uncollectible")),
            set("open", "inpay_1", "status", .string("open")), set("pending", "ch_1", "status", .string("pending")),
            set("pending", "re_1", "status", .string("pending")),
            set("note gone", "000105", "note", .null), set("file gone", "000106", "attachments", .array([])),
        ]
}

@Suite("Drift between the two simulators' books")
struct BooksDriftTests {
    @Test("books that agree have no drift, in Swift and in Python")
    func agree() throws {
        let books = try BooksBench()
        #expect(books.report.differences == [])
        #expect(books.report.documentsCompared == 9 && books.report.invoicesCompared == 9)
        let python = try books.python("agree")
        #expect(python.status == 0)
        #expect(python.lines.last == "drift 0")
    }

    @Test("rows dropped", arguments: BooksAlteration.dropped) func drop(_ it: BooksAlteration) throws { try see(it) }
    @Test("rows doubled", arguments: BooksAlteration.doubled) func double(_ it: BooksAlteration) throws { try see(it) }
    @Test("rows repeated", arguments: BooksAlteration.repeated)
    func again(_ it: BooksAlteration) throws { try see(it) }
    @Test("one minor unit up or down", arguments: BooksAlteration.amounts)
    func unit(_ it: BooksAlteration) throws { try see(it) }
    @Test("wrong currency", arguments: BooksAlteration.currencies)
    func currency(_ it: BooksAlteration) throws { try see(it) }
    @Test("wrong invoice", arguments: BooksAlteration.wrongInvoices)
    func invoice(_ it: BooksAlteration) throws { try see(it) }
    @Test("unreleased or not finalized", arguments: BooksAlteration.unfinished)
    func unfinished(_ it: BooksAlteration) throws { try see(it) }

    /// Both see drift, and the same amount of it.
    private func see(_ alteration: BooksAlteration) throws {
        var books = try BooksBench()
        books.alter(alteration.row, alteration.change)
        let drift = books.report.drift
        #expect(drift > 0)
        let python = try books.python(alteration.testDescription)
        #expect(python.status == 1)
        #expect(python.lines.last == "drift \(drift)", "Swift: \(books.report.differences)")
    }

    @Test("a subject listed apart does not count, and is shown with its amount and reason")
    func apart() throws {
        var books = try BooksBench()
        books.alter("in_2") { _ in [] }
        books.apart = [BookApart(vismaTenant: "t1", document: "Invoice:000102", reason: "review: no e-mail")]
        #expect(books.report.drift == 0)
        #expect(books.report.differencesApart.count == 1)
        #expect(books.report.apart.map(\.amount) == ["500.00 NOK"])
        let python = try books.python("apart")
        #expect(python.status == 0)
        #expect(python.lines.contains { $0.contains("500.00 NOK  review: no e-mail") })
        #expect(python.lines.last == "drift 0")
        books.apart = [BookApart(vismaTenant: "t2", document: "Invoice:000102", reason: "another company's")]
        #expect(books.report.drift == 1)
        #expect(try books.python("apart elsewhere").lines.last == "drift 1")
    }

    @Test("books that cannot be read are an error of their own")
    func unreadable() throws {
        var books = try BooksBench()
        books.visma.append(.object([("kind", .string("document"))]))
        #expect(try books.python("unreadable").status == 2)
    }

    @Test("two companies on one account are told apart by the company in the metadata")
    func shared() throws {
        var books = try BooksBench()
        books.pairs.append(
            BookPair(vismaTenant: "t2", stripeAccount: "acct_1", startDate: "2026-01-01", timeZone: "Europe/Oslo"))
        let other = try #require(books.visma.first { BooksBench.isRow($0, "000102") })
        books.visma.append(other.setting("visma_tenant", to: .string("t2")))
        #expect(books.report.drift == 1)
        let invoice = try #require(books.stripe.first { BooksBench.isRow($0, "in_2") })
        let metadata = SandboxJSON.object([
            ("mlc_document", .string("Invoice:000102")), ("mlc_company", .string("t2")),
        ])
        books.stripe.append(
            invoice.setting("id", to: .string("in_22")).setting("metadata", to: metadata))
        #expect(books.report.differences == [])
        #expect(try books.python("shared").lines.last == "drift 0")
    }

    @Test("the simulator's own books agree with a Stripe that was paid")
    func simulated() throws {
        let bench = try VismaBench()
        let invoice = try bench.invoice()
        _ = try bench.release(try bench.pay(invoice, amount: "1250.00", reference: "pi_101"))
        var books = try BooksBench()
        books.visma = bench.simulator.books()
        books.stripe = try SandboxJSON.parseLines(
            """
            {"kind":"invoice","account":"acct_1","id":"in_1","status":"paid","currency":"nok","amount_due":125000,\
            "amount_paid":125000,"amount_remaining":0,"metadata":{"mlc_document":"Invoice:000101"}}
            {"kind":"invoice_payment","account":"acct_1","id":"inpay_1","invoice":"in_1","status":"paid",\
            "amount_paid":125000,"currency":"nok","payment_intent":"pi_101"}
            {"kind":"charge","account":"acct_1","id":"ch_1","payment_intent":"pi_101","status":"succeeded",\
            "amount":125000,"currency":"nok"}
            """)
        books.pairs[0].vismaTenant = VismaBench.tenant
        #expect(books.report.differences == [])
        #expect(try books.python("simulated").lines.last == "drift 0")
        books.stripe.removeLast(2)
        #expect(books.report.drift > 0)
    }
}
