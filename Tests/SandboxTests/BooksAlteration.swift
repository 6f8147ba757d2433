import Sandbox

/// One change of one row, told by the row's id (Stripe) or number (Visma).
struct BooksAlteration: Sendable {
    let name: String
    let row: String
    let change: @Sendable (SandboxJSON) -> [SandboxJSON]

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
            ("cash_discount", .string("0")), ("write_off", .string("0")),
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
