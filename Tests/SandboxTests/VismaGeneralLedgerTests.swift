import Sandbox
import Testing

@Suite("The simulated Visma.net's cash transactions, journals and periods")
struct VismaGeneralLedgerTests {
    private static func cash(
        _ amount: String = "12.34", date: String = "2026-11-02", entry: String = "FEE", extra: String = ""
    ) -> String {
        """
        {"tranDate":{"value":"\(date)T00:00:00"},"cashAccount":{"value":"1921"},"entryType":{"value":"\(entry)"},
         "documentRef":{"value":"txn_1"},"description":{"value":"Stripe fees"}\(extra),
         "cashTransactionDetails":[{"operation":"Insert","description":{"value":"Fee"},
          "amount":{"value":\(amount)},"offsetAccount":{"value":"7770"}}]}
        """
    }

    private static func journal(_ credit: String = "100.00", date: String = "2026-11-02") -> String {
        """
        {"transactionDate":{"value":"\(date)T00:00:00"},"description":{"value":"Payout po_1"},
         "journalTransactionLines":[
          {"operation":"Insert","accountNumber":{"value":"1920"},"debitAmountInCurrency":{"value":97.50}},
          {"operation":"Insert","accountNumber":{"value":"7770"},"debitAmountInCurrency":{"value":2.50},
           "transactionDescription":{"value":"Fee"}},
          {"operation":"Insert","accountNumber":{"value":"1921"},"creditAmountInCurrency":{"value":\(credit)},
           "referenceNumber":{"value":"po_1"}}]}
        """
    }

    @Test("a cash transaction is made balanced, edited, released and reversed")
    func cashLife() throws {
        var behaviour = VismaBehaviour()
        behaviour.releaseDelaySeconds = 5
        let bench = try VismaBench(behaviour)
        let number = try bench.create("/v1/cashTransaction", Self.cash(extra: #","hold":{"value":true}"#))
        let path = "/v1/cashTransaction/\(number)"
        #expect(try bench.status(of: path) == "Hold")
        #expect(try bench.call("POST", path + "/action/release").status == 400)
        let edit = #"{"hold":{"value":false}}"#
        #expect(try bench.call("PUT", path, body: edit, headers: [("If-Match", "\"AAAA\"")]).status == 412)
        #expect(try bench.call("PUT", path, body: edit).status == 204)
        try bench.act(path + "/action/release")
        #expect(try bench.status(of: path) == "Balanced")
        bench.clock.advance(bySeconds: 5)
        let json = try bench.json(path)
        #expect(json["status"]?.stringValue == "Released" && json["amount"]?.numberText == "12.3400")
        #expect(json["disbReceipt"]?.stringValue == "Disbursement")
        #expect(try bench.call("PUT", path, body: edit).status == 400)
        let reversed = try SandboxJSON.parse(
            bench.call("POST", path + "/action/reverse", body: #"{"returnCashTransaction":true}"#).body)
        #expect(reversed["cashTransaction"]?["amount"]?.numberText == "-12.3400")
        #expect(try bench.call("POST", path + "/action/reverse", body: "{}").status == 400)
        let rows = try #require(bench.json("/v1/cashTransaction").elements)
        #expect(rows.map { $0["status"]?.stringValue } == ["Released", "Balanced"])
        #expect(rows.allSatisfy { $0["metadata"] == nil })
        let book = bench.simulator.books().filter { $0["kind"]?.stringValue == "cash_transaction" }
        #expect(book.map { $0["amount"]?.stringValue } == ["12.34", "-12.34"])
        #expect(book.first?["reference"]?.stringValue == "txn_1")
    }

    @Test(
        "a cash transaction that the books cannot take is a 400",
        arguments: [
            cash("0"), cash("1.005"), cash(entry: "NONE"), cash(extra: #","controlTotal":{"value":1}"#),
            cash().replacing("txn_1", with: ""), cash().replacing("1921", with: "1"), cash(extra: #","hold":true"#),
        ])
    func cashRefused(_ body: String) throws {
        let bench = try VismaBench()
        #expect(try bench.call("POST", "/v1/cashTransaction", body: body).status == 400)
        #expect(bench.simulator.books().isEmpty)
    }

    @Test("a journal balances, or it is refused; released it is posted")
    func journals() throws {
        let bench = try VismaBench()
        #expect(try bench.call("POST", "/v2/journaltransaction", body: Self.journal("99.99")).status == 400)
        let number = try bench.create("/v2/journaltransaction", Self.journal())
        let path = "/v2/journaltransaction/\(number)"
        #expect(try bench.status(of: path) == "Balanced")
        #expect(
            try bench.call("POST", path + "/action/release", headers: [("If-Match", "\"AAAA\"")]).status == 412)
        try bench.act(path + "/action/release", "")
        let json = try bench.json(path)
        #expect(json["status"]?.stringValue == "Posted" && json["debitTotalInCurrency"]?.numberText == "100.0000")
        #expect(json["postPeriod"]?.stringValue == "112026" && json["financialPeriod"]?.stringValue == "202611")
        #expect(json["journalTransactionLines"]?.elements?.count == 3)
        #expect(try bench.call("POST", path + "/action/release").status == 400)
        let listed = try bench.numbers("status=Posted", of: "/v2/journaltransaction", key: "batchNumber")
        #expect(listed == [number])
        let book = try #require(bench.simulator.books().first { $0["kind"]?.stringValue == "journal" })
        #expect(book["lines"]?.elements?.last?["credit"]?.stringValue == "100.00")
        #expect(book["released"]?.boolValue == true)
    }

    @Test("a journal in a foreign currency tells its sums in it, and in the company's own at the rate of the day")
    func foreignJournal() throws {
        let bench = try VismaBench()
        _ = try bench.simulator.addInvoice(
            VismaInvoiceSeed(
                customer: "10001", date: "2026-11-01", lines: [VismaLineSeed("Consulting", unitPrice: "10")],
                currency: "EUR", exchangeRate: "11.5"), in: VismaBench.tenant)
        let body = Self.journal().replacing(#""description""#, with: #""currencyId":{"value":"EUR"},"description""#)
        let number = try bench.create("/v2/journaltransaction", body)
        let json = try bench.json("/v2/journaltransaction/\(number)")
        #expect(json["currencyId"]?.stringValue == "EUR" && json["exchangeRate"]?.numberText == "11.50000000")
        #expect(json["debitTotalInCurrency"]?.numberText == "100.0000" && json["debitTotal"]?.numberText == "1150.0000")
        let line = try #require(json["journalTransactionLines"]?.elements?.first)
        #expect(
            line["debitAmountInCurrency"]?.numberText == "97.5000" && line["debitAmount"]?.numberText == "1121.2500")
        let book = try #require(bench.simulator.books().first { $0["kind"]?.stringValue == "journal" })
        #expect(book["currency"]?.stringValue == "EUR" && book["amount"]?.stringValue == "100.00")
    }

    /// Path and body of each kind of document, dated in October.
    private static let october: [(String, String)] = [
        ("/v1/customerPayment", VismaBench.payment("000101", amount: "1").replacing("2026-11", with: "2026-10")),
        ("/v2/customerCreditNote", VismaCreditNoteTests.body().replacing("2026-11", with: "2026-10")),
        ("/v1/cashTransaction", cash(date: "2026-10-31")), ("/v2/journaltransaction", journal(date: "2026-10-31")),
    ]

    @Test("a closed period refuses what is dated in it, by name, and takes it again when it is open", arguments: 0...3)
    func closedOnCreate(_ kind: Int) throws {
        let bench = try VismaBench()
        try bench.invoice()
        try bench.simulator.setPeriod("202610", isClosed: true, in: VismaBench.tenant)
        let (path, body) = Self.october[kind]
        let refused = try bench.call("POST", path, body: body)
        #expect(refused.status == 400)
        #expect(try SandboxJSON.parse(refused.body)["message"]?.stringValue?.contains("10-2026 is closed") == true)
        try bench.simulator.setPeriod("202610", isClosed: false, in: VismaBench.tenant)
        #expect(try bench.call("POST", path, body: body).status == 201)
    }

    @Test("a company that minds only at the release takes the draft and refuses its release", arguments: 0...3)
    func closedOnRelease(_ kind: Int) throws {
        var behaviour = VismaBehaviour()
        behaviour.closedPeriods = ["202610"]
        behaviour.closedPeriodRefusal = .onRelease
        let bench = try VismaBench(behaviour)
        try bench.invoice()
        let (path, body) = Self.october[kind]
        let number = try bench.create(path, body)
        let release = path.replacing("/v2/customerC", with: "/v1/customerC") + "/\(number)/action/release"
        let type = #"{"type":{"value":"Payment"}}"#
        let refused = try bench.call("POST", release, body: type)
        #expect(refused.status == 400 && refused.text.contains("10-2026"))
        try bench.simulator.setPeriod("202610", isClosed: false, in: VismaBench.tenant)
        #expect(try bench.call("POST", release, body: type).status == 200)
    }

    @Test("a period that closes before a queued release is done leaves the document as it was")
    func closedMeanwhile() throws {
        var behaviour = VismaBehaviour()
        behaviour.releaseDelaySeconds = 10
        let bench = try VismaBench(behaviour)
        let invoice = try bench.invoice()
        let payment = try bench.pay(invoice, amount: "1250")
        #expect(try bench.release(payment).status == 200)
        try bench.simulator.setPeriod("202611", isClosed: true, in: VismaBench.tenant)
        bench.clock.advance(bySeconds: 10)
        #expect(try bench.status(of: "/v1/customerPayment/\(payment)") == "Balanced")
        #expect(try bench.json("/v1/customerinvoice/\(invoice)")["balance"]?.numberText == "1250.0000")
    }

    @Test("the periods are listed with their flags, and one is found by its id")
    func periods() throws {
        let bench = try VismaBench()
        try bench.simulator.setPeriod("202602", isClosed: true, in: VismaBench.tenant)
        let rows = try #require(bench.json("/v1/financialPeriod", query: "greaterThanValue=2025").elements)
        #expect(rows.first?["period"]?.stringValue == "01-2026")
        #expect(rows.filter { $0["closedInCustomerLedger"]?.boolValue == true }.count == 1)
        let february = try bench.json("/v1/financialperiod/202602")
        #expect(february["endDate"]?.stringValue == "2026-02-28T00:00:00")
        #expect(february["closedInGeneralLedger"]?.boolValue == true)
        #expect(try bench.json("/v1/financialPeriod", query: "greaterThanValue=202712").elements?.isEmpty == true)
        #expect(try bench.call("GET", "/v1/financialPeriod/202613").status == 404)
    }

    @Test("a payment may be booked in another period than its date's")
    func otherPeriod() throws {
        var behaviour = VismaBehaviour()
        behaviour.closedPeriods = ["202610"]
        let bench = try VismaBench(behaviour)
        for period in ["112026", "202611"] {
            let body = VismaBench.payment(nil, amount: "5", extra: #","applicationPeriod":{"value":"\#(period)"}"#)
            let number = try bench.create("/v1/customerPayment", body.replacing("2026-11-02", with: "2026-10-30"))
            let json = try bench.json("/v1/customerPayment/\(number)")
            #expect(json["applicationDate"]?.stringValue == "2026-10-30T00:00:00")
            #expect(json["applicationPeriod"]?.stringValue == "202611")
        }
    }
}
