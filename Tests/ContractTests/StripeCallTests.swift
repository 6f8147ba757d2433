import Domain
import LibCrypto
import Outbound
import Simulation
import Stripe
import Synchronization
import Testing

/// Answers each call with what its address asks for, as empty as it may be, and keeps what was sent.
private final class EmptyStripe: Transport {
    private let kept = Mutex<[OutboundRequest]>([])
    var sent: [OutboundRequest] { kept.withLock { $0 } }

    func send(_ request: OutboundRequest) async throws(TransportFailure) -> OutboundResponse {
        kept.withLock { $0.append(request) }
        let amounts = #""currency":"nok","amount":1,"created":1795000000"#
        let intent = #"{"id":"pi_1","latest_charge":"ch_1"}"#
        let body =
            switch request.path {
            case "/v1/payouts/po_1": #"{"id":"po_1","status":"paid","arrival_date":1,"automatic":true,\#(amounts)}"#
            case "/v1/country_specs/NO": #"{"supported_payment_currencies":[]}"#
            case "/v1/charges":
                #"{"has_more":false,"data":[{"id":"ch_1","status":"succeeded","disputed":true,"amount_refunded":1,"#
                    + #"\#(amounts)}]}"#
            case "/v1/charges/ch_1":
                #"{"id":"ch_1","status":"succeeded","disputed":false,"amount_refunded":0,\#(amounts)}"#
            case "/v1/invoices/in_1":
                #"{"id":"in_1","customer":"cus_1","total":1,"amount_due":1,"amount_paid":0,"amount_remaining":1,"#
                    + #""starting_balance":0,"pre_payment_credit_notes_amount":1,"lines":{"data":[],"has_more":false},"#
                    + #""payments":{"has_more":false,"data":[{"id":"inpay_1","invoice":"in_1","status":"open","#
                    + #""currency":"nok","amount_requested":1,"status_transitions":{},"#
                    + #""payment":{"type":"payment_intent","payment_intent":\#(intent)}}]},\#(amounts)}"#
            default: #"{"has_more":false,"data":[]}"#
            }
        return OutboundResponse(status: 200, body: Array(body.utf8))
    }
}

@Suite("Every call to Stripe, against its API description", .enabled(if: OpenAPIDescription.arePresent))
struct StripeCallTests {
    private let transport = EmptyStripe()
    private var stripe: StripeClient {
        StripeClient(
            settings: StripeSettings(origin: MemoryTransport.stripeOrigin, timeoutMilliseconds: 1, mode: .test),
            transport: transport, key: { Secret("rk_test_51abcDEF") }, now: { moment })
    }
    private let moment = Timestamp(unixSeconds: 1_795_000_000)
    private let invoice = StripeInvoiceID("in_1")

    @Test("What tells Stripe about the books: known parameters of the right kind, and all that are required")
    func writes() async throws {
        let report = PaymentReport(
            customer: StripeCustomerID("cus_1"), amount: Money(minorUnits: 5, currency: .nok), paidAt: moment,
            reference: "Payment:1", metadata: ["mlc_tenant": "nord"])
        let credit = StripeCreditDraft(
            invoice: invoice, amount: Money(minorUnits: 5, currency: .nok), memo: "Kreditnota", metadata: [:])
        let draft = InvoiceDraft(
            customer: StripeCustomerID("cus_1"), currency: .nok, dueAt: moment, effectiveAt: moment, number: "V-1",
            memo: "a", footer: "b", customFields: [], metadata: [:])
        for call in [
            try StripeRequests.sendInvoice(invoice, key: "k"), try StripeRequests.payOutOfBand(invoice, key: "k"),
            try StripeRequests.markUncollectible(invoice, key: "k"),
            try StripeRequests.attachPayment(invoice, record: "pr_1", key: "k"),
            try StripeRequests.reportPayment(report, key: "k"), try StripeRequests.createCreditNote(credit, key: "k"),
            try StripeRequests.createInvoice(draft, key: "k"),
        ] {
            _ = try await stripe.perform(call)
        }
        try check(7)
    }

    @Test("What is read for one invoice, and what is read of the account")
    func reads() async throws {
        _ = try await stripe.collection(invoice)
        _ = try await stripe.charge(ChargeID("ch_1"))
        _ = try await stripe.payout(PayoutID("po_1"))
        _ = try await stripe.payouts(createdFrom: moment)
        _ = try await stripe.paymentRecords(createdFrom: moment)
        _ = try await stripe.customersPage(after: StripeCustomerID("cus_1"), limit: 100)
        _ = try await stripe.customerBalance(StripeCustomerID("cus_1"), .nok)
        _ = try await stripe.supportedCurrencies(country: "NO")
        _ = try await stripe.accountCountry()
        try check(15)
    }

    private func check(_ count: Int) throws {
        let description = try OpenAPIDescription.stripe()
        #expect(transport.sent.count == count)
        for request in transport.sent { #expect(description.problems(of: request) == [], "\(request.url)") }
    }
}
