package import Domain
import Outbound

/// Invoices and what hangs on them.
extension StripeClient {
    /// The invoice with its payments, without what lies behind them. Nil when it is gone, as a deleted draft is.
    package func invoice(_ id: StripeInvoiceID) async throws(ConnectorError) -> Domain.Collection? {
        guard let (invoice, payments, response) = try await observed(id, expanding: ["payments"]) else { return nil }
        return try StripeMapping.collection(invoice, response, payments: payments)
    }

    /// The invoice with everything that hangs on it, oldest first. It costs one read, and one more for each payment
    /// intent that somebody has tried to pay. Only what these say is there is read too: an intent's disputes when one
    /// of its charges is disputed, its refunds when one has an amount refunded, the credit notes when they took
    /// something off.
    ///
    /// A refund that failed is no longer in the amount refunded, so whoever knows of refunds asks for them by
    /// `withRefunds`. A voided credit note is not in the amount credited: see `creditNotes(invoice:)`.
    package func collection(
        _ id: StripeInvoiceID, withRefunds: Bool = false
    ) async throws(ConnectorError) -> Domain.Collection? {
        // Four steps are the deepest that Stripe expands.
        let expanded = ["payments", "payments.data.payment.payment_intent"]
        guard let (invoice, payments, response) = try await observed(id, expanding: expanded) else { return nil }
        var collection = try StripeMapping.collection(invoice, response, payments: payments)
        for source in Self.sources(of: payments) {
            let charges = try await charges(of: source)
            collection.charges += charges
            if charges.contains(where: \.isDisputed) { collection.disputes += try await disputes(of: source) }
            if withRefunds || charges.contains(where: { !$0.amountRefunded.isZero }) {
                collection.refunds += try await refunds(of: source)
            }
        }
        if !collection.amountCredited.isZero { collection.creditNotes = try await creditNotes(invoice: id) }
        collection.charges.sort { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
        collection.disputes.sort { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
        collection.refunds.sort { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
        return collection
    }

    /// Which invoices a payment intent pays: several at times. There is no such filter by charge.
    package func invoicePayments(
        intent: PaymentIntentID
    ) async throws(ConnectorError) -> [(InvoicePaymentID, StripeInvoiceID)] {
        let filter = [("payment[type]", "payment_intent"), ("payment[payment_intent]", intent.rawValue)]
        let (rows, _) = try await list(InvoicePaymentAnswer.self, "/v1/invoice_payments", filter)
        return rows.map { (InvoicePaymentID($0.id), StripeInvoiceID($0.invoice.id)) }
    }

    /// Nil when Stripe does not know it.
    package func charge(_ id: ChargeID) async throws(ConnectorError) -> Domain.Collection.Charge? {
        let path = try "/v1/charges/" + StripeRequests.segment(id.rawValue)
        guard let response = try await getIfPresent(path, [("expand[]", "balance_transaction")]) else { return nil }
        return try StripeMapping.charge(StripeJSON.read(ChargeAnswer.self, response, isWrite: false), response)
    }

    /// The customer's invoices made at or after `createdFrom`, newest first, without payments: for looking up whether
    /// a create took effect.
    package func invoices(
        customer: StripeCustomerID, createdFrom: Timestamp
    ) async throws(ConnectorError) -> [Domain.Collection] {
        let filter = [("customer", customer.rawValue), ("created[gte]", String(createdFrom.unixSeconds))]
        let (rows, last) = try await list(InvoiceAnswer.self, "/v1/invoices", filter)
        var result = [Domain.Collection]()
        for row in rows { result.append(try StripeMapping.collection(row, last)) }
        return result
    }

    /// All credit notes of an invoice, voided ones too, newest first.
    package func creditNotes(
        invoice: StripeInvoiceID
    ) async throws(ConnectorError) -> [Domain.Collection.CreditNote] {
        let filter = [("invoice", invoice.rawValue)]
        let (rows, last) = try await list(CreditNoteAnswer.self, "/v1/credit_notes", filter)
        var result = [Domain.Collection.CreditNote]()
        for row in rows { result.append(try StripeMapping.creditNote(row, last)) }
        return result
    }

    private typealias Observed = (InvoiceAnswer, [InvoicePaymentAnswer], OutboundResponse)

    private func observed(
        _ id: StripeInvoiceID, expanding names: [String]
    ) async throws(ConnectorError) -> Observed? {
        let path = try "/v1/invoices/" + StripeRequests.segment(id.rawValue)
        guard let response = try await getIfPresent(path, names.map { ("expand[]", $0) }) else { return nil }
        let invoice = try StripeJSON.read(InvoiceAnswer.self, response, isWrite: false)
        guard let payments = invoice.payments, payments.hasMore else {
            return (invoice, invoice.payments?.data ?? [], response)
        }
        // The list inside an invoice is only the first page, so the whole of it is read from its own address.
        var filter = [("invoice", id.rawValue)]
        if names.count > 1 { filter.append(("expand[]", "data.payment.payment_intent")) }
        let (rows, _) = try await list(InvoicePaymentAnswer.self, "/v1/invoice_payments", filter)
        return (invoice, rows, response)
    }

    /// What can have charges, disputes and refunds.
    private enum Source: Hashable {
        case intent(String)
        /// Old ones have no intent.
        case charge(String)

        var filter: [(String, String)] {
            switch self {
            case .intent(let id): [("payment_intent", id)]
            case .charge(let id): [("charge", id)]
            }
        }
    }

    /// Each once, without payment intents that nobody has touched.
    private static func sources(of payments: [InvoicePaymentAnswer]) -> [Source] {
        var seen = Set<Source>()
        return payments.compactMap { payment in
            let source: Source
            if let intent = payment.payment.intent {
                if intent.object?.isUntouched == true { return nil }
                source = .intent(intent.id)
            } else if let charge = payment.payment.charge {
                source = .charge(charge.id)
            } else {
                return nil
            }
            return seen.insert(source).inserted ? source : nil
        }
    }

    private func charges(
        of source: Source
    ) async throws(ConnectorError) -> [Domain.Collection.Charge] {
        if case .charge(let id) = source { return try await charge(ChargeID(id)).map { [$0] } ?? [] }
        let filter = source.filter + [("expand[]", "data.balance_transaction")]
        let (rows, last) = try await list(ChargeAnswer.self, "/v1/charges", filter)
        var result = [Domain.Collection.Charge]()
        for row in rows { result.append(try StripeMapping.charge(row, last)) }
        return result
    }

    private func disputes(
        of source: Source
    ) async throws(ConnectorError) -> [Domain.Collection.Dispute] {
        let (rows, last) = try await list(DisputeAnswer.self, "/v1/disputes", source.filter)
        var result = [Domain.Collection.Dispute]()
        for row in rows { result.append(try StripeMapping.dispute(row, last)) }
        return result
    }

    private func refunds(
        of source: Source
    ) async throws(ConnectorError) -> [Domain.Collection.Refund] {
        let (rows, last) = try await list(RefundAnswer.self, "/v1/refunds", source.filter)
        var result = [Domain.Collection.Refund]()
        for row in rows { result.append(try StripeMapping.refund(row, last)) }
        return result
    }
}
