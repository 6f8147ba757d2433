import Sandbox
import Testing

@Suite("The simulated Visma.net's credit notes and refunds")
struct VismaCreditNoteTests {
    static let path = "/v1/customerCreditNote"

    /// Two lines at 25 % and one at 15 %: 200 + 100.01 + 60 and VAT 75.00 + 9.00.
    static func body(_ applications: String = "", extra: String = "") -> String {
        """
        {"customerNumber":{"value":"10001"},"documentDate":{"value":"2026-11-02T00:00:00"},
         "externalReference":{"value":"ord-7"},"invoiceText":{"value":"Return of 000101"}\(extra),
         "lines":[
          {"operation":"Insert","description":{"value":"A"},"quantity":{"value":2},
           "unitPriceInCurrency":{"value":100.00},"vatCodeId":{"value":"3"},"accountNumber":{"value":"3010"}},
          {"operation":"Insert","description":{"value":"B"},"manualAmountInCurrency":{"value":"100.01"}},
          {"operation":"Insert","description":{"value":"C"},"unitPriceInCurrency":{"value":60},
           "vatCodeId":{"value":"31"}}],
         "applicationLines":[\(applications)]}
        """
    }

    static func application(_ invoice: String, _ amount: String) -> String {
        """
        {"operation":"Insert","documentType":{"value":"Invoice"},"refNbr":{"value":"\(invoice)"},
         "amountPaid":{"value":\(amount)}}
        """
    }

    @Test("one is made balanced with the VAT of its codes, and its release settles the invoice")
    func wholeLife() throws {
        var behaviour = VismaBehaviour()
        behaviour.releaseDelaySeconds = 5
        let bench = try VismaBench(behaviour)
        let invoice = try bench.invoice()
        let number = try bench.create("/v2/customerCreditNote", Self.body(Self.application(invoice, "400.00")))
        let path = "\(Self.path)/\(number)"
        let draft = try bench.json(path)
        #expect(draft["status"]?.stringValue == "Balanced")
        #expect(draft["vatTotal"]?.numberText == "84.0000")
        #expect(draft["amount"]?.numberText == "444.0100")
        #expect(draft["taxDetails"]?.elements?.count == 2)
        #expect(draft["lines"]?.elements?[1]["manualAmountInCurrency"]?.numberText == "100.0100")
        #expect(draft["lines"]?.elements?[0]["account"]?["number"]?.stringValue == "3010")
        #expect(draft["applications"]?.elements?.map { $0["released"]?.boolValue } == [false])
        try bench.act(path + "/action/release")
        #expect(try bench.call("POST", path + "/action/release").status == 400)
        #expect(try bench.status(of: path) == "Balanced")
        bench.clock.advance(bySeconds: 5)
        let note = try bench.json(path)
        #expect(note["status"]?.stringValue == "Open" && note["balance"]?.numberText == "44.0100")
        let row = try #require(note["applications"]?.elements?.first)
        #expect(row["docType"]?.stringValue == "Invoice" && row["refNbr"]?.stringValue == invoice)
        let settled = try bench.json("/v1/customerinvoice/\(invoice)")
        #expect(settled["balance"]?.numberText == "850.0000")
        #expect(settled["applications"]?.elements?.first?["docType"]?.stringValue == "CreditNote")
        #expect(settled["applications"]?.elements?.first?["amountPaid"]?.numberText == "400.0000")
        let late = #"{"note":{"value":"x"}}"#
        #expect(try bench.call("PUT", path, body: late).status == 400)
    }

    @Test("the list filters as the invoices' does, and knows applications only when asked")
    func lists() throws {
        let bench = try VismaBench()
        let invoice = try bench.invoice()
        let first = try bench.create("/v2/customerCreditNote", Self.body(Self.application(invoice, "1")))
        bench.clock.advance(bySeconds: 60)
        let second = try bench.create(
            "/v2/customerCreditNote", Self.body(extra: #","hold":{"value":true}"#))
        func found(_ query: String) throws -> [String] { try bench.numbers(query, of: Self.path) }
        #expect(try found("") == [first, second])
        #expect(try found("status=Hold") == [second])
        #expect(try found("customer=10002") == [])
        #expect(try found("externalReference=ord-7&pageNumber=2&pageSize=1") == [second])
        let time = "lastModifiedDateTime=2026-11-02T09:00:30"
        #expect(try found(time + "&lastModifiedDateTimeCondition=%3E") == [second])
        #expect(try found(time) == [first, second])
        let rows = try #require(bench.json(Self.path, query: "pageNumber=1&pageSize=1").elements)
        #expect(rows.first?["metadata"]?["totalCount"]?.numberText == "2")
        #expect(rows.first?["applications"] == nil)
        let expanded = try #require(bench.json(Self.path, query: "expandApplications=true").elements)
        #expect(expanded.first?["applications"]?.elements?.count == 1)
    }

    @Test(
        "a body that the ledger cannot take is a 400 and makes nothing",
        arguments: [
            ("unknown customer", body().replacing("10001", with: "7")),
            ("unknown VAT code", body().replacing(#""vatCodeId":{"value":"31"}"#, with: #""vatCodeId":{"value":"9"}"#)),
            ("no lines", #"{"customerNumber":{"value":"10001"}}"#),
            ("unknown invoice", body(application("999999", "1"))),
            ("over the invoice's balance", body(application("000101", "1250.01"))),
            ("over its own amount", body(application("000101", "444.02"))),
            ("one invoice twice", body(application("000101", "1") + "," + application("000101", "1"))),
            ("a line without an operation", body().replacing(#""operation":"Insert","#, with: "")),
            ("not wrapped", body(extra: #","hold":true"#)),
        ])
    func refused(_ name: String, _ body: String) throws {
        let bench = try VismaBench()
        try bench.invoice()
        #expect(try bench.call("POST", "/v2/customerCreditNote", body: body).status == 400, "\(name)")
        #expect(bench.simulator.books().count == 1)
    }

    @Test("a draft can be deleted, with what it was to settle; a released one cannot")
    func deleted() throws {
        let bench = try VismaBench()
        let invoice = try bench.invoice()
        let number = try bench.create("/v2/customerCreditNote", Self.body(Self.application(invoice, "400")))
        let kept = try bench.create("/v2/customerCreditNote", Self.body())
        func delete(_ number: String, scope: String) throws -> Int {
            let token = try bench.token(scope: scope)
            return bench.simulator.handle(
                SandboxRequest(
                    method: "DELETE", path: "\(Self.path)/\(number)", headers: [("Authorization", "Bearer \(token)")])
            ).status
        }
        #expect(try delete(number, scope: VismaBench.allScopes) == 403)
        let scope = VismaCompany.deleteScope
        #expect(try delete(number, scope: scope) == 204)
        #expect(try delete(number, scope: scope) == 404)
        #expect(try bench.json("/v1/customerinvoice/\(invoice)")["applications"]?.elements?.isEmpty == true)
        try bench.act("\(Self.path)/\(kept)/action/release")
        #expect(try bench.status(of: "\(Self.path)/\(kept)") == "Open")
        #expect(try delete(kept, scope: scope) == 400)
    }

    private static func refund(_ number: String, _ amount: String, type: String = "CreditNote") -> String {
        """
        {"type":{"value":"Refund"},"paymentRef":{"value":"re_1"},"customer":{"value":"10001"},
         "cashAccount":{"value":"1921"},"paymentAmount":{"value":\(amount)},"paymentLines":[{"operation":"Insert",
         "documentType":{"value":"\(type)"},"refNbr":{"value":"\(number)"},"amountPaid":{"value":\(amount)}}]}
        """
    }

    @Test("a refund closes its credit note, and its void gives the note its balance back")
    func refunds() throws {
        let bench = try VismaBench()
        let invoice = try bench.invoice()
        let note = try bench.simulator.creditInvoice(invoice, amount: "250", in: VismaBench.tenant)
        let number = try bench.create("/v1/customerPayment", Self.refund(note, "250.00"))
        let path = "/v1/customerPayment/\(number)"
        #expect(try bench.call("POST", path + "/action/release", body: #"{"type":{"value":"Payment"}}"#).status == 404)
        try bench.act(path + "/action/release", #"{"type":{"value":"Refund"}}"#)
        #expect(try bench.status(of: path) == "Closed")
        #expect(try bench.status(of: "\(Self.path)/\(note)") == "Closed")
        try bench.act(path + "/action/void", #"{"type":"Refund","returnVoidPayment":true}"#)
        #expect(try bench.status(of: path) == "Voided")
        let reopened = try bench.json("\(Self.path)/\(note)")
        #expect(reopened["status"]?.stringValue == "Open" && reopened["balance"]?.numberText == "250.0000")
        #expect(reopened["applications"]?.elements?.map { $0["docType"]?.stringValue } == ["Refund", "VoidRefund"])
        #expect(reopened["applications"]?.elements?.map { $0["voided"]?.boolValue } == [true, true])
        #expect(
            try bench.numbers("paymentType=VoidRefund", of: "/v1/customerPayment", key: "refNbr") == [number])
    }

    @Test("what is left of a payment can be refunded; until that is undone the payment cannot be voided")
    func overpayment() throws {
        let bench = try VismaBench()
        let invoice = try bench.invoice()
        let payment = try bench.pay(invoice, amount: "1300", applied: "1250")
        _ = try bench.release(payment)
        let refund = try bench.create("/v1/customerPayment", Self.refund(payment, "50", type: "Payment"))
        try bench.act("/v1/customerPayment/\(refund)/action/release", #"{"type":{"value":"Refund"}}"#)
        let path = "/v1/customerPayment/\(payment)"
        #expect(try bench.json(path)["availableBalance"]?.numberText == "0.0000")
        #expect(try bench.status(of: path) == "Closed")
        #expect(try bench.call("POST", path + "/action/void", body: #"{"type":"Payment"}"#).status == 400)
        try bench.act("/v1/customerPayment/\(refund)/action/void", #"{"type":"Refund"}"#)
        #expect(try bench.status(of: path) == "Open")
        try bench.act(path + "/action/void", #"{"type":"Payment"}"#)
        #expect(try bench.status(of: path) == "Voided")
    }

    @Test("where each type has its own series, one number means two documents, told apart by the type")
    func numbers() throws {
        var behaviour = VismaBehaviour()
        behaviour.paymentNumbersAreShared = false
        let bench = try VismaBench(behaviour)
        let invoice = try bench.invoice()
        let payment = try bench.pay(invoice, amount: "1250")
        let note = try bench.simulator.creditInvoice(invoice, amount: "250", in: VismaBench.tenant)
        let refund = try bench.create("/v1/customerPayment", Self.refund(note, "250"))
        #expect(payment == refund)
        let path = "/v1/customerPayment/\(refund)"
        #expect(try bench.json(path)["type"]?.stringValue == "Payment")
        let listed = try #require(
            bench.json("/v1/customerPayment", query: "paymentNbr=\(refund)&paymentType=Refund").elements)
        #expect(listed.map { $0["paymentRef"]?.stringValue } == ["re_1"])
        let stamp = try #require(listed.first?["timeStamp"]?.stringValue)
        let edit = #"{"type":{"value":"Refund"},"paymentRef":{"value":"re_2"}}"#
        #expect(try bench.call("PUT", path, body: edit, headers: [("If-Match", "\"\(stamp)\"")]).status == 204)
        try bench.act(path + "/action/release", #"{"type":{"value":"Refund"}}"#)
        #expect(try bench.json(path)["status"]?.stringValue == "Balanced")
        #expect(try bench.status(of: "\(Self.path)/\(note)") == "Closed")
    }

    @Test("a refund that is not used in full is not released")
    func partlyUsed() throws {
        let bench = try VismaBench()
        let note = try bench.simulator.creditInvoice(bench.invoice(), amount: "250", in: VismaBench.tenant)
        let body = Self.refund(note, "250").replacing(
            #""amountPaid":{"value":250}"#, with: #""amountPaid":{"value":9}"#)
        let number = try bench.create("/v1/customerPayment", body)
        let path = "/v1/customerPayment/\(number)/action/release"
        #expect(try bench.call("POST", path, body: #"{"type":{"value":"Refund"}}"#).status == 400)
    }
}
