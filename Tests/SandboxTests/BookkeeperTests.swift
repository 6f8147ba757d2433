import Foundation
import Sandbox
import Testing

@Suite("The control API writes in the simulated Visma.net's books")
struct BookkeeperTests {
    private let visma: VismaSimulator
    private let control: SandboxControl

    init() {
        let clock = SandboxClock.manual(startingAt: 1_795_338_000_000_000)
        let visma = VismaSimulator(clock: clock, seed: 1)
        visma.addCompany(
            VismaCompany(
                tenantID: "t", number: "1", name: "Test AS", clientID: "c", clientSecret: "s", baseCurrency: "NOK",
                cashAccounts: [.init(number: "1580", description: "Stripe", currency: "NOK")],
                paymentMethods: [.init(id: "3", description: "Stripe")]))
        self.visma = visma
        control = SandboxControl(
            stripe: nil, clock: clock, faults: FaultPlan(),
            bookkeeper: SandboxBookkeeper(visma: visma, tenant: "t", clock: clock))
    }

    private func order(_ action: String, _ body: String) async throws -> (status: Int, body: SandboxJSON) {
        let answer = await control.handle(
            SandboxRequest(method: "POST", path: "/_sandbox/" + action, body: Array(body.utf8)))
        return (answer.status, try SandboxJSON.parse(answer.body))
    }

    @Test("A customer and an invoice of exactly the total that was asked for, VAT included, due in two weeks")
    func invoice() async throws {
        let customer = try await order("visma/customer", #"{"name":"Fjell AS","email":"post@fjell.example"}"#)
        let number = try #require(customer.body["customer"]?.stringValue)
        let invoice = try await order("visma/invoice", #"{"customer":"\#(number)","total":"1234.57"}"#)
        #expect(invoice.status == 200)
        let row = try #require(visma.books().first { $0["kind"]?.stringValue == "document" })
        #expect(row["number"]?.stringValue == invoice.body["invoice"]?.stringValue)
        #expect(row["total"]?.stringValue == "1234.57")
        #expect(row["balance"]?.stringValue == "1234.57")
        #expect(row["released"]?.boolValue == true)
        #expect(row["customer_email"]?.stringValue == "post@fjell.example")
    }

    /// Does an action that is to be accepted and answers the number under `name`.
    private func number(_ action: String, _ body: String, _ name: String) async throws -> String {
        let answer = try await order(action, body)
        #expect(answer.status == 200, "\(answer.body.serialised)")
        return try #require(answer.body[name]?.stringValue)
    }

    private func row(_ type: String, _ number: String) throws -> SandboxJSON {
        try #require(
            visma.books().first { $0["type"]?.stringValue == type && $0["number"]?.stringValue == number })
    }

    @Test("Money comes past Stripe: on several invoices, more of it later, held, released, voided and deleted")
    func money() async throws {
        let customer = try await number("visma/customer", #"{"name":"Fjell AS"}"#, "customer")
        let sale = #"{"customer":"\#(customer)","total":"100.00"}"#
        let first = try await number("visma/invoice", sale, "invoice")
        let second = try await number("visma/invoice", sale, "invoice")
        let paid = """
            {"invoices":[{"invoice":"\(first)","amount":"99.50","write_off":"0.50"},
             {"invoice":"\(second)","amount":"10"}],"amount":"150","cash_account":"1580","hold":true}
            """
        let payment = try await number("visma/pay", paid, "payment")
        #expect(try row("Invoice", first)["balance"]?.stringValue == "100.00")
        #expect(try await order("visma/payment/release", #"{"payment":"\#(payment)"}"#).status == 200)
        #expect(try row("Invoice", first)["balance"]?.stringValue == "0.00")
        #expect(try row("Payment", payment)["available"]?.stringValue == "40.50")
        let more = #"{"payment":"\#(payment)","invoice":"\#(second)","amount":"40.50"}"#
        #expect(try await order("visma/payment/apply", more).status == 200)
        #expect(try row("Invoice", second)["balance"]?.stringValue == "49.50")
        #expect(try row("Payment", payment)["status"]?.stringValue == "Closed")
        let rest = try await number("visma/invoice/write-off", #"{"invoice":"\#(second)"}"#, "payment")
        #expect(try row("Invoice", second)["status"]?.stringValue == "Closed")
        #expect(try row("SmallBalanceWo", rest)["amount"]?.stringValue == "49.50")
        #expect(try await order("visma/payment/void", #"{"payment":"\#(payment)"}"#).status == 200)
        #expect(try row("Invoice", first)["balance"]?.stringValue == "100.00")
        #expect(try row("Invoice", second)["balance"]?.stringValue == "50.50")
        #expect(try row("VoidPayment", payment)["status"]?.stringValue == "Closed")
        let draft = try await number(
            "visma/pay", #"{"invoices":[{"invoice":"\#(first)","amount":"1"}],"hold":true}"#, "payment")
        #expect(try await order("visma/payment/delete", #"{"payment":"\#(draft)"}"#).status == 200)
        #expect(try await order("visma/payment/void", #"{"payment":"\#(draft)"}"#).status == 400)
    }

    @Test("Invoices are credited, reversed, replaced and marked; credit notes are used and paid back")
    func documents() async throws {
        let customer = try await number("visma/customer", #"{"name":"Fjell AS"}"#, "customer")
        let sale = #"{"customer":"\#(customer)","total":"100.00"}"#
        let first = try await number("visma/invoice", sale, "invoice")
        let credit = #"{"invoice":"\#(first)","amount":"30.00","text":"Return of \#(first)"}"#
        let note = try await number("visma/credit-note", credit, "credit_note")
        #expect(try row("CreditNote", note)["text"]?.stringValue == "Return of \(first)")
        let use = #"{"credit_note":"\#(note)","invoice":"\#(first)","amount":"20.00"}"#
        #expect(try await order("visma/credit-note/apply", use).status == 200)
        let back = #"{"credit_note":"\#(note)","amount":"10.00","reference":"re_1","cash_account":"1580"}"#
        let refund = try await number("visma/refund", back, "refund")
        #expect(try row("Refund", refund)["reference"]?.stringValue == "re_1")
        #expect(try row("CreditNote", note)["status"]?.stringValue == "Closed")
        let reversal = try await number("visma/invoice/reverse", #"{"invoice":"\#(first)"}"#, "credit_note")
        #expect(try row("Invoice", first)["status"]?.stringValue == "Closed")
        #expect(try row("CreditNote", reversal)["balance"]?.stringValue == "20.00")
        let second = try await number("visma/invoice", sale, "invoice")
        let correction = #"{"invoice":"\#(second)","customer":"\#(customer)","total":"90.00"}"#
        let replaced = try await number("visma/invoice/correct", correction, "invoice")
        #expect(try row("Invoice", second)["balance"]?.stringValue == "0.00")
        #expect(try row("Invoice", replaced)["total"]?.stringValue == "90.00")
        let mark = #"{"invoice":"\#(replaced)","exclude_debt_collection":true}"#
        #expect(try await order("visma/invoice/mark", mark).status == 200)
        #expect(try row("Invoice", replaced)["exclude_debt_collection"]?.boolValue == true)
        let renamed = #"{"customer":"\#(customer)","name":"Fjell Bygg AS","number":"777"}"#
        #expect(try await number("visma/customer/change", renamed, "customer") == "777")
        #expect(try row("Invoice", replaced)["customer"]?.stringValue == "777")
        #expect(try await order("visma/invoice/correct", correction).status == 400)
    }

    @Test("A period is closed and opened")
    func periods() async throws {
        #expect(try await number("visma/period/close", #"{"period":"202610"}"#, "period") == "202610")
        #expect(try await order("visma/period/close", #"{"period":"10-2026"}"#).status == 400)
        #expect(try await order("visma/period/open", #"{"period":"202610"}"#).status == 200)
    }

    @Test(
        "What is missing or unknown is refused by name and changes nothing",
        arguments: [
            ("visma/customer", "{}", "name"), ("visma/invoice", #"{"total":"1.00"}"#, "customer"),
            ("visma/invoice", #"{"customer":"404","total":"1.00"}"#, "404"), ("visma/refunds", "{}", "visma/refunds"),
            ("visma/invoice", "{", "JSON"),
        ])
    func refused(_ action: String, _ body: String, _ named: String) async throws {
        let answer = try await order(action, body)
        #expect(answer.status == 400)
        #expect(answer.body["error"]?.stringValue?.contains(named) == true)
        #expect(visma.books().isEmpty)
    }
}
