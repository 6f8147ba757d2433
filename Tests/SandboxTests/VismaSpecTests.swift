import Sandbox
import Simulation
import Testing

/// Checks answers against the OpenAPI description that stands beside the repository. It is never copied in, so a
/// clone without that folder skips this suite.
@Suite("The simulated Visma.net against its API description", .enabled(if: OpenAPIDescription.arePresent))
struct VismaSpecTests {
    @Test("every answer has only known members of the right kind")
    func answers() throws {
        var behaviour = VismaBehaviour()
        behaviour.recordEdits = .noteAllowed
        let bench = try VismaBench(behaviour)
        let spec = try OpenAPIDescription.visma()
        let invoice = try bench.invoice()
        try bench.simulator.editNote(of: invoice, to: "n", in: VismaBench.tenant)
        let payment = try bench.pay(invoice, amount: "250")
        _ = try bench.release(payment)
        let note = try bench.simulator.addCreditNote(
            VismaInvoiceSeed(customer: "10001", date: "2026-11-02", lines: [VismaLineSeed("R", unitPrice: "80")]),
            in: VismaBench.tenant)
        let refund = try bench.simulator.addRefund(of: note, amount: "40", in: VismaBench.tenant)
        try bench.simulator.voidPayment(refund, type: "Refund", in: VismaBench.tenant)
        try bench.simulator.writeOff(invoice, amount: "1", in: VismaBench.tenant)
        try bench.simulator.changeMarks(of: invoice, in: VismaBench.tenant) {
            $0 = VismaInvoiceMarks(
                paymentMethod: "5", debtCollectionCase: "K", debtCollectionStatus: "S", directDebitMandate: "m")
        }
        let cash = """
            {"cashAccount":{"value":"1921"},"entryType":{"value":"FEE"},"documentRef":{"value":"t"},
             "cashTransactionDetails":[{"operation":"Insert","amount":{"value":1}}]}
            """
        let transaction = try bench.create("/v1/cashTransaction", cash)
        let expand = "expandApplications=true&expandTaxDetails=true&expandAttachments=true&expandInvoiceAddress=true"
        let lists: [(String, String, String)] = [
            ("/v1/customerinvoice", expand, "CustomerInvoiceDto"), ("/v1/customerPayment", "", "PaymentDto"),
            ("/v1/customerCreditNote", expand, "CustomerCreditNoteDto"), ("/v1/customer", "", "CustomerDto"),
            ("/v1/organization", "expandBranches=true", "ExtendedOrganizationDto"),
            ("/v1/branch", "expandCurrency=true", "BranchDto"), ("/v1/cashaccount", "", "CashAccountDto"),
            ("/v1/paymentmethod", "", "PaymentMethodDto"), ("/v1/cashTransaction", "", "CashTransactionDto"),
            ("/v1/financialPeriod", "", "FinancialPeriodDto"),
        ]
        for (path, query, schema) in lists {
            let rows = try #require(bench.json(path, query: query).elements)
            #expect(!rows.isEmpty)
            for row in rows { #expect(spec.problems(row, schema: schema) == [], "\(path)") }
        }
        for (path, schema) in [
            ("/v1/customerinvoice/\(invoice)", "CustomerInvoiceDto"), ("/v1/customerPayment/\(payment)", "PaymentDto"),
            ("/v1/customerCreditNote/\(note)", "CustomerCreditNoteDto"), ("/v1/customer/10001", "CustomerDto"),
        ] {
            #expect(spec.problems(try bench.json(path), schema: schema) == [], "\(path)")
        }
        let second = try bench.pay(nil, amount: "5")
        let released = try SandboxJSON.parse(bench.release(second).body)
        #expect(spec.problems(released, schema: "ReleasePaymentActionResultDto") == [])
        for (path, body, schema) in [
            ("/v1/customerPayment/\(second)/action/void", #"{"type":"Payment"}"#, "VoidPaymentActionResultDto"),
            ("/v1/cashTransaction/\(transaction)/action/release", "", "ReleaseCashTransactionActionResultDto"),
            (
                "/v1/cashTransaction/\(transaction)/action/reverse", #"{"returnCashTransaction":true}"#,
                "ReverseCashTransactionActionResultDto"
            ),
        ] {
            let answer = try bench.call("POST", path, body: body)
            #expect(answer.status == 200)
            #expect(spec.problems(try SandboxJSON.parse(answer.body), schema: schema) == [], "\(path)")
        }
    }

    @Test("the check itself finds an unknown member, a wrong kind, a wrong word and a zone")
    func bites() throws {
        let spec = try OpenAPIDescription.visma()
        for text in [
            #"{"colour":1}"#, #"{"amount":"1"}"#, #"{"status":"Paid"}"#, #"{"documentDate":"2026-11-01T00:00:00Z"}"#,
            #"{"customer":{"internal":1}}"#, #"{"note":null}"#,
        ] {
            #expect(spec.problems(try SandboxJSON.parse(text), schema: "CustomerInvoiceDto").count == 1, "\(text)")
        }
    }
}
