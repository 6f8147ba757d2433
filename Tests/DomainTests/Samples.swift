import Foundation

@testable import Domain

/// One invoice of 1000.00 NOK with 25 % VAT, and everything around it, to be changed by a test in one place.
enum Samples {
    static let document = DocumentRef(type: .invoice, number: "000224")
    static let invoice = StripeInvoiceID("in_1")
    static let charge = ChargeID("ch_1")
    static let customer = StripeCustomerID("cus_1")
    /// 2026-11-22, one o'clock in the afternoon in Oslo.
    static let now = Timestamp(unixSeconds: 1_795_348_800)
    static let link = "https://invoice.stripe.test/i/1"

    static func kroner(_ amount: Int64) -> Money { Money(minorUnits: amount * 100, currency: .nok) }
    static func ore(_ amount: Int64) -> Money { Money(minorUnits: amount, currency: .nok) }

    static func date(_ text: String) -> LocalDate { LocalDate(text) ?? LocalDate(daysSince1970: 0) }

    static func line(_ number: Int, _ amount: Money, vat: String? = "3") -> Receivable.Line {
        Receivable.Line(number: number, description: "Line \(number)", quantity: 1, amount: amount, vatCode: vat)
    }

    static func tax(_ code: String, _ rate: Decimal, taxable: Money, _ amount: Money) -> Receivable.TaxDetail {
        Receivable.TaxDetail(vatCode: code, description: "VAT \(rate) %", rate: rate, taxable: taxable, amount: amount)
    }

    static func receivable() -> Receivable {
        Receivable(
            document: document, status: "Open",
            customer: .init(number: VismaCustomerNumber("10001"), name: "Fjord Handel AS"), branch: "1",
            location: "Main", currency: .nok, documentDate: date("2026-11-20"), dueDate: date("2026-12-20"),
            total: kroner(1250), balance: kroner(1250), vatTotal: kroner(250), rounding: kroner(0),
            lines: [line(1, kroner(1000))], taxes: [tax("3", 25, taxable: kroner(1000), kroner(250))],
            version: RowVersion(modified: "2026-11-20T10:00:00", stamp: "AAAA"))
    }

    static func visma(email: String? = "faktura@fjord.test") -> VismaCustomer {
        VismaCustomer(
            internalID: 77, number: VismaCustomerNumber("10001"), name: "Fjord Handel AS", email: email,
            phone: "+47 22 00 00 00",
            address: .init(line1: "Kaia 1", line2: nil, postalCode: "0150", city: "Oslo", country: "NO"))
    }

    static func policy() -> Policy {
        var policy = Policy(
            timeZone: "Europe/Oslo", startDate: date("2026-01-01"),
            posting: PostingPolicy(cashAccounts: ["NOK": "1512"], paymentMethod: "10"))
        policy.invoice.numberPrefix = "N-"
        return policy
    }

    static func collection(_ status: String = "open") -> Domain.Collection {
        Domain.Collection(
            invoice: invoice, customer: customer, status: status, currency: .nok, total: kroner(1250),
            amountDue: kroner(1250), amountPaid: kroner(0), amountRemaining: kroner(1250), lineCount: 1,
            number: "N-000224", hostedURL: link, createdAt: now)
    }

    static func payment(_ id: String = "inpay_1", _ amount: Money = kroner(1250), status: String = "paid")
        -> Domain.Collection.Payment
    {
        Domain.Collection.Payment(
            id: InvoicePaymentID(id), status: status, amountRequested: amount, amountPaid: amount, paidAt: now,
            source: .intent(PaymentIntentID("pi_of_" + id)))
    }

    static func booking(
        _ state: Booking.State, _ id: String = "inpay_1", amount: Money = kroner(1250), applied: Money? = nil,
        number: String = "P1"
    ) -> Booking {
        Booking(
            subject: .document(document), cause: id, state: state, amount: amount, applied: applied ?? amount,
            number: VismaNumber(number), reference: "pi_of_" + id)
    }

    static func application(_ number: String = "P1", _ amount: Money = kroner(1250), voided: Bool = false)
        -> Receivable.Application
    {
        Receivable.Application(
            documentType: "Payment", number: number, amount: amount, isReleased: true, isVoided: voided,
            paymentReference: nil)
    }

    static func vismaPayment(_ status: String, _ number: String = "P1") -> VismaPayment {
        VismaPayment(
            number: VismaNumber(number), type: "Payment", status: status, reference: "pi_of_inpay_1",
            customer: VismaCustomerNumber("10001"), amount: kroner(1250), applicationDate: date("2026-11-22"),
            applications: [], version: RowVersion(modified: "", stamp: ""))
    }

    static func failedCharge(_ id: String = "ch_1", at: Timestamp = now, message: String? = "Your card was declined.")
        -> Domain.Collection.Charge
    {
        Domain.Collection.Charge(
            id: ChargeID(id), intent: nil, amount: kroner(1250), status: "failed", failureCode: "card_declined",
            failureMessage: message, createdAt: at, isDisputed: false, amountRefunded: kroner(0))
    }

    static func paidCharge(refunded: Money = kroner(0)) -> Domain.Collection.Charge {
        Domain.Collection.Charge(
            id: charge, intent: nil, amount: kroner(1250), status: "succeeded", failureCode: nil, failureMessage: nil,
            createdAt: now, isDisputed: false, amountRefunded: refunded)
    }

    static func dispute(_ status: String, id: String = "dp_1") -> Domain.Collection.Dispute {
        Domain.Collection.Dispute(
            id: DisputeID(id), charge: charge, amount: kroner(1250), reason: "fraudulent", status: status,
            evidenceDueBy: now.adding(seconds: 7 * 86_400), createdAt: now)
    }

    static func effect(
        _ step: String, cause: String, _ state: Effect.State, revision: Int = 1, attempt: Int = 1,
        sentAt: Timestamp = now,
        failure: String? = nil
    ) -> Effect {
        Effect(
            key: EffectKey("\(step)/\(cause)/\(revision)/\(attempt)"), subject: .document(document), revision: revision,
            step: step, cause: cause, attempt: attempt, state: state, term: 1, sentAt: sentAt, deadlineAt: sentAt,
            failure: failure)
    }

    static func link(_ state: Link.State, revision: Int = 1, hasInvoice: Bool = true) -> Link {
        Link(
            document: document, state: state, revision: revision, vismaCustomer: VismaCustomerNumber("10001"),
            currency: .nok, stripeCustomer: customer, invoice: hasInvoice ? invoice : nil,
            pushedAmount: hasInvoice ? 125_000 : nil)
    }

    /// Known to both, nothing in Stripe yet.
    static func before() -> Situation {
        Situation(
            tenant: TenantID("demo"), company: "company-1", document: document, receivable: receivable(),
            link: link(.seen, hasInvoice: false),
            customer: .found(customer, visma: visma(), rule: "link", hasEmail: true), policy: policy(), now: now)
    }

    /// A draft in Stripe that has its lines.
    static func drafted() -> Situation {
        var situation = before()
        situation.link = link(.drafted)
        situation.collection = collection("draft")
        return situation
    }

    /// Finalized, unpaid, and the record on the Visma invoice is as it should be.
    static func collecting() -> Situation {
        var situation = before()
        situation.link = link(.collecting)
        situation.collection = collection()
        situation.receivable?.note = InvoiceRecord.note("Call before delivery.", with: "Payment link \(link)")
        return situation
    }

    /// Paid in full in Stripe, nothing booked yet.
    static func paid() -> Situation {
        var situation = collecting()
        situation.collection?.status = "paid"
        situation.collection?.amountPaid = kroner(1250)
        situation.collection?.amountRemaining = kroner(0)
        situation.collection?.payments = [payment()]
        return situation
    }

    /// Paid in Stripe, booked and released in Visma, equal on both sides.
    static func booked() -> Situation {
        var situation = paid()
        situation.bookings = [booking(.booked)]
        situation.receivable?.status = "Closed"
        situation.receivable?.balance = kroner(0)
        situation.receivable?.applications = [application()]
        return situation
    }
}
