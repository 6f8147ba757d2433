import Domain
import Foundation
import Outbound
import Stripe
import Testing

@Suite("The bytes of what tells Stripe about the books")
struct SettlementRequestTests {
    private let invoice = StripeInvoiceID("in_1")

    /// The pairs of the body, unescaped, in their order.
    private func form(_ call: OutboundCall) -> [String] {
        String(decoding: call.body, as: UTF8.self).split(separator: "&").map {
            String($0).removingPercentEncoding ?? String($0)
        }
    }

    private func report(_ change: (inout PaymentReport) -> Void = { _ in }) -> PaymentReport {
        var report = PaymentReport(
            customer: StripeCustomerID("cus_1"), amount: Money(minorUnits: 40_000, currency: .nok),
            paidAt: Timestamp(unixSeconds: 1_795_000_000), reference: "Payment:000123",
            metadata: ["mlc_tenant": "nord"])
        change(&report)
        return report
    }

    private func credit(_ change: (inout StripeCreditDraft) -> Void = { _ in }) -> StripeCreditDraft {
        var draft = StripeCreditDraft(
            invoice: invoice, amount: Money(minorUnits: 12_500, currency: .nok), memo: "Kreditnota 000031",
            metadata: ["mlc_tenant": "nord"])
        change(&draft)
        return draft
    }

    private func refusal(_ make: () throws -> OutboundCall) -> String? {
        do {
            _ = try make()
            return nil
        } catch let error as ConnectorError {
            return error.disposition == .reject ? error.code : "not rejected"
        } catch {
            return "another error"
        }
    }

    @Test("send, paid out of band, uncollectible, attach")
    func actions() throws {
        let send = try StripeRequests.sendInvoice(invoice, key: "k")
        #expect(send.path == "/v1/invoices/in_1/send")
        #expect(send.body.isEmpty)
        let pay = try StripeRequests.payOutOfBand(invoice, key: "k")
        #expect(pay.path == "/v1/invoices/in_1/pay")
        #expect(form(pay) == ["paid_out_of_band=true", "expand[]=payments"])
        let mark = try StripeRequests.markUncollectible(invoice, key: "k")
        #expect(mark.path == "/v1/invoices/in_1/mark_uncollectible")
        #expect(mark.body.isEmpty)
        let attach = try StripeRequests.attachPayment(invoice, record: "pr_1", key: "k")
        #expect(attach.path == "/v1/invoices/in_1/attach_payment")
        #expect(form(attach) == ["payment_record=pr_1", "expand[]=payments"])
        for call in [send, pay, mark, attach] {
            #expect(call.method == "POST")
            #expect(call.idempotencyKey == "k")
        }
        #expect(refusal { try StripeRequests.attachPayment(invoice, record: "", key: "k") } == "stripe.empty_id")
        #expect(refusal { try StripeRequests.payOutOfBand(StripeInvoiceID(""), key: "k") } == "stripe.empty_id")
    }

    @Test("a reported payment: received, of a custom method named by its display name alone, marked by its key")
    func reportPayment() throws {
        let call = try StripeRequests.reportPayment(report(), key: "nord/k/1")
        #expect(call.path == "/v1/payment_records/report_payment")
        #expect(call.idempotencyKey == "nord/k/1")
        #expect(
            form(call) == [
                "amount_requested[value]=40000", "amount_requested[currency]=nok", "customer_details[customer]=cus_1",
                "initiated_at=1795000000", "outcome=guaranteed", "guaranteed[guaranteed_at]=1795000000",
                "payment_method_details[type]=custom",
                "payment_method_details[custom][display_name]=Recorded in Visma.net", "processor_details[type]=custom",
                "processor_details[custom][payment_reference]=Payment:000123", "metadata[mlc_effect]=nord/k/1",
                "metadata[mlc_tenant]=nord",
            ])
    }

    @Test("a credit note: one line of its own without tax, no e-mail, marked by its key")
    func createCreditNote() throws {
        let call = try StripeRequests.createCreditNote(credit(), key: "nord/k/1")
        #expect(call.path == "/v1/credit_notes")
        #expect(call.idempotencyKey == "nord/k/1")
        #expect(
            form(call) == [
                "invoice=in_1", "email_type=none", "lines[0][type]=custom_line_item",
                "lines[0][description]=Kreditnota 000031", "lines[0][quantity]=1", "lines[0][unit_amount]=12500",
                "memo=Kreditnota 000031", "metadata[mlc_effect]=nord/k/1", "metadata[mlc_tenant]=nord",
            ])
    }

    @Test("the mark is the key, whatever the draft says, and a long text of a credit note is cut")
    func marks() throws {
        let reported = try StripeRequests.reportPayment(report { $0.metadata["mlc_effect"] = "old" }, key: "new")
        #expect(form(reported).contains("metadata[mlc_effect]=new"))
        let long = try StripeRequests.createCreditNote(
            credit { $0.memo = String(repeating: "a", count: 5001) }, key: "k")
        #expect(form(long).contains("memo=" + String(repeating: "a", count: 4999) + "…"))
    }

    @Test("what Stripe would refuse is not sent")
    func limits() throws {
        let isk = try #require(Currency("ISK"))
        for amount in [
            (Int64(0), Currency.nok, "amount_not_positive"), (-1, .nok, "amount_not_positive"),
            (150, isk, "amount_step"), (1_000_000_000_000, .nok, "amount_too_large"),
        ] {
            let money = Money(minorUnits: amount.0, currency: amount.1)
            let code = "stripe.\(amount.2)"
            #expect(refusal { try StripeRequests.reportPayment(report { $0.amount = money }, key: "k") } == code)
            #expect(refusal { try StripeRequests.createCreditNote(credit { $0.amount = money }, key: "k") } == code)
        }
        #expect(
            refusal { try StripeRequests.reportPayment(report { $0.reference = "" }, key: "k") } == "stripe.empty_text")
        #expect(
            refusal { try StripeRequests.createCreditNote(credit { $0.memo = "" }, key: "k") } == "stripe.empty_text")
        #expect(
            refusal { try StripeRequests.createCreditNote(credit { $0.invoice = StripeInvoiceID("") }, key: "k") }
                == "stripe.empty_id")
        let many = Dictionary(uniqueKeysWithValues: (0..<50).map { ("k\($0)", "v") })
        #expect(
            refusal { try StripeRequests.reportPayment(report { $0.metadata = many }, key: "k") }
                == "stripe.too_much_metadata")
    }

    @Test("the answers: a record, a credit note, and what cannot be read is uncertain")
    func answers() throws {
        let record =
            #"{"id":"pr_1","amount_requested":{"value":40000,"currency":"nok"},"created":1795000000,"#
            + #""metadata":{"mlc_effect":"k"},"livemode":false}"#
        #expect(
            try StripeAnswers.paymentRecord(from: answer(200, record))
                == StripePaymentRecord(
                    id: "pr_1", amount: Money(minorUnits: 40_000, currency: .nok), metadata: ["mlc_effect": "k"],
                    createdAt: Timestamp(unixSeconds: 1_795_000_000)))
        let note = #"{"id":"cn_1","number":null,"total":12500,"currency":"nok","status":"issued"}"#
        let made = try StripeAnswers.creditNote(from: answer(200, note))
        #expect(made.id == "cn_1")
        #expect(made.amount == Money(minorUnits: 12_500, currency: .nok))
        for body in ["{}", note.replacing("nok", with: "krone"), record.replacing("nok", with: "krone")] {
            let errors = [
                #expect(throws: ConnectorError.self) { try StripeAnswers.creditNote(from: answer(200, body)) },
                #expect(throws: ConnectorError.self) { try StripeAnswers.paymentRecord(from: answer(200, body)) },
            ]
            for error in errors { #expect(error?.disposition == .uncertain) }
        }
    }
}
