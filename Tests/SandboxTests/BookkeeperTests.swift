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
