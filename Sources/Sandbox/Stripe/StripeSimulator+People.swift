/// Why something that a person asked for in the sandbox cannot be done.
package struct StripeActionRefused: Error, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}

/// What a payment left behind.
package struct StripePaymentMade: Sendable {
    package let account: String
    package let invoice: String
    package let charge: String
    package let paymentIntent: String
    package let invoicePayment: String
}

/// An invoice as the control page lists it.
package struct StripeInvoiceGlimpse: Sendable {
    package let account: String
    package let id: String
    package let number: String?
    package let customer: String
    package let status: String
    package let currency: String
    /// In the wire's integers.
    package let total: Int64
    package let amountRemaining: Int64
    /// The last charge that succeeded, which can be disputed or refunded.
    package let charge: String?
    package let isDisputed: Bool
}

extension StripeSimulator {
    /// Pays an open invoice: `amount` in the currency's wire integer, nil for what remains. Events follow:
    /// `charge.succeeded`, `payment_intent.succeeded`, `invoice_payment.paid`, and `invoice.paid` when nothing remains.
    @discardableResult
    package func pay(invoice id: String, amount: Int64? = nil) throws(StripeActionRefused) -> StripePaymentMade {
        let made = try withBook(where: { $0.invoices[id] != nil }) { (book) throws(StripeActionRefused) in
            try book.pay(id, amount: amount)
        }
        guard let made else { throw StripeActionRefused("no such invoice: \(id)") }
        return made
    }

    /// The card is declined; answers the failed charge's id.
    @discardableResult
    package func failCard(
        invoice id: String, code: String = "card_declined", message: String = "Your card was declined."
    ) throws(StripeActionRefused) -> String {
        let charge = try withBook(where: { $0.invoices[id] != nil }) { (book) throws(StripeActionRefused) in
            try book.failCard(id, code: code, message: message)
        }
        guard let charge else { throw StripeActionRefused("no such invoice: \(id)") }
        return charge
    }

    /// The payer's bank disputes a charge; answers the dispute's id.
    @discardableResult
    package func dispute(
        charge id: String, reason: String = "fraudulent", amount: Int64? = nil
    ) throws(StripeActionRefused) -> String {
        let dispute = try withBook(where: { $0.charges[id] != nil }) { (book) throws(StripeActionRefused) in
            try book.dispute(id, reason: reason, amount: amount)
        }
        guard let dispute else { throw StripeActionRefused("no such charge: \(id)") }
        return dispute
    }

    /// The bank decides a dispute.
    package func closeDispute(_ id: String, isWon: Bool) throws(StripeActionRefused) {
        let done: Bool? = try withBook(where: { $0.disputes[id] != nil }) { (book) throws(StripeActionRefused) in
            try book.closeDispute(id, isWon: isWon)
            return true
        }
        if done == nil { throw StripeActionRefused("no such dispute: \(id)") }
    }

    /// A person gives money back; answers the refund's id.
    @discardableResult
    package func refund(charge id: String, amount: Int64? = nil) throws(StripeActionRefused) -> String {
        let refund = try withBook(where: { $0.charges[id] != nil }) { (book) throws(StripeActionRefused) in
            try book.refund(id, amount: amount)
        }
        guard let refund else { throw StripeActionRefused("no such charge: \(id)") }
        return refund
    }

    /// All invoices that are not deleted, oldest first within each account.
    package func invoices() -> [StripeInvoiceGlimpse] {
        gather { book in
            let charges = Dictionary(
                book.charges.all.filter(\.isSuccess).compactMap { charge in
                    book.intents[charge.paymentIntent].map { ($0.invoice, charge) }
                }, uniquingKeysWith: { $1 })
            return book.invoices.all.map { row in
                StripeInvoiceGlimpse(
                    account: book.account, id: row.id, number: row.number,
                    customer: book.customers[row.customer]?.name ?? row.customer, status: row.status,
                    currency: row.currency, total: row.total, amountRemaining: row.amountRemaining,
                    charge: charges[row.id]?.id, isDisputed: charges[row.id]?.isDisputed ?? false)
            }
        }
    }

    /// The deliveries that are due at the clock's time, account by account, oldest first. Each must be reported;
    /// one that is not counts as unanswered after twenty seconds and is given out again.
    package func takeDeliveries() -> [StripeDelivery] { gather { $0.takeDeliveries() } }

    /// What the receiver answered; 0 for no answer. Anything but 2xx is tried again with growing pauses.
    package func report(_ delivery: StripeDelivery, status: Int) {
        _ = withBook(where: { $0.account == delivery.account && $0.endpoints[delivery.endpoint] != nil }) {
            $0.report(delivery.id, status: status)
        }
    }

    /// Sends an event to its endpoints once more, as the Dashboard's button does.
    package func resend(event id: String) throws(StripeActionRefused) {
        let sent: Int? = withBook(where: { $0.events[id] != nil }) { book in
            guard let event = book.events[id] else { return 0 }
            let takers = book.endpoints.all.filter { endpoint in
                endpoint.isEnabled
                    && endpoint.enabledEvents.contains { StripeEventNames.matches($0, event.type) }
            }
            for endpoint in takers { book.queue(id, to: endpoint.id) }
            return takers.count
        }
        guard sent != nil else { throw StripeActionRefused("no such event: \(id)") }
    }

    /// How many deliveries wait, whether due or not.
    package func pendingDeliveries() -> Int { gather { [$0.deliveries.count] }.reduce(0, +) }

    /// The books of all accounts as JSON Lines: invoices, invoice payments, charges, refunds, disputes.
    package func books() -> [String] { gather { $0.lines() } }

    /// How often each operation was called, by account: `POST /v1/invoices/{invoice}/finalize` and so on.
    package func calls() -> [String: [String: Int]] {
        let pairs = gather { [($0.account, $0.calls)] }
        return Dictionary(pairs) { $0.merging($1, uniquingKeysWith: +) }
    }
}
