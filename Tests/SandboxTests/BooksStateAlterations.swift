import Sandbox

/// One change for each rule about a state of money: what settled a document without Stripe, what went back, what Stripe
/// kept and paid out.
extension BooksAlteration {
    private static func drop(_ row: String) -> BooksAlteration { BooksAlteration(name: "drop", row: row) { _ in [] } }

    private static func again(_ row: String, as other: String) -> BooksAlteration {
        let member = row.contains("_") ? "id" : "number"
        return BooksAlteration(name: "double", row: row) { [$0, $0.setting(member, to: .string(other))] }
    }

    /// The same row of the document's own kind, and not of the one that voids it.
    private static func status(_ row: String, type: String, _ status: String) -> BooksAlteration {
        BooksAlteration(name: "\(type) \(status)", row: row) { json in
            [json["type"]?.stringValue == type ? json.setting("status", to: .string(status)) : json]
        }
    }

    private static func uses(
        _ name: String, _ row: String, _ number: String, _ amount: String, type: String = "Invoice"
    ) -> BooksAlteration {
        let use = try? SandboxJSON.parse(BooksRows.use(number, amount, type: type).utf8)
        return set(name, row, "applications", .array(use.map { [$0] } ?? []))
    }

    private static func lines(_ accounts: [String: (String, String)]) -> SandboxJSON {
        let rows = accounts.sorted { $0.key < $1.key }.compactMap { account, sides in
            try? SandboxJSON.parse(BooksRows.journalLine(account, "Stripe", sides.0, sides.1).utf8)
        }
        return .array(rows)
    }

    private static func metadata(_ document: String) -> SandboxJSON {
        .object([("mlc_document", .string(document)), ("mlc_company", .string("t1"))])
    }

    static let settlements: [BooksAlteration] = [
        add(1, "in_12", "amount_paid_off_stripe"),
        set("as if Stripe's", "in_12", "amount_paid_off_stripe", .integer(0)),
        set("still open", "in_12", "status", .string("open")), drop("200012"),
        status("200012", type: "Payment", "Voided"),
        set("Stripe's reference", "200012", "reference", .string("pi_900")), drop("pr_13"), drop("inpay_13"),
        add(1, "pr_13", "amount_guaranteed"), add(1, "in_13", "amount_paid_off_stripe"),
        set("of nothing", "pr_13", "reference", .string("Payment:299999")),
        set("of another", "pr_13", "metadata", metadata("Invoice:000102")),
        set("elsewhere", "inpay_13", "invoice", .string("in_2")), drop("cn_16"), add(1, "cn_16", "pre_payment_amount"),
        add(1, "cn_16", "post_payment_amount"), set("void", "cn_16", "status", .string("void")),
        set("of another", "cn_16", "metadata", metadata("Invoice:000102")), add(1, "in_16", "pre_payment_credit"),
        set("unused", "700016", "applications", .array([])), uses("less", "700016", "000116", "49.99"),
        again("700001", as: "700099"), set("another total", "700001", "total", .string("5.01")),
        set("revived", "in_17", "status", .string("open")), drop("900017"),
        status("900017", type: "SmallBalanceWo", "Voided"), drop("900018"),
        set("not given up", "in_18", "status", .string("open")),
        set("no discount", "200019", "applications", .array([])), uses("money only", "200019", "000119", "20.00"),
        add(2501, "in_19", "total"), add(2501, "in_19", "amount_due"), add(-100, "in_19", "starting_balance"),
        add(1, "in_6", "amount_overpaid"), add(1, "inpay_6", "amount_overpaid"), add(-1, "inpay_12", "amount_paid"),
        status("200021", type: "Payment", "Voided"), again("200021", as: "299999"),
    ]

    static let returns: [BooksAlteration] = [
        status("200010", type: "Payment", "Closed"), set("failed", "re_10", "status", .string("failed")),
        add(-1, "re_10", "amount"), drop("re_10"), set("settled", "000110", "balance", .string("0.00")),
        set("no longer lost", "dp_15", "status", .string("won")), add(-1, "dp_15", "amount"),
        status("200015", type: "Payment", "Closed"), status("200014", type: "Payment", "Voided"),
        status("200020", type: "Refund", "Closed"), set("succeeded", "re_20", "status", .string("succeeded")),
        set("failed", "re_1", "status", .string("failed")), again("200008", as: "299998"),
        set("other account", "200008", "cash_account", .string("1900")), drop("200023"),
        set("other account", "200023", "cash_account", .string("1900")),
        set("other customer", "200023", "customer", .string("10002")), add(1, "re_23", "amount"),
        set("another account", "200001", "cash_account", .string("1900")), drop("400021"),
        again("400021", as: "499999"),
        set("up", "400021", "amount", .string("40.01")), set("unreleased", "400021", "released", .bool(false)),
        set("in", "400021", "direction", .string("receipt")), set("won", "dp_21", "status", .string("won")),
        set("of no dispute", "400021", "reference", .string("dp_99")),
        set("booked", "400014", "reference", .string("dp_14")),
        set("stale", "000114", "note", .string("dp_14 of 60.00 NOK: fraudulent, needs_response")),
        set("stale", "000120", "note", .string("re_20 of 45.00 NOK: succeeded")), set("gone", "000123", "note", .null),
        set("made up", "000121", "note", .string("dp_21 of 40.00 NOK: lost, as re_99")),
    ]

    static let balance: [BooksAlteration] = [
        set("no fee", "200001", "charges", .array([])), add(1, "txn_1", "fee"), drop("txn_1"),
        set("other currency", "txn_1", "currency", .string("sek")), drop("400007"), again("400007", as: "499998"),
        set("up", "400007", "amount", .string("0.43")), set("unreleased", "400007", "released", .bool(false)),
        set("of no movement", "400007", "reference", .string("txn_0")), add(-1, "txn_14d", "fee"), drop("400014"),
        add(1, "txn_99", "net"), drop("400099"), set("early", "400099", "reference", .string("txn_98")),
        set("left", "txn_98", "payout", .string("po_1")), drop("500001"), again("500001", as: "599999"),
        set("up", "500001", "amount", .string("1000.01")), set("unposted", "500001", "released", .bool(false)),
        set("other currency", "500001", "currency", .string("SEK")), set("no bank", "500001", "lines", .array([])),
        set("failed", "po_1", "status", .string("failed")), set("arrived", "po_2", "status", .string("paid")),
        drop("po_1"), add(1, "po_1", "amount"), set("of another", "500001", "text", .string("po_3")),
        drop("500005"), again("500005", as: "599998"), drop("500004"), again("500006", as: "599997"),
        set("all from clearing", "500004", "lines", lines(["1920": ("1000.00", "0.00"), "1921": ("0.00", "1000.00")])),
        set("less", "500005", "lines", lines(["8060": ("79.99", "0.00"), "1923": ("0.00", "79.99")])),
        set("turned", "500005", "lines", lines(["8060": ("0.00", "80.00"), "1923": ("80.00", "0.00")])),
        set("unposted", "500006", "released", .bool(false)), add(1, "txn_6", "amount"), drop("txn_6r"),
        set("not in it", "txn_6", "payout", .string("po_2")), add(1, "txn_4", "amount"), drop("txn_3f"),
        set("not exchanged", "txn_4", "currency", .string("kwd")),
        add(1, "cus_1", "balance"), drop("cus_1"), set("other currency", "cus_1", "currency", .string("nok")),
    ]
}
