import Domain
import Outbound
import Stripe
import Testing

@Suite("An invoice in Stripe and what hangs on it")
struct CollectionTests {
    private let touched = #"{"type":"payment_intent","payment_intent":{"id":"pi_1","latest_charge":"ch_1"}}"#
    private let untouched = #"{"type":"payment_intent","payment_intent":{"id":"pi_0","latest_charge":null}}"#

    @Test("an untouched invoice is one read")
    func untouchedInvoice() async throws {
        let transport = ScriptedTransport(bodies: [
            invoiceJSON(payments: list([paymentJSON(id: "inpay_1", settlement: untouched)]))
        ])
        let collection = try #require(try await client(transport).collection(StripeInvoiceID("in_1")))
        #expect(
            transport.targets == [
                "GET /v1/invoices/in_1?expand[]=payments&expand[]=payments.data.payment.payment_intent"
            ])
        #expect(collection.customer == StripeCustomerID("cus_1"))
        #expect(collection.status == "open")
        #expect(collection.total == Money(minorUnits: 125_000, currency: .nok))
        #expect(collection.amountRemaining == Money(minorUnits: 125_000, currency: .nok))
        #expect(collection.number == "V-000224")
        #expect(collection.metadata == ["mlc_tenant": "nord"])
        #expect(collection.payments.map(\.source) == [.intent(PaymentIntentID("pi_0"))])
        #expect(collection.payments[0].amountPaid.isZero)
        #expect(collection.payments[0].paidAt == nil)
        #expect(collection.charges.isEmpty)
    }

    @Test("a paid invoice is two reads; charges come oldest first")
    func paidInvoice() async throws {
        let transport = ScriptedTransport(bodies: [
            invoiceJSON(
                status: "paid",
                payments: list([paymentJSON(id: "inpay_1", settlement: touched, status: "paid", paid: "125000")])),
            list([
                chargeJSON(id: "ch_2", movement: movementJSON(id: "txn_1", amount: 125_000, fee: 2105, source: "ch_2")),
                chargeJSON(id: "ch_1", status: "failed", created: 1_795_000_010),
            ]),
        ])
        let collection = try #require(try await client(transport).collection(StripeInvoiceID("in_1")))
        #expect(
            transport.targets.dropFirst() == [
                "GET /v1/charges?payment_intent=pi_1&expand[]=data.balance_transaction&limit=100"
            ])
        #expect(collection.payments[0].paidAt == Timestamp(unixSeconds: 1_795_000_100))
        #expect(collection.payments[0].amountPaid.minorUnits == 125_000)
        #expect(collection.charges.map(\.id.rawValue) == ["ch_1", "ch_2"])
        #expect(collection.charges[0].failureCode == "card_declined")
        #expect(collection.charges[0].failureMessage == "Your card was declined.")
        #expect(collection.charges[0].movement == nil)
        #expect(collection.charges[1].status == "succeeded")
        #expect(
            collection.charges[1].movement
                == BalanceMovement(
                    id: BalanceTransactionID("txn_1"), type: "charge",
                    amount: Money(minorUnits: 125_000, currency: .nok), fee: Money(minorUnits: 2105, currency: .nok),
                    source: "ch_2", text: nil, createdAt: Timestamp(unixSeconds: 1_795_000_060)))
        #expect(collection.disputes.isEmpty)
    }

    @Test("a disputed invoice is three reads, and a deadline of zero is none")
    func disputedInvoice() async throws {
        func dispute(_ id: String, due: String, movements: String = "") -> String {
            #"{"id":"\#(id)","object":"dispute","charge":"ch_1","payment_intent":"pi_1","amount":125000,"#
                + #""currency":"nok","reason":"fraudulent","status":"needs_response","created":1795000200,"#
                + #""evidence_details":{"due_by":\#(due)},"balance_transactions":[\#(movements)]}"#
        }
        let twice = [paymentJSON(id: "inpay_1", settlement: touched), paymentJSON(id: "inpay_2", settlement: touched)]
        let transport = ScriptedTransport(bodies: [
            invoiceJSON(status: "paid", payments: list(twice)), list([chargeJSON(id: "ch_1", disputed: true)]),
            list([
                dispute("dp_2", due: "0"),
                dispute(
                    "dp_1", due: "1796000000",
                    movements: [
                        movementJSON(id: "txn_2", amount: 125_000, fee: 0, source: "dp_1", created: 1_795_900_000),
                        movementJSON(id: "txn_1", amount: -125_000, fee: 1500, source: "dp_1"),
                    ].joined(separator: ",")),
            ]),
        ])
        let collection = try #require(try await client(transport).collection(StripeInvoiceID("in_1")))
        #expect(transport.targets.last == "GET /v1/disputes?payment_intent=pi_1&limit=100")
        #expect(transport.sent.count == 3)
        #expect(collection.charges[0].isDisputed)
        #expect(collection.disputes.map(\.id.rawValue) == ["dp_1", "dp_2"])
        #expect(collection.disputes[0].evidenceDueBy == Timestamp(unixSeconds: 1_796_000_000))
        #expect(collection.disputes[1].evidenceDueBy == nil)
        #expect(collection.disputes[0].charge == ChargeID("ch_1"))
        #expect(collection.disputes[0].movements.map(\.id.rawValue) == ["txn_1", "txn_2"])
        #expect(collection.disputes[0].movements[0].net == Money(minorUnits: -126_500, currency: .nok))
        #expect(collection.disputes[1].movements.isEmpty)
        #expect(collection.refunds.isEmpty)
    }

    @Test("money that came past Stripe and an old charge without an intent")
    func otherSettlements() async throws {
        let transport = ScriptedTransport(bodies: [
            invoiceJSON(
                payments: list([
                    paymentJSON(id: "inpay_1", settlement: #"{"type":"payment_record","payment_record":"pr_1"}"#),
                    paymentJSON(id: "inpay_2", settlement: #"{"type":"something_new"}"#),
                    paymentJSON(id: "inpay_3", settlement: #"{"type":"charge","charge":"ch_9"}"#),
                ])),
            chargeJSON(id: "ch_9", disputed: true), list([]),
        ])
        let collection = try #require(try await client(transport).collection(StripeInvoiceID("in_1")))
        #expect(
            collection.payments.map(\.source) == [
                .outsideStripe("pr_1"), .outsideStripe(nil), .charge(ChargeID("ch_9")),
            ])
        #expect(
            transport.targets.dropFirst() == [
                "GET /v1/charges/ch_9?expand[]=balance_transaction", "GET /v1/disputes?charge=ch_9&limit=100",
            ])
    }

    /// Everything that a paid invoice answers beside `extra`.
    private func paid(_ extra: String) -> String {
        let payments = list([paymentJSON(id: "inpay_1", settlement: touched, status: "paid", paid: "125000")])
        return String(invoiceJSON(status: "paid", payments: payments).dropLast()) + "," + extra + "}"
    }

    private func refund(_ id: String, status: String, created: Int) -> String {
        #"{"id":"\#(id)","object":"refund","charge":"ch_1","payment_intent":"pi_1","amount":5000,"currency":"nok","#
            + #""status":\#(status),"failure_reason":\#(status == "\"failed\"" ? "\"declined\"" : "null"),"#
            + #""created":\#(created)}"#
    }

    @Test("refunds are read when a charge says that there are some, oldest first")
    func refunds() async throws {
        let transport = ScriptedTransport(bodies: [
            paid(#""amount_overpaid":0"#), list([chargeJSON(id: "ch_1", refunded: 5000)]),
            list([
                refund("re_2", status: #""failed""#, created: 1_795_000_400),
                refund("re_1", status: #""succeeded""#, created: 1_795_000_300),
                refund("re_0", status: "null", created: 1_795_000_200),
            ]),
        ])
        let collection = try #require(try await client(transport).collection(StripeInvoiceID("in_1")))
        #expect(transport.targets.dropFirst(2) == ["GET /v1/refunds?payment_intent=pi_1&limit=100"])
        #expect(collection.charges[0].amountRefunded == Money(minorUnits: 5000, currency: .nok))
        #expect(collection.refunds.map(\.id.rawValue) == ["re_0", "re_1", "re_2"])
        #expect(collection.refunds.map(\.status) == ["unknown", "succeeded", "failed"])
        #expect(collection.refunds[2].failureReason == "declined")
        #expect(collection.refunds[2].amount == Money(minorUnits: 5000, currency: .nok))
        #expect(collection.refunds[2].charge == ChargeID("ch_1"))
        #expect(collection.refunds[2].intent == PaymentIntentID("pi_1"))
    }

    @Test("refunds that failed are in no amount any more: they are read for whoever asks, unless nothing was tried")
    func refundsAsked() async throws {
        let transport = ScriptedTransport(bodies: [
            paid(#""amount_overpaid":0"#), list([chargeJSON(id: "ch_1")]),
            list([refund("re_1", status: #""failed""#, created: 1_795_000_300)]),
            invoiceJSON(payments: list([paymentJSON(id: "inpay_1", settlement: untouched)])),
        ])
        let stripe = client(transport)
        let collection = try await stripe.collection(StripeInvoiceID("in_1"), withRefunds: true)
        #expect(collection?.refunds.map(\.status) == ["failed"])
        #expect(try await stripe.collection(StripeInvoiceID("in_1"), withRefunds: true)?.refunds == [])
        #expect(transport.sent.count == 4)
    }

    @Test("credit notes are read when they took something off, before or after the payment")
    func creditNotes() async throws {
        let note =
            #"{"id":"cn_1","object":"credit_note","number":"V-1-CN-01","total":300,"amount":300,"currency":"nok","#
            + #""status":"issued","metadata":{"mlc_effect":"k"},"type":"mixed","#
            + #""pre_payment_amount":100,"post_payment_amount":200,"#
            + #""refunds":[{"amount_refunded":150,"refund":"re_1","type":"refund"}]}"#
        let transport = ScriptedTransport(bodies: [
            paid(
                #""pre_payment_credit_notes_amount":100,"post_payment_credit_notes_amount":200,"amount_overpaid":7,"#
                    + #""amount_paid_off_stripe":5,"something_new":{"a":[1]}"#),
            list([chargeJSON(id: "ch_1")]), list([note]),
        ])
        let collection = try #require(try await client(transport).collection(StripeInvoiceID("in_1")))
        #expect(transport.targets.dropFirst(2) == ["GET /v1/credit_notes?invoice=in_1&limit=100"])
        #expect(collection.amountCredited == Money(minorUnits: 300, currency: .nok))
        #expect(collection.amountOverpaid == Money(minorUnits: 7, currency: .nok))
        #expect(
            collection.creditNotes == [
                .init(
                    id: "cn_1", number: "V-1-CN-01", amount: Money(minorUnits: 300, currency: .nok), status: "issued",
                    metadata: ["mlc_effect": "k"], givenBack: Money(minorUnits: 50, currency: .nok))
            ])
    }

    @Test(
        "money on its way is seen from the payment intent",
        arguments: [
            (#""status":"processing","latest_charge":"ch_1","amount":125000,"amount_received":0"#, "processing", false),
            (
                #""status":"requires_action","latest_charge":null,"amount":125000,"amount_received":0,"#
                    + #""next_action":{"type":"display_bank_transfer_instructions","#
                    + #""display_bank_transfer_instructions":{"amount_remaining":25000}}"#, "requires_action", true
            ),
            (
                #""status":"requires_action","latest_charge":null,"amount":125000,"amount_received":0,"#
                    + #""next_action":{"type":"display_bank_transfer_instructions","#
                    + #""display_bank_transfer_instructions":{"amount_remaining":125000}}"#, "requires_action", false
            ),
            (
                #""status":"requires_action","latest_charge":null,"amount":125000,"amount_received":1,"#
                    + #""next_action":null"#, "requires_action", true
            ),
            (
                #""status":"succeeded","latest_charge":"ch_1","amount":125000,"amount_received":125000"#, "succeeded",
                false
            ),
            (#""status":"a_new_one","latest_charge":null"#, "a_new_one", false),
        ])
    func funding(intent: String, status: String, isPartlyFunded: Bool) async throws {
        let settlement = #"{"type":"payment_intent","payment_intent":{"id":"pi_1",\#(intent)}}"#
        let transport = ScriptedTransport(bodies: [
            invoiceJSON(payments: list([paymentJSON(id: "inpay_1", settlement: settlement)])), list([]),
        ])
        let collection = try #require(try await client(transport).collection(StripeInvoiceID("in_1")))
        #expect(collection.payments[0].intentStatus == status)
        #expect(collection.payments[0].isPartlyFunded == isPartlyFunded)
        #expect(collection.payments[0].isInFlight == (isPartlyFunded || status == "processing"))
        #expect(transport.sent.count == (intent.contains("ch_1") ? 2 : 1))
    }
}
