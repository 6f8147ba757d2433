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

/// An invoice's share of a payment that is for several.
package struct StripePaymentPart: Sendable {
    package var invoice: String
    /// In the currency's wire integer; nil for what remains.
    package var amount: Int64?

    package init(invoice: String, amount: Int64? = nil) {
        self.invoice = invoice
        self.amount = amount
    }
}

/// What payers and their banks do. Amounts are in the currency's wire integer.
extension StripeSimulator {
    /// Lets a person act on the account that `isHere` finds `id` in.
    func act<R: Sendable>(
        on noun: String, _ id: String, _ isHere: (StripeBook) -> Bool,
        _ body: (inout StripeBook) throws(StripeActionRefused) -> R
    ) throws(StripeActionRefused) -> R {
        guard let result = try withBook(where: isHere, body) else {
            throw StripeActionRefused("no such \(noun): \(id)")
        }
        return result
    }

    private func act<R: Sendable>(
        onInvoice id: String, _ body: (inout StripeBook) throws(StripeActionRefused) -> R
    ) throws(StripeActionRefused) -> R {
        try act(on: "invoice", id, { $0.invoices[id] != nil }, body)
    }

    private func act<R: Sendable>(
        onIntent id: String, _ body: (inout StripeBook) throws(StripeActionRefused) -> R
    ) throws(StripeActionRefused) -> R {
        try act(on: "payment intent", id, { $0.intents[id] != nil }, body)
    }

    /// Pays an open invoice at once; nil for what remains, more than that is an overpayment. Events follow:
    /// `charge.succeeded`, `payment_intent.succeeded`, `invoice_payment.paid`, and `invoice.paid` when nothing remains.
    @discardableResult
    package func pay(invoice id: String, amount: Int64? = nil) throws(StripeActionRefused) -> StripePaymentMade {
        try act(onInvoice: id) { (book) throws(StripeActionRefused) in try book.pay(id, amount: amount) }
    }

    /// Starts a payment that is decided later, by `finishPayment` or `failPayment` with its payment intent.
    @discardableResult
    package func startPayment(
        invoice id: String, amount: Int64? = nil, method: String = "sepa_debit"
    ) throws(StripeActionRefused) -> StripePaymentMade {
        try act(onInvoice: id) { (book) throws(StripeActionRefused) in
            try book.startPayment(id, amount: amount, method: method)
        }
    }

    /// Answers the charge that succeeded.
    @discardableResult
    package func finishPayment(_ intent: String) throws(StripeActionRefused) -> String {
        try act(onIntent: intent) { (book) throws(StripeActionRefused) in try book.finishPayment(intent) }
    }

    /// Answers the charge that failed.
    @discardableResult
    package func failPayment(
        _ intent: String, code: String = "insufficient_funds", message: String = "The account has too little money.",
        declineCode: String? = nil
    ) throws(StripeActionRefused) -> String {
        try act(onIntent: intent) { (book) throws(StripeActionRefused) in
            try book.failPayment(intent, code: code, message: message, declineCode: declineCode)
        }
    }

    /// One payment for several invoices of one customer and currency. `received` may be less or more than what the
    /// parts ask for. A pending one is decided later.
    @discardableResult
    package func pay(
        together parts: [StripePaymentPart], received: Int64? = nil, isPending: Bool = false
    ) throws(StripeActionRefused) -> StripePaymentMade {
        let first = parts.first?.invoice ?? ""
        return try act(onInvoice: first) { (book) throws(StripeActionRefused) in
            try book.payTogether(parts, received: received, isPending: isPending)
        }
    }

    /// A payment that belongs to no invoice until it is attached to one.
    @discardableResult
    package func payUnattached(
        customer: String, currency: String, amount: Int64
    ) throws(StripeActionRefused) -> StripePaymentMade {
        try act(on: "customer", customer, { $0.customers[customer] != nil }) { (book) throws(StripeActionRefused) in
            try book.payUnattached(customer, currency, amount)
        }
    }

    /// A bank transfer arrives; too little of it funds the payment in part, and the next one adds to it.
    @discardableResult
    package func transfer(invoice id: String, amount: Int64) throws(StripeActionRefused) -> StripePaymentMade {
        try act(onInvoice: id) { (book) throws(StripeActionRefused) in try book.transfer(id, amount: amount) }
    }

    /// The payer must prove who they are first; answers the payment intent. `pay` goes on from there.
    @discardableResult
    package func requireAction(invoice id: String) throws(StripeActionRefused) -> String {
        try act(onInvoice: id) { (book) throws(StripeActionRefused) in try book.requireAction(id) }
    }

    /// Gives up on a payment intent that is not an invoice's default one.
    package func cancelPayment(_ intent: String) throws(StripeActionRefused) {
        try act(onIntent: intent) { (book) throws(StripeActionRefused) in try book.cancelPayment(intent) }
    }

    /// The card is declined; answers the failed charge's id.
    @discardableResult
    package func failCard(
        invoice id: String, code: String = "card_declined", message: String = "Your card was declined.",
        declineCode: String? = "generic_decline"
    ) throws(StripeActionRefused) -> String {
        try act(onInvoice: id) { (book) throws(StripeActionRefused) in
            try book.failCard(id, code: code, message: message, declineCode: declineCode)
        }
    }

    /// All invoices that are not deleted, oldest first within each account.
    package func invoices() -> [StripeInvoiceGlimpse] {
        gather { book in
            let charged = Dictionary(
                book.charges.all.filter(\.isSuccess).map { ($0.paymentIntent, $0) }, uniquingKeysWith: { $1 })
            let paid = book.invoicePayments.all.filter { $0.status == "paid" }.compactMap { payment in
                payment.paymentIntent.flatMap { charged[$0] }.map { (payment.invoice, $0, payment.paidAt ?? 0) }
            }
            // The last one counts, in the order of payment.
            let charges = Dictionary(
                paid.sorted { $0.2 < $1.2 }.map { ($0.0, $0.1) },
                uniquingKeysWith: { $0.created > $1.created ? $0 : $1 })
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

    /// The rest of their books as JSON Lines: credit notes, payment records, balance transactions, payouts, balances.
    package func ledgers() -> [String] { gather { $0.ledgerLines() } }

    /// How often each operation was called, by account: `POST /v1/invoices/{invoice}/finalize` and so on.
    package func calls() -> [String: [String: Int]] {
        let pairs = gather { [($0.account, $0.calls)] }
        return Dictionary(pairs) { $0.merging($1, uniquingKeysWith: +) }
    }
}
