import Domain
import Foundation
import Outbound

/// From Stripe's answers to the domain's values. Statuses and reasons pass through as they are: Stripe adds new ones
/// inside a version, and an unknown one is data.
enum StripeMapping {
    /// `lineCount` is exact up to the first page of lines inside the invoice (ten); above that it only says "more".
    static func collection(
        _ invoice: InvoiceAnswer, _ response: OutboundResponse, payments: [InvoicePaymentAnswer]? = nil,
        charges: [Domain.Collection.Charge] = [], disputes: [Domain.Collection.Dispute] = []
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
            createdAt: Timestamp(unixSeconds: invoice.created), payments: mapped, charges: charges, disputes: disputes)
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
            paidAt: payment.transitions.paidAt.map { Timestamp(unixSeconds: $0) }, source: source)
    }

    static func charge(
        _ charge: ChargeAnswer, _ response: OutboundResponse
    ) throws(ConnectorError) -> Domain.Collection.Charge {
        let currency = try currency(charge.currency, response)
        return Domain.Collection.Charge(
            id: ChargeID(charge.id), intent: charge.intent.map { PaymentIntentID($0.id) },
            amount: Money(minorUnits: charge.amount, currency: currency), status: charge.status,
            failureCode: charge.failureCode, failureMessage: charge.failureMessage,
            createdAt: Timestamp(unixSeconds: charge.created), isDisputed: charge.disputed,
            amountRefunded: Money(minorUnits: charge.amountRefunded, currency: currency))
    }

    static func dispute(
        _ dispute: DisputeAnswer, _ response: OutboundResponse
    ) throws(ConnectorError) -> Domain.Collection.Dispute {
        let currency = try currency(dispute.currency, response)
        // Zero stands for "the bank takes no answer to this dispute", not for 1970.
        let due = dispute.evidence?.dueBy.flatMap { $0 > 0 ? Timestamp(unixSeconds: $0) : nil }
        return Domain.Collection.Dispute(
            id: DisputeID(dispute.id), charge: ChargeID(dispute.charge.id),
            amount: Money(minorUnits: dispute.amount, currency: currency), reason: dispute.reason,
            status: dispute.status, evidenceDueBy: due, createdAt: Timestamp(unixSeconds: dispute.created))
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
