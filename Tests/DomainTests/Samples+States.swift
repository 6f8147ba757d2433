@testable import Domain

/// Refunds, disputes, fees and settlements of the sample invoice.
extension Samples {
    static let intent = PaymentIntentID("pi_of_inpay_1")

    static func movement(
        _ id: String = "txn_1", _ amount: Money = kroner(1250), fee: Money = kroner(20), source: String? = "ch_1"
    ) -> BalanceMovement {
        BalanceMovement(
            id: BalanceTransactionID(id), type: source == nil ? "stripe_fee" : "charge", amount: amount, fee: fee,
            source: source, text: nil, createdAt: now)
    }

    static func charge(_ movement: BalanceMovement? = nil, amount: Money = kroner(1250)) -> Domain.Collection.Charge {
        var charge = paidCharge()
        charge.intent = intent
        charge.amount = amount
        charge.movement = movement
        return charge
    }

    static func refund(
        _ amount: Money = kroner(1250), _ status: String = "succeeded", id: String = "re_1", daysAgo: Int64 = 0
    ) -> Domain.Collection.Refund {
        Domain.Collection.Refund(
            id: RefundID(id), charge: charge, intent: intent, amount: amount, status: status,
            failureReason: status == "failed" ? "expired_or_canceled_card" : nil,
            createdAt: now.adding(seconds: -daysAgo * 86_400))
    }

    static func creditNote(
        _ number: String = "C1", _ balance: Money = kroner(1250), names: String = "Credit of invoice 000224",
        status: String = "Open"
    ) -> VismaCreditNote {
        VismaCreditNote(
            number: VismaNumber(number), status: status, customer: VismaCustomerNumber("10001"), total: balance,
            balance: balance, date: date("2026-11-22"), texts: [names], version: RowVersion(modified: "", stamp: ""))
    }

    static func refundDocument(
        _ number: String = "R1", reference: String? = nil, account: String? = "1512", amount: Money = kroner(1250)
    ) -> VismaPayment {
        VismaPayment(
            number: VismaNumber(number), type: "Refund", status: "Closed", reference: reference,
            customer: VismaCustomerNumber("10001"), amount: amount, cashAccount: account,
            applicationDate: date("2026-11-22"), applications: [], version: RowVersion(modified: "", stamp: ""))
    }

    static func posted(_ kind: Booking.Kind, _ number: String, _ total: Money = kroner(1250), status: String)
        -> PostedDocument
    {
        PostedDocument(
            kind: kind, number: VismaNumber(number), status: status, total: total,
            isReleased: status == "Open" || status == "Closed", isVoided: status == "Voided")
    }

    static func booking(
        _ state: Booking.State, of cause: String, _ kind: Booking.Kind, number: String, amount: Money = kroner(1250),
        for reason: Booking.VoidReason? = nil
    ) -> Booking {
        Booking(
            subject: .document(document), cause: cause, kind: kind, state: state, amount: amount, applied: amount,
            number: VismaNumber(number), reference: cause, voidedFor: reason)
    }

    static func settlement(
        _ application: String, _ amount: Money, _ way: Settlement.Way, object: String? = nil, isAttached: Bool = true
    ) -> Settlement {
        Settlement(
            application: application, amount: amount, whole: amount.minorUnits, way: way, stripeObject: object,
            isAttached: isAttached)
    }

    static func application(_ type: String, _ number: String, _ amount: Money) -> Receivable.Application {
        Receivable.Application(
            documentType: type, number: number, amount: amount, isReleased: true, isVoided: false,
            paymentReference: nil, date: date("2026-11-21"))
    }

    static func undo(_ cause: String) -> Request {
        Request(kind: .undo, cause: cause, reason: "wrong customer", actor: "kari", askedAt: now)
    }

    /// Paid, booked, equal on both sides, with the charge behind it; the record is not written here.
    static func settled() -> Situation {
        var situation = booked()
        situation.policy.writesInvoiceRecord = false
        situation.link = link(.settled)
        situation.collection?.charges = [charge()]
        situation.receivable?.lines[0].account = "3000"
        return situation
    }

    /// Settled, and refunded in Stripe in full.
    static func refunded(_ refund: Domain.Collection.Refund = refund()) -> Situation {
        var situation = settled()
        situation.link = link(.collecting)
        situation.collection?.refunds = [refund]
        return situation
    }

    /// Collected and unpaid, with `applications` that people made in Visma.
    static func settledInVisma(_ applications: [Receivable.Application], open: Money) -> Situation {
        var situation = collecting()
        situation.policy.writesInvoiceRecord = false
        situation.receivable?.applications = applications
        situation.receivable?.balance = open
        situation.receivable?.status = open.isZero ? "Closed" : "Open"
        return situation
    }
}
