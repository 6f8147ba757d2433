import Domain
import Stripe
import Testing

@Suite("Events, of which only ids are read")
struct EventEnvelopeTests {
    private func parse(_ object: String, type: String = "x.y") throws -> EventEnvelope {
        try EventEnvelope.parse(
            Array(
                (#"{"id":"evt_1","object":"event","type":"\#(type)","account":"acct_1","livemode":true,"#
                    + #""created":1795000000,"data":{"object":\#(object)}}"#).utf8))
    }

    @Test("the envelope's own fields")
    func envelope() throws {
        let event = try parse(#"{"id":"in_1","object":"invoice","customer":"cus_1"}"#, type: "invoice.paid")
        #expect(event.id == "evt_1")
        #expect(event.type == "invoice.paid")
        #expect(event.account == "acct_1")
        #expect(event.livemode)
        #expect(event.createdAt == Timestamp(unixSeconds: 1_795_000_000))
        #expect(
            event.objects
                == .init(
                    kind: "invoice", id: "in_1", invoice: StripeInvoiceID("in_1"), customer: StripeCustomerID("cus_1")))
    }

    @Test("an invoice payment leads to its invoice and intent")
    func invoicePayment() throws {
        let objects = try parse(
            #"{"id":"inpay_1","object":"invoice_payment","invoice":"in_1","#
                + #""payment":{"type":"payment_intent","payment_intent":"pi_1"}}"#
        ).objects
        #expect(objects.id == "inpay_1")
        #expect(objects.invoice == StripeInvoiceID("in_1"))
        #expect(objects.intent == PaymentIntentID("pi_1"))
        #expect(objects.charge == nil)
    }

    @Test("an invoice payment of an old charge leads to the charge")
    func invoicePaymentOfCharge() throws {
        let objects = try parse(
            #"{"id":"inpay_1","object":"invoice_payment","invoice":"in_1","payment":{"type":"charge","#
                + #""charge":{"id":"ch_1"}}}"#
        ).objects
        #expect(objects.charge == ChargeID("ch_1"))
    }

    @Test("a charge in the old shape names its invoice, in the new one only its intent, expanded or not")
    func charges() throws {
        let old = try parse(#"{"id":"ch_1","object":"charge","invoice":"in_1","payment_intent":"pi_1"}"#).objects
        #expect(old.invoice == StripeInvoiceID("in_1"))
        #expect(old.charge == ChargeID("ch_1"))
        let new = try parse(
            #"{"id":"ch_1","object":"charge","payment_intent":{"id":"pi_1","object":"payment_intent"}}"#)
        #expect(new.objects.invoice == nil)
        #expect(new.objects.intent == PaymentIntentID("pi_1"))
    }

    @Test("disputes and refunds lead to charge and intent, also when one of them is null")
    func disputes() throws {
        let dispute = try parse(#"{"id":"dp_1","object":"dispute","charge":"ch_1","payment_intent":"pi_1"}"#).objects
        #expect(dispute.kind == "dispute")
        #expect(dispute.charge == ChargeID("ch_1"))
        #expect(dispute.intent == PaymentIntentID("pi_1"))
        let refund = try parse(#"{"id":"re_1","object":"refund","charge":null,"payment_intent":"pi_1"}"#).objects
        #expect(refund.charge == nil)
        #expect(refund.intent == PaymentIntentID("pi_1"))
    }

    @Test("an intent and a customer are their own ids")
    func ownIDs() throws {
        #expect(try parse(#"{"id":"pi_1","object":"payment_intent"}"#).objects.intent == PaymentIntentID("pi_1"))
        #expect(try parse(#"{"id":"cus_1","object":"customer"}"#).objects.customer == StripeCustomerID("cus_1"))
    }

    @Test("fields of an unexpected shape are absent, the rest still counts")
    func lenient() throws {
        let objects = try parse(
            #"{"id":7,"object":"charge","invoice":[1],"payment_intent":{"x":1},"customer":"cus_1"}"#
        )
        .objects
        #expect(objects == .init(kind: "charge", customer: StripeCustomerID("cus_1")))
        #expect(try parse("null").objects == .init())
    }

    @Test("an unknown type of an unknown object is data")
    func unknown() throws {
        let event = try parse(#"{"id":"zz_1","object":"zeppelin"}"#, type: "zeppelin.landed")
        #expect(event.type == "zeppelin.landed")
        #expect(event.objects == .init(kind: "zeppelin", id: "zz_1"))
    }

    @Test("before basil an invoice names its charge and intent, and an intent its invoice")
    func oldShapes() throws {
        let invoice = try parse(
            #"{"id":"in_1","object":"invoice","charge":"ch_1","payment_intent":{"id":"pi_1"}}"#
        ).objects
        #expect(invoice.charge == ChargeID("ch_1"))
        #expect(invoice.intent == PaymentIntentID("pi_1"))
        let intent = try parse(#"{"id":"pi_1","object":"payment_intent","invoice":"in_1"}"#).objects
        #expect(intent.invoice == StripeInvoiceID("in_1"))
    }

    @Test("a description is read of a customer only")
    func descriptions() throws {
        let customer = try parse(#"{"id":"cus_1","object":"customer","description":"Fjord Handel AS"}"#).objects
        #expect(customer.customerDescription == "Fjord Handel AS")
        #expect(
            try parse(#"{"id":"ch_1","object":"charge","description":"x"}"#).objects.customerDescription == nil)
    }

    @Test("an empty id is none")
    func emptyIDs() throws {
        #expect(try parse(#"{"id":"","object":"charge","payment_intent":""}"#).objects == .init(kind: "charge"))
    }

    @Test("a thin event points at its object")
    func thin() throws {
        let event = try EventEnvelope.parse(
            Array(
                (#"{"id":"evt_9","object":"v2.core.event","type":"v1.charge.dispute.created","#
                    + #""livemode":false,"created":"2026-11-22T10:00:05.123Z","related_object":{"id":"ch_1","#
                    + #""type":"charge","url":"/v1/charges/ch_1"}}"#).utf8), expecting: .thin)
        #expect(event.createdAt?.description == "2026-11-22T10:00:05Z")
        #expect(event.objects == .init(kind: "charge", id: "ch_1", charge: ChargeID("ch_1")))
        #expect(event.type == "charge.dispute.created")
    }

    @Test(
        "what is no event is refused with a reason",
        arguments: [
            (#"[]"#, WebhookFailure.wrongForm("it is not a JSON object")),
            (#"{}"#, .wrongForm(#"its "object" is neither event nor v2.core.event"#)),
            (#"{"object":"event","id":"evt_1","type":"a"}"#, .wrongForm("id, type or livemode is missing")),
            (#"{"object":"event","id":"","type":"a","livemode":true}"#, .wrongForm("id, type or livemode is missing")),
            (#"{"object":"event","id":"evt_1""#, .notJSON), ("", .emptyBody),
        ])
    func refused(body: String, failure: WebhookFailure) {
        #expect(throws: failure) { try EventEnvelope.parse(Array(body.utf8)) }
    }

    @Test("plain-talk names are translated")
    func aliases() {
        #expect(EventType.canonical("charge.completed") == "charge.succeeded")
        #expect(EventType.canonical("dispute.created") == "charge.dispute.created")
        #expect(EventType.canonical("charge.failed") == "charge.failed")
        #expect(Set(EventType.subscribed).count == EventType.subscribed.count)
        #expect(EventType.subscribed.allSatisfy { EventType.canonical($0) == $0 })
    }
}
