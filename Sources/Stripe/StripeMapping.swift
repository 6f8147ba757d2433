import Domain
import Foundation
import Outbound

/// From Stripe's answers to the domain's values. Statuses and reasons pass through as they are: Stripe adds new ones
/// inside a version, and an unknown one is data.
enum StripeMapping {
    /// `lineCount` is exact up to the first page of lines inside the invoice (ten); above that it only says "more".
    static func collection(
        _ invoice: InvoiceAnswer, _ response: OutboundResponse, payments: [InvoicePaymentAnswer]? = nil
    ) throws(ConnectorError) -> Domain.Collection {
        let currency = try currency(invoice.currency, response)
        var mapped = [Domain.Collection.Payment]()
        for payment in payments ?? invoice.payments?.data ?? [] { mapped.append(try self.payment(payment, response)) }
        return Domain.Collection(
            invoice: StripeInvoiceID(invoice.id), customer: StripeCustomerID(invoice.customer.id),
            status: invoice.status ?? "unknown", currency: currency,
            total: Money(minorUnits: invoice.total, currency: currency),
            amountDue: Money(minorUnits: invoice.amountDue, currency: currency),
            amountPaid: Money(minorUnits: invoice.amountPaid, currency: currency),
            amountRemaining: Money(minorUnits: invoice.amountRemaining, currency: currency),
            startingBalance: invoice.startingBalance,
            lineCount: invoice.lines.data.count + (invoice.lines.hasMore ? 1 : 0),
            number: invoice.number, hostedURL: invoice.hostedURL, metadata: invoice.metadata ?? [:],
            createdAt: Timestamp(unixSeconds: invoice.created),
            amountOverpaid: Money(minorUnits: invoice.amountOverpaid ?? 0, currency: currency),
            amountCredited: Money(minorUnits: invoice.creditedBefore ?? 0, currency: currency)
                + Money(minorUnits: invoice.creditedAfter ?? 0, currency: currency),
            payments: mapped)
    }

    static func payment(
        _ payment: InvoicePaymentAnswer, _ response: OutboundResponse
    ) throws(ConnectorError) -> Domain.Collection.Payment {
        let currency = try currency(payment.currency, response)
        let source: Domain.Collection.Source =
            if let intent = payment.payment.intent {
                .intent(PaymentIntentID(intent.id))
            } else if let charge = payment.payment.charge {
                .charge(ChargeID(charge.id))
            } else {
                .outsideStripe(payment.payment.record?.id)
            }
        return Domain.Collection.Payment(
            id: InvoicePaymentID(payment.id), status: payment.status,
            amountRequested: Money(minorUnits: payment.amountRequested, currency: currency),
            amountPaid: Money(minorUnits: payment.amountPaid ?? 0, currency: currency),
            paidAt: payment.transitions.paidAt.map { Timestamp(unixSeconds: $0) }, source: source,
            intentStatus: payment.payment.intent?.object?.status,
            isPartlyFunded: payment.payment.intent?.object?.isPartlyFunded ?? false)
    }

    static func charge(
        _ charge: ChargeAnswer, _ response: OutboundResponse
    ) throws(ConnectorError) -> Domain.Collection.Charge {
        let currency = try currency(charge.currency, response)
        var movement: BalanceMovement?
        if let known = charge.movement?.object { movement = try self.movement(known, response) }
        return Domain.Collection.Charge(
            id: ChargeID(charge.id), intent: charge.intent.map { PaymentIntentID($0.id) },
            amount: Money(minorUnits: charge.amount, currency: currency), status: charge.status,
            failureCode: charge.failureCode, failureMessage: charge.failureMessage,
            createdAt: Timestamp(unixSeconds: charge.created), isDisputed: charge.disputed,
            amountRefunded: Money(minorUnits: charge.amountRefunded, currency: currency), movement: movement)
    }

    static func dispute(
        _ dispute: DisputeAnswer, _ response: OutboundResponse
    ) throws(ConnectorError) -> Domain.Collection.Dispute {
        let currency = try currency(dispute.currency, response)
        // Zero stands for "the bank takes no answer to this dispute", not for 1970.
        let due = dispute.evidence?.dueBy.flatMap { $0 > 0 ? Timestamp(unixSeconds: $0) : nil }
        var movements = [BalanceMovement]()
        for row in dispute.movements ?? [] { movements.append(try movement(row, response)) }
        movements.sort { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
        return Domain.Collection.Dispute(
            id: DisputeID(dispute.id), charge: ChargeID(dispute.charge.id),
            amount: Money(minorUnits: dispute.amount, currency: currency), reason: dispute.reason,
            status: dispute.status, evidenceDueBy: due, createdAt: Timestamp(unixSeconds: dispute.created),
            movements: movements)
    }

    static func refund(
        _ refund: RefundAnswer, _ response: OutboundResponse
    ) throws(ConnectorError) -> Domain.Collection.Refund {
        Domain.Collection.Refund(
            id: RefundID(refund.id), charge: refund.charge.map { ChargeID($0.id) },
            intent: refund.intent.map { PaymentIntentID($0.id) },
            amount: Money(minorUnits: refund.amount, currency: try currency(refund.currency, response)),
            status: refund.status ?? "unknown", failureReason: refund.failureReason,
            createdAt: Timestamp(unixSeconds: refund.created))
    }

    static func creditNote(
        _ note: CreditNoteAnswer, _ response: OutboundResponse
    ) throws(ConnectorError) -> Domain.Collection.CreditNote {
        let currency = try currency(note.currency, response)
        let refunded = (note.refunds ?? []).reduce(Int64(0)) { $0 + $1.amountRefunded }
        return Domain.Collection.CreditNote(
            id: note.id, number: note.number, amount: Money(minorUnits: note.total, currency: currency),
            status: note.status, metadata: note.metadata ?? [:],
            givenBack: Money(minorUnits: max(0, (note.postPaymentAmount ?? 0) - refunded), currency: currency))
    }

    static func movement(
        _ row: MovementAnswer, _ response: OutboundResponse
    ) throws(ConnectorError) -> BalanceMovement {
        let currency = try currency(row.currency, response)
        return BalanceMovement(
            id: BalanceTransactionID(row.id), type: row.type,
            amount: Money(minorUnits: row.amount, currency: currency),
            fee: Money(minorUnits: row.fee, currency: currency), source: row.source?.id, text: row.description,
            createdAt: Timestamp(unixSeconds: row.created), isExchanged: row.exchangeRate != nil,
            original: try original(row, response))
    }

    /// The object itself is always positive; whether money comes or goes is told by the movement. One that came to
    /// nothing does not tell.
    private static func original(_ row: MovementAnswer, _ response: OutboundResponse) throws(ConnectorError) -> Money? {
        guard row.exchangeRate != nil, row.amount != 0, let paid = row.source?.object?.paid else { return nil }
        let units = paid.captured ?? paid.amount
        return Money(minorUnits: row.amount < 0 ? -units : units, currency: try currency(paid.currency, response))
    }

    static func payout(
        _ payout: PayoutAnswer, _ response: OutboundResponse, movements: [BalanceMovement] = [],
        returned: [BalanceMovement] = []
    ) throws(ConnectorError) -> Payout {
        Payout(
            id: PayoutID(payout.id),
            amount: Money(minorUnits: payout.amount, currency: try currency(payout.currency, response)),
            status: payout.status, arrivesOn: Timestamp(unixSeconds: payout.arrivalDate),
            isAutomatic: payout.automatic, failure: payout.failureMessage ?? payout.failureCode,
            isReconciling: payout.automatic && payout.reconciliation == "in_progress", movements: movements,
            returned: returned)
    }

    static func paymentRecord(
        _ record: PaymentRecordAnswer, _ response: OutboundResponse
    ) throws(ConnectorError) -> StripePaymentRecord {
        StripePaymentRecord(
            id: record.id,
            amount: Money(
                minorUnits: record.requested.value, currency: try currency(record.requested.currency, response)),
            metadata: record.metadata ?? [:], createdAt: Timestamp(unixSeconds: record.created))
    }

    static func customer(_ customer: CustomerAnswer) -> StripeCustomer {
        StripeCustomer(
            id: StripeCustomerID(customer.id), name: customer.name, email: customer.email,
            description: customer.description, metadata: customer.metadata ?? [:])
    }

    static func endpoint(_ endpoint: EndpointAnswer) -> StripeEndpoint {
        StripeEndpoint(
            id: endpoint.id, url: endpoint.url, status: endpoint.status, enabledEvents: endpoint.enabledEvents,
            apiVersion: endpoint.apiVersion, metadata: endpoint.metadata ?? [:])
    }

    private static func currency(_ code: String, _ response: OutboundResponse) throws(ConnectorError) -> Currency {
        guard let currency = Currency(code) else {
            throw StripeErrors.unreadable(response, what: "its currency is not three letters", isWrite: false)
        }
        return currency
    }
}
