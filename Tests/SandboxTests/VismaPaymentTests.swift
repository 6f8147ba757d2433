import Sandbox
import Testing

@Suite("The simulated Visma.net's payments")
struct VismaPaymentTests {
    @Test("a payment is created balanced, released later, and closes the invoice")
    func wholeLife() throws {
        var behaviour = VismaBehaviour()
        behaviour.releaseDelaySeconds = 30
        let bench = try VismaBench(behaviour)
        let invoice = try bench.invoice()
        let before = try bench.json("/v1/customerinvoice/\(invoice)")["timeStamp"]
        let created = try bench.call(
            "POST", "/v1/customerPayment", body: VismaBench.payment(invoice, amount: "1250.00"))
        #expect(created.status == 201 && created.body.isEmpty && created.header("ETag") != nil)
        let location = try #require(created.header("Location"))
        #expect(location.hasPrefix("https://integration.visma.net/"))
        let number = try #require(location.split(separator: "/").last)
        let path = "/v1/customerPayment/\(number)"
        #expect(try bench.status(of: path) == "Balanced")
        let released = try bench.release(String(number))
        #expect(released.status == 200)
        #expect(try SandboxJSON.parse(released.body)["actionResult"]?.stringValue == "Queued")
        #expect(try bench.status(of: path) == "Balanced")
        #expect(try bench.release(String(number)).status == 400)
        bench.clock.advance(bySeconds: 30)
        #expect(try bench.status(of: path) == "Closed")
        let after = try bench.json("/v1/customerinvoice/\(invoice)")
        #expect(after["status"]?.stringValue == "Closed")
        #expect(after["balance"]?.numberText == "0.0000")
        #expect(after["timeStamp"] != before)
        #expect(after["lastModifiedDateTime"]?.stringValue == "2026-11-02T09:00:30")
        #expect(after["applications"]?.elements?.first?["paymentRef"]?.stringValue == "pi_1")
        #expect(try bench.json(path)["paymentLines"]?.elements?.count == 1)
        #expect(try bench.release(String(number)).status == 400)
    }

    @Test("nothing is idempotent: posting twice makes two, and the second cannot be released over the balance")
    func twice() throws {
        let bench = try VismaBench()
        let invoice = try bench.invoice()
        let first = try bench.pay(invoice, amount: "1250")
        let second = try bench.pay(invoice, amount: "1250")
        #expect(first != second)
        #expect(try bench.release(first).status == 200)
        #expect(try bench.release(second).status == 200)
        #expect(try bench.status(of: "/v1/customerPayment/\(first)") == "Closed")
        #expect(try bench.status(of: "/v1/customerPayment/\(second)") == "Balanced")
    }

    @Test("what is not applied leaves the payment open")
    func unapplied() throws {
        let bench = try VismaBench()
        let invoice = try bench.invoice()
        let number = try bench.pay(invoice, amount: "1300.00", applied: "1250.00")
        _ = try bench.release(number)
        let json = try bench.json("/v1/customerPayment/\(number)")
        #expect(json["status"]?.stringValue == "Open")
        #expect(json["availableBalance"]?.numberText == "50.0000")
    }

    @Test(
        "a body that the ledger cannot take is a 400 and changes nothing",
        arguments: [
            ("unknown invoice", VismaBench.payment("999999", amount: "1")),
            ("over the balance", VismaBench.payment("000101", amount: "1250.01")),
            ("more applied than paid", VismaBench.payment("000101", amount: "1", applied: "2")),
            ("another customer", VismaBench.payment("000101", amount: "1", customer: "10002")),
            ("unknown customer", VismaBench.payment(nil, amount: "1", customer: "7")),
            ("invoice in another currency", VismaBench.payment("000101", amount: "1", account: "1922")),
            (
                "currency of another account",
                VismaBench.payment(nil, amount: "1", extra: #","currency":{"value":"EUR"}"#)
            ),
            ("unknown cash account", VismaBench.payment(nil, amount: "1", account: "1")),
            ("a third decimal", VismaBench.payment(nil, amount: "1.005")),
            ("no reference", VismaBench.payment(nil, amount: "1", reference: "")),
            (
                "a long text",
                VismaBench.payment(
                    nil, amount: "1", extra: #","invoiceText":{"value":"\#(String(repeating: "x", count: 51))"}"#)
            ),
            ("not wrapped", VismaBench.payment(nil, amount: "1", extra: #","hold":true"#)),
            ("closed invoice", VismaBench.payment("000102", amount: "1")),
            ("unreleased invoice", VismaBench.payment("000103", amount: "1")),
            (
                "unknown entry type",
                VismaBench.payment(
                    nil, amount: "1", extra: #","financeCharges":[{"entryType":{"value":"X"},"amount":{"value":1}}]"#)
            ),
            ("not JSON", "{"),
        ])
    func refused(_ name: String, _ body: String) throws {
        let bench = try VismaBench()
        try bench.invoice()
        let closed = try bench.invoice()
        try bench.simulator.applyOutsidePayment(to: closed, amount: "1250", in: VismaBench.tenant)
        try bench.simulator.addInvoice(
            VismaInvoiceSeed(
                customer: "10001", date: "2026-11-01", lines: [VismaLineSeed("A", unitPrice: "10")], state: .balanced),
            in: VismaBench.tenant)
        let count = bench.simulator.books().count
        #expect(try bench.call("POST", "/v1/customerPayment", body: body).status == 400, "\(name)")
        #expect(bench.simulator.books().count == count)
    }

    @Test("on hold it cannot be released; an edit takes the hold away; a released one takes no edit")
    func hold() throws {
        let bench = try VismaBench()
        let body = VismaBench.payment(nil, amount: #""148.3500""#, extra: #","hold":{"value":true}"#)
        let location = try #require(bench.call("POST", "/v1/customerPayment", body: body).header("Location"))
        let number = try #require(location.split(separator: "/").last.map(String.init))
        let path = "/v1/customerPayment/\(number)"
        #expect(try bench.status(of: path) == "Hold")
        #expect(try bench.release(number).status == 400)
        let edit = #"{"hold":{"value":false}}"#
        #expect(try bench.call("PUT", path, body: edit, headers: [("If-Match", "\"AAAA\"")]).status == 412)
        #expect(try bench.call("PUT", path, body: edit).status == 204)
        #expect(try bench.release(number).status == 200)
        #expect(try bench.status(of: path) == "Open")
        #expect(try bench.call("PUT", path, body: edit).status == 400)
    }

    @Test("release wants its type wrapped, void wants it bare; a void reopens the invoice under the same number")
    func void() throws {
        let bench = try VismaBench()
        let invoice = try bench.invoice()
        let number = try bench.pay(invoice, amount: "1250")
        let path = "/v1/customerPayment/\(number)"
        #expect(try bench.call("POST", path + "/action/release", body: #"{"type":"Payment"}"#).status == 400)
        #expect(try bench.release(number, headers: [("If-Match", "\"AAAAAAAAAAA=\"")]).status == 412)
        _ = try bench.release(number)
        #expect(try bench.call("POST", path + "/action/void", body: #"{"type":{"value":"Payment"}}"#).status == 400)
        #expect(try bench.call("POST", path + "/action/void", body: #"{"type":"Payment"}"#).status == 200)
        #expect(try bench.status(of: path) == "Voided")
        let json = try bench.json("/v1/customerinvoice/\(invoice)")
        #expect(json["status"]?.stringValue == "Open" && json["balance"]?.numberText == "1250.0000")
        #expect(json["applications"]?.elements?.map { $0["voided"]?.boolValue } == [true, true])
        let counter = try #require(
            bench.json("/v1/customerPayment", query: "paymentType=VoidPayment").elements?.first)
        #expect(counter["refNbr"]?.stringValue == number)
        #expect(counter["paymentLines"]?.elements?.count == 3)
    }

    @Test("what an unreleased payment says can be changed, its use cannot; a fee can be added")
    func edited() throws {
        let bench = try VismaBench()
        let number = try bench.pay(bench.invoice(), amount: "1250")
        let path = "/v1/customerPayment/\(number)"
        let etag = try #require(bench.call("GET", path).header("ETag"))
        let edit = """
            {"applicationDate":{"value":"2026-11-05T00:00:00"},"paymentRef":{"value":"pi_2"},
             "invoiceText":{"value":"late"},"financeCharges":[{"operation":"Insert","entryType":{"value":"FEE"},
             "amount":{"value":12.50}}]}
            """
        #expect(try bench.call("PUT", path, body: edit, headers: [("If-Match", etag)]).status == 204)
        #expect(try bench.call("PUT", path, body: edit, headers: [("If-Match", etag)]).status == 412)
        let json = try bench.json(path)
        #expect(json["applicationDate"]?.stringValue == "2026-11-05T00:00:00")
        #expect(json["paymentRef"]?.stringValue == "pi_2" && json["invoiceText"]?.stringValue == "late")
        #expect(json["deductedCharges"]?.numberText == "12.5000" && json["financeCharges"]?.numberText == "12.5000")
        for refused in [#"{"paymentAmount":{"value":1}}"#, #"{"paymentRef":{"value":""}}"#] {
            #expect(try bench.call("PUT", path, body: refused).status == 400)
        }
        _ = try bench.release(number)
        let book = try #require(bench.simulator.books().first { $0["kind"]?.stringValue == "payment" })
        #expect(book["charges"]?.elements?.first?["amount"]?.stringValue == "12.50")
        #expect(book["charges"]?.elements?.first?["account"]?.stringValue == "7770")
    }

    @Test("a write-off and a cash discount settle with the payment, and need their reasons")
    func writeOff() throws {
        let bench = try VismaBench()
        let invoice = try bench.simulator.addInvoice(
            VismaInvoiceSeed(
                customer: "10001", date: "2026-11-01", lines: [VismaLineSeed("A", unitPrice: "1000")],
                cashDiscount: "25", cashDiscountDate: "2026-11-10"), in: VismaBench.tenant)
        func body(_ reason: String, discount: String) -> String {
            let extra = #"\#(reason)"balanceWriteOff":{"value":0.40},"cashDiscountTaken":{"value":\#(discount)},"#
            return VismaBench.payment(invoice, amount: "1224.60")
                .replacing(#""amountPaid""#, with: extra + #""amountPaid""#)
        }
        let reason = #""writeOffReasonCode":{"value":"ROUND"},"#
        #expect(try bench.call("POST", "/v1/customerPayment", body: body("", discount: "25")).status == 400)
        #expect(try bench.call("POST", "/v1/customerPayment", body: body(reason, discount: "25.01")).status == 400)
        let number = try bench.create("/v1/customerPayment", body(reason, discount: "25"))
        _ = try bench.release(number)
        let paid = try bench.json("/v1/customerPayment/\(number)")
        #expect(paid["status"]?.stringValue == "Closed" && paid["writeOffAmount"]?.numberText == "0.4000")
        #expect(paid["paymentLines"]?.elements?.first?["writeOffReasonCode"]?["id"]?.stringValue == "ROUND")
        let json = try bench.json("/v1/customerinvoice/\(invoice)")
        #expect(json["status"]?.stringValue == "Closed")
        let row = try #require(json["applications"]?.elements?.first)
        #expect(row["amountPaid"]?.numberText == "1224.6000" && row["cashDiscountTaken"]?.numberText == "25.0000")
    }

    @Test("an unreleased payment is voided without a counter document, a queued one not; If-Match guards a void")
    func voidUnreleased() throws {
        var behaviour = VismaBehaviour()
        behaviour.releaseDelaySeconds = 10
        let bench = try VismaBench(behaviour)
        let invoice = try bench.invoice()
        let number = try bench.pay(invoice, amount: "1250")
        let path = "/v1/customerPayment/\(number)"
        let void = #"{"type":"Payment","returnVoidPayment":true}"#
        #expect(
            try bench.call("POST", path + "/action/void", body: void, headers: [("If-Match", "\"A=\"")]).status == 412)
        try bench.act(path + "/action/void", void)
        #expect(try bench.call("POST", path + "/action/void", body: void).status == 400)
        bench.clock.advance(bySeconds: 10)
        #expect(try bench.status(of: path) == "Voided")
        let row = try #require(bench.json("/v1/customerinvoice/\(invoice)")["applications"]?.elements?.first)
        #expect(row["voided"]?.boolValue == true && row["released"]?.boolValue == false)
        #expect(try bench.json("/v1/customerPayment", query: "paymentType=VoidPayment").elements?.isEmpty == true)
        #expect(try bench.call("POST", path + "/action/void", body: void).status == 400)
    }

    @Test("the payment of a foreign invoice has its base amounts in the twins, as the specification says")
    func foreign() throws {
        let bench = try VismaBench()
        let invoice = try bench.simulator.addInvoice(
            VismaInvoiceSeed(
                customer: "10001", date: "2026-11-01", lines: [VismaLineSeed("A", unitPrice: "100", vat: .zero)],
                currency: "EUR", exchangeRate: "11.70455"), in: VismaBench.tenant)
        let body = VismaBench.payment(invoice, amount: "150", account: "1922", applied: "100")
        let number = try bench.create("/v1/customerPayment", body)
        let json = try bench.json("/v1/customerPayment/\(number)")
        #expect(json["paymentAmountInCurrency"]?.numberText == "1755.6800")
        #expect(json["availableBalanceInCurrency"]?.numberText == "585.2300")
    }

    @Test("a request whose caller gave up takes effect later, once")
    func lateEffect() throws {
        let bench = try VismaBench()
        let invoice = try bench.invoice()
        bench.simulator.handleLate(
            try bench.request("POST", "/v1/customerPayment", body: VismaBench.payment(invoice, amount: "1250")))
        bench.clock.advance(bySeconds: 239)
        #expect(try bench.call("GET", "/v1/customerPayment").text == "[]")
        bench.clock.advance(bySeconds: 1)
        #expect(try bench.json("/v1/customerPayment").elements?.count == 1)
        bench.clock.advance(bySeconds: 1000)
        #expect(try bench.json("/v1/customerPayment").elements?.count == 1)
    }

    @Test("a closed period refuses a posting; credit notes are applied by people")
    func periodsAndCreditNotes() throws {
        var behaviour = VismaBehaviour()
        behaviour.closedPeriods = ["202611"]
        let bench = try VismaBench(behaviour)
        let invoice = try bench.invoice()
        #expect(
            try bench.call("POST", "/v1/customerPayment", body: VismaBench.payment(invoice, amount: "1")).status == 400)
        let note = try bench.simulator.addCreditNote(
            VismaInvoiceSeed(
                customer: "10001", date: "2026-11-02", lines: [VismaLineSeed("Return", unitPrice: "200")]),
            in: VismaBench.tenant)
        try bench.simulator.applyCreditNote(note, to: invoice, amount: "250", in: VismaBench.tenant)
        #expect(try bench.status(of: "/v1/customerCreditNote/\(note)") == "Closed")
        let json = try bench.json("/v1/customerinvoice/\(invoice)")
        #expect(json["balance"]?.numberText == "1000.0000")
        #expect(json["applications"]?.elements?.first?["docType"]?.stringValue == "CreditNote")
        #expect(throws: VismaSeedError.self) {
            try bench.simulator.applyCreditNote(note, to: invoice, amount: "1", in: VismaBench.tenant)
        }
    }
}
