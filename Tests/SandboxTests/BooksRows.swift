/// Books of both sides that agree. The last three digits tell the story: 000110, 2xx110, in_10, inpay_10, pi_110,
/// ch_10, re_10, dp_10 belong together.
enum BooksRows {
    // MARK: Visma

    private static func document(
        _ number: String, _ currency: String, _ total: String, _ balance: String, type: String = "Invoice",
        note: String = "", date: String = "2026-11-01", file: String = "", reference: String = "", uses: String = ""
    ) -> String {
        let status = balance.contains { ("1"..."9").contains($0) } ? "Open" : "Closed"
        let attachment = file.isEmpty ? "" : #"{"name":"stripe.txt","text":"\#(file)"}"#
        return """
            {"kind":"document","visma_tenant":"t1","company":"1","type":"\(type)","number":"\(number)",\
            "status":"\(status)","released":true,"currency":"\(currency)","total":"\(total)",\
            "balance":"\(balance)","date":"\(date)","customer":"10001","customer_email":"a@b.example",\
            "external_reference":"\(reference)","note":"\(note)","attachments":[\(attachment)],\
            "applications":[\(uses)]}
            """
    }

    static func use(
        _ number: String, _ amount: String, type: String = "Invoice", discount: String = "0.00", writeOff: String = "0"
    ) -> String {
        """
        {"type":"\(type)","number":"\(number)","amount":"\(amount)","cash_discount":"\(discount)",\
        "write_off":"\(writeOff)"}
        """
    }

    private static func payment(
        _ number: String, _ reference: String, _ currency: String, _ amount: String, _ uses: String,
        type: String = "Payment", status: String = "Closed", account: String = "1921", fee: String = ""
    ) -> String {
        let charges = fee.isEmpty ? "" : #"{"entry_type":"FEE","account":"7770","amount":"\#(fee)"}"#
        return """
            {"kind":"payment","visma_tenant":"t1","type":"\(type)","number":"\(number)","status":"\(status)",\
            "reference":"\(reference)","currency":"\(currency)","amount":"\(amount)","cash_account":"\(account)",\
            "customer":"10001","date":"2026-11-02","text":null,"charges":[\(charges)],"applications":[\(uses)]}
            """
    }

    private static func entry(_ number: String, _ reference: String, _ currency: String, _ amount: String) -> String {
        """
        {"kind":"cash_transaction","visma_tenant":"t1","type":"CashTransaction","number":"\(number)",\
        "status":"Released","released":true,"reference":"\(reference)","cash_account":"1921","entry_type":"FEE",\
        "direction":"disbursement","currency":"\(currency)","amount":"\(amount)"}
        """
    }

    static func journalLine(_ account: String, _ text: String, _ debit: String, _ credit: String) -> String {
        """
        {"account":"\(account)","reference":null,"text":"\(text)","debit":"\(debit)","credit":"\(credit)"}
        """
    }

    private static func journal(
        _ number: String, _ cause: String, _ currency: String, _ amount: String, _ lines: [(String, String, String)],
        moved: String = ""
    ) -> String {
        let text = "Stripe \(cause)\(moved)"
        let all = lines.map { journalLine($0.0, text, $0.1, $0.2) }.joined(separator: ",")
        return """
            {"kind":"journal","visma_tenant":"t1","type":"Journal","number":"\(number)","status":"Posted",\
            "released":true,"text":"\(cause) \(text)","currency":"\(currency)","amount":"\(amount)","lines":[\(all)]}
            """
    }

    /// The second holds what came as SEK, a part of it given back, and what came as KWD in a payout that failed.
    private static let journals = [
        journal("500001", "po_1", "NOK", "1000.00", [("1920", "1000.00", "0.00"), ("1921", "0.00", "1000.00")]),
        journal(
            "500004", "po_4", "NOK", "1000.00",
            [("1920", "1000.00", "0.00"), ("1921", "0.00", "514.00"), ("8060", "0.00", "486.00")],
            moved: ", of 2026-10-31"),
        journal("500005", "po_4:SEK", "SEK", "80.00", [("8060", "80.00", "0.00"), ("1923", "0.00", "80.00")]),
        journal("500006", "po_4:KWD", "KWD", "1.250", [("8060", "1.250", "0.000"), ("1924", "0.000", "1.250")]),
    ]

    static let visma = documents + payments + returns + journals

    private static let documents = [
        document("000101", "NOK", "1250.00", "0.00"), document("000102", "NOK", "500.00", "500.00"),
        document("000103", "JPY", "1200", "0"), document("000104", "KWD", "1.250", "0.000"),
        document(
            "000105", "NOK", "900.00", "600.00", note: #"failed ch_f card_declined 600.00 NOK\nsecond line"#),
        document(
            "000106", "SEK", "80.00", "0.00",
            file: #"dispute dp_1 fraudulent needs_response 80.00 SEK\nrefund re_1 5.00 SEK succeeded"#),
        document("000107", "EUR", "10.00", "0.00"), document("000108", "EUR", "20.00", "0.00"),
        document("000109", "NOK", "75.00", "75.00", date: "2025-12-31"),
        document("000110", "NOK", "100.00", "100.00", note: "re_10 of 100.00 NOK: succeeded"),
        document("000111", "NOK", "100.00", "0.00"), document("000112", "NOK", "70.00", "0.00"),
        document("000113", "NOK", "90.00", "60.00"),
        document("000114", "NOK", "60.00", "0.00", note: "dp_14 of 60.00 NOK: fraudulent, won"),
        document("000115", "NOK", "55.00", "55.00", note: "dp_15 of 55.00 NOK: fraudulent, lost"),
        document("000116", "NOK", "200.00", "150.00"), document("000117", "NOK", "33.00", "0.00"),
        document("000118", "NOK", "80.00", "0.00"), document("000119", "NOK", "100.00", "0.00"),
        document("000120", "NOK", "45.00", "0.00", note: "re_20 of 45.00 NOK: failed"),
        document("000121", "NOK", "99.00", "0.00", note: "dp_21 of 40.00 NOK: duplicate, lost"),
        document("000123", "NOK", "30.00", "0.00", note: "re_23 of 12.00 NOK: succeeded"),
        document("700001", "SEK", "5.00", "0.00", type: "CreditNote", reference: "re_1"),
        document("700016", "NOK", "50.00", "0.00", type: "CreditNote", uses: use("000116", "50.00")),
        document("700020", "NOK", "45.00", "45.00", type: "CreditNote"),
        document("700023", "NOK", "12.00", "0.00", type: "CreditNote"),
    ]

    private static let payments = [
        payment("200001", "pi_101", "NOK", "1250.00", use("000101", "1250.00"), fee: "17.50"),
        payment("200002", "pi_103", "JPY", "1200", use("000103", "1200")),
        payment("200003", "pi_104", "KWD", "1.250", use("000104", "1.250")),
        payment("200004", "BANK", "NOK", "300.00", use("000105", "300.00"), account: "1900"),
        payment("200005", "pi_106", "SEK", "85.00", use("000106", "80.00"), status: "Open"),
        payment("200006", "pi_107", "EUR", "10.00", use("000107", "10.00")),
        payment("200007", "pi_107", "EUR", "20.00", use("000108", "20.00")),
        payment("200010", "pi_110", "NOK", "100.00", use("000110", "100.00"), status: "Voided"),
        payment("200010", "pi_110", "NOK", "100.00", use("000110", "100.00"), type: "VoidPayment"),
        payment("200011", "pi_111", "NOK", "40.00", use("000111", "40.00")),
        payment("200021", "pi_112", "NOK", "60.00", use("000111", "60.00")),
        payment("200012", "BANK", "NOK", "70.00", use("000112", "70.00"), account: "1900"),
        payment("200013", "BANK", "NOK", "30.00", use("000113", "30.00"), account: "1900"),
        payment("200014", "pi_114", "NOK", "60.00", use("000114", "60.00"), fee: "0.84"),
        payment("200015", "pi_115", "NOK", "55.00", use("000115", "55.00"), status: "Voided"),
        payment("900017", "", "NOK", "33.00", use("000117", "33.00"), type: "SmallBalanceWo", account: ""),
        payment("200018", "pi_118", "NOK", "50.00", use("000118", "50.00")),
        payment("900018", "", "NOK", "30.00", use("000118", "30.00"), type: "SmallBalanceWo", account: ""),
        payment(
            "200019", "BANK", "NOK", "20.00", use("000119", "20.00", discount: "4.00", writeOff: "1.00"),
            account: "1900"),
        payment("200119", "pi_119", "NOK", "75.00", use("000119", "75.00")),
        payment("200120", "pi_120", "NOK", "45.00", use("000120", "45.00")),
        payment("200121", "pi_121", "NOK", "99.00", use("000121", "99.00")),
        payment("200123", "pi_123", "NOK", "30.00", use("000123", "30.00")),
    ]

    private static let returns = [
        payment("200008", "re_1", "SEK", "5.00", use("700001", "5.00", type: "CreditNote"), type: "Refund"),
        payment(
            "200020", "re_20", "NOK", "45.00", use("700020", "45.00", type: "CreditNote"), type: "Refund",
            status: "Voided"),
        payment("200023", "BANK", "NOK", "12.00", use("700023", "12.00", type: "CreditNote"), type: "Refund"),
        entry("400007", "txn_7", "EUR", "0.42"), entry("400014", "txn_14d", "NOK", "15.00"),
        entry("400021", "dp_21", "NOK", "40.00"), entry("400099", "txn_99", "NOK", "25.00"),
    ]

    // MARK: Stripe

    private static func invoice(
        _ id: String, _ document: String, _ currency: String, due: Int, paid: Int, status: String, total: Int? = nil,
        overpaid: Int = 0, off: Int = 0, credited: Int = 0
    ) -> String {
        """
        {"kind":"invoice","account":"acct_1","id":"\(id)","status":"\(status)","currency":"\(currency)",\
        "total":\(total ?? due),"amount_due":\(due),"amount_paid":\(paid),"amount_remaining":\(max(0, due - paid)),\
        "amount_overpaid":\(overpaid),"amount_paid_off_stripe":\(off),"pre_payment_credit":\(credited),\
        "post_payment_credit":0,"starting_balance":0,"customer":"cus_1","number":"\(document)",\
        "metadata":{"mlc_document":"Invoice:\(document)","mlc_company":"t1","mlc_tenant":"x"}}
        """
    }

    private static func paid(
        _ id: String, _ invoice: String, _ intent: String, _ amount: Int, _ currency: String, overpaid: Int = 0
    ) -> String {
        let means = intent.hasPrefix("pr_") ? "payment_record" : "payment_intent"
        return """
            {"kind":"invoice_payment","account":"acct_1","id":"\(id)","invoice":"\(invoice)","status":"paid",\
            "amount_paid":\(amount),"currency":"\(currency)","\(means)":"\(intent)","amount_overpaid":\(overpaid)}
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

    private static func refund(_ id: String, _ charge: String, _ amount: Int, _ currency: String, _ status: String)
        -> String
    {
        """
        {"kind":"refund","account":"acct_1","id":"\(id)","charge":"\(charge)","payment_intent":null,\
        "amount":\(amount),"currency":"\(currency)","status":"\(status)"}
        """
    }

    private static func dispute(_ id: String, _ charge: String, _ amount: Int, _ currency: String, _ status: String)
        -> String
    {
        """
        {"kind":"dispute","account":"acct_1","id":"\(id)","charge":"\(charge)","payment_intent":null,\
        "amount":\(amount),"currency":"\(currency)","reason":"fraudulent","status":"\(status)",\
        "evidence_due_by":1795000000}
        """
    }

    private static func moved(
        _ id: String, _ source: String?, fee: Int, net: Int, _ currency: String = "nok", payout: String = "",
        type: String? = nil
    ) -> String {
        let of = source.map { "\"\($0)\"" } ?? "null"
        return """
            {"kind":"balance_transaction","account":"acct_1","id":"\(id)",\
            "type":"\(type ?? (source == nil ? "stripe_fee" : "charge"))","source":\(of),"amount":\(fee + net),\
            "fee":\(fee),"net":\(net),"currency":"\(currency)","payout":"\(payout)"}
            """
    }

    private static func payout(_ id: String, _ status: String) -> String {
        """
        {"kind":"payout","account":"acct_1","id":"\(id)","amount":100000,"currency":"nok","status":"\(status)"}
        """
    }

    static let stripe = invoices + paidParts + charges + refunds + ledgers

    private static let invoices = [
        invoice("in_1", "000101", "nok", due: 125_000, paid: 125_000, status: "paid"),
        invoice("in_2", "000102", "nok", due: 50_000, paid: 0, status: "open"),
        invoice("in_3", "000103", "jpy", due: 1200, paid: 1200, status: "paid"),
        invoice("in_4", "000104", "kwd", due: 1250, paid: 1250, status: "paid"),
        invoice("in_5", "000105", "nok", due: 60_000, paid: 0, status: "open"),
        invoice("in_6", "000106", "sek", due: 8000, paid: 8000, status: "paid", overpaid: 500),
        invoice("in_7", "000107", "eur", due: 1000, paid: 1000, status: "paid"),
        invoice("in_8", "000108", "eur", due: 2000, paid: 2000, status: "paid"),
        invoice("in_9", "000102", "nok", due: 50_000, paid: 0, status: "void"),
        invoice("in_10", "000110", "nok", due: 10_000, paid: 10_000, status: "paid"),
        invoice("in_11", "000111", "nok", due: 10_000, paid: 10_000, status: "paid"),
        invoice("in_12", "000112", "nok", due: 7000, paid: 7000, status: "paid", off: 7000),
        invoice("in_13", "000113", "nok", due: 9000, paid: 3000, status: "open", off: 3000),
        invoice("in_14", "000114", "nok", due: 6000, paid: 6000, status: "paid"),
        invoice("in_15", "000115", "nok", due: 5500, paid: 5500, status: "paid"),
        invoice("in_16", "000116", "nok", due: 15_000, paid: 0, status: "open", total: 20_000, credited: 5000),
        invoice("in_17", "000117", "nok", due: 3300, paid: 0, status: "void"),
        invoice("in_18", "000118", "nok", due: 8000, paid: 5000, status: "uncollectible"),
        invoice("in_19", "000119", "nok", due: 7500, paid: 7500, status: "paid"),
        invoice("in_20", "000120", "nok", due: 4500, paid: 4500, status: "paid"),
        invoice("in_21", "000121", "nok", due: 9900, paid: 9900, status: "paid"),
        invoice("in_23", "000123", "nok", due: 3000, paid: 3000, status: "paid"),
    ]

    private static let paidParts = [
        paid("inpay_1", "in_1", "pi_101", 125_000, "nok"), paid("inpay_3", "in_3", "pi_103", 1200, "jpy"),
        paid("inpay_4", "in_4", "pi_104", 1250, "kwd"), paid("inpay_6", "in_6", "pi_106", 8000, "sek", overpaid: 500),
        paid("inpay_7", "in_7", "pi_107", 1000, "eur"), paid("inpay_8", "in_8", "pi_107", 2000, "eur"),
        """
        {"kind":"invoice_payment","account":"acct_1","id":"inpay_5","invoice":"in_5","status":"open","amount_paid":0,\
        "currency":"nok","payment_intent":"pi_105"}
        """,
        paid("inpay_10", "in_10", "pi_110", 10_000, "nok"), paid("inpay_11", "in_11", "pi_111", 4000, "nok"),
        paid("inpay_12", "in_11", "pi_112", 6000, "nok"), paid("inpay_13", "in_13", "pr_13", 3000, "nok"),
        paid("inpay_14", "in_14", "pi_114", 6000, "nok"), paid("inpay_15", "in_15", "pi_115", 5500, "nok"),
        paid("inpay_18", "in_18", "pi_118", 5000, "nok"), paid("inpay_19", "in_19", "pi_119", 7500, "nok"),
        paid("inpay_20", "in_20", "pi_120", 4500, "nok"), paid("inpay_21", "in_21", "pi_121", 9900, "nok"),
        paid("inpay_23", "in_23", "pi_123", 3000, "nok"),
    ]

    private static let charges = [
        charge("ch_1", "pi_101", 125_000, "nok"), charge("ch_3", "pi_103", 1200, "jpy"),
        charge("ch_4", "pi_104", 1250, "kwd"), charge("ch_6", "pi_106", 8500, "sek"),
        charge("ch_7", "pi_107", 3000, "eur"), charge("ch_f", "pi_105", 60_000, "nok", status: "failed"),
        charge("ch_10", "pi_110", 10_000, "nok"), charge("ch_11", "pi_111", 4000, "nok"),
        charge("ch_12", "pi_112", 6000, "nok"), charge("ch_14", "pi_114", 6000, "nok"),
        charge("ch_15", "pi_115", 5500, "nok"), charge("ch_18", "pi_118", 5000, "nok"),
        charge("ch_19", "pi_119", 7500, "nok"), charge("py_20", "pi_120", 4500, "nok"),
        charge("ch_21", "pi_121", 9900, "nok"), charge("ch_23", "pi_123", 3000, "nok"),
    ]

    private static let refunds = [
        refund("re_1", "ch_6", 500, "sek", "succeeded"), refund("re_10", "ch_10", 10_000, "nok", "succeeded"),
        refund("re_20", "py_20", 4500, "nok", "failed"), refund("re_23", "ch_23", 1200, "nok", "succeeded"),
        dispute("dp_1", "ch_6", 8000, "sek", "needs_response"), dispute("dp_14", "ch_14", 6000, "nok", "won"),
        dispute("dp_15", "ch_15", 5500, "nok", "lost"), dispute("dp_21", "ch_21", 4000, "nok", "lost"),
    ]

    private static let ledgers = [
        """
        {"kind":"credit_note","account":"acct_1","id":"cn_16","invoice":"in_16","status":"issued","currency":"nok",\
        "amount":5000,"pre_payment_amount":5000,"post_payment_amount":0,"email_type":"none",\
        "metadata":{"mlc_document":"Invoice:000116","mlc_company":"t1","mlc_tenant":"x"}}
        """,
        """
        {"kind":"payment_record","account":"acct_1","id":"pr_13","amount_guaranteed":3000,"currency":"nok",\
        "reference":"Payment:200013",\
        "metadata":{"mlc_document":"Invoice:000113","mlc_company":"t1","mlc_tenant":"x"}}
        """,
        moved("txn_1", "ch_1", fee: 1750, net: 123_250), moved("txn_7", "ch_7", fee: 42, net: 2958, "eur"),
        moved("txn_14", "ch_14", fee: 84, net: 5916), moved("txn_14d", "dp_14", fee: 1500, net: -7500),
        moved("txn_14r", "dp_14", fee: 0, net: 6000), moved("txn_99", nil, fee: 0, net: -2500, payout: "po_1"),
        moved("txn_98", nil, fee: 0, net: -900), payout("po_1", "paid"), payout("po_2", "in_transit"),
        payout("po_3", "failed"), payout("po_4", "paid"),
        moved("txn_6", "ch_6", fee: 0, net: 8_100, payout: "po_4"),
        moved("txn_6r", "re_1", fee: 0, net: -500, payout: "po_4", type: "refund"),
        moved("txn_4", "ch_4", fee: 0, net: 41_000, payout: "po_3"),
        moved("txn_3f", "po_3", fee: 0, net: 41_000, payout: "po_4", type: "payout_failure"),
        #"{"kind":"customer_balance","account":"acct_1","id":"cus_1","currency":"sek","balance":-500}"#,
        #"{"kind":"balance","account":"acct_1","currency":"nok","available":1,"pending":2}"#,
    ]
}
