/// Stripe's balance: what it kept, what it paid out, and what it owes customers.
extension PairComparison {
    /// What Stripe kept of each movement is on the payment or in a cash transaction, if the company books fees.
    mutating func compareFees() {
        var payable = booked.values.reduce(into: [:]) { sums, payment in
            sums[payment.reference, default: [:]][payment.currency, default: 0] += payment.charged
        }
        let movements = books["balance_transaction"].filter { $0.type != "payout" }
        for movement in movements where !movement.invoice.isEmpty || (movement.source.isEmpty && books.isFirst) {
            let key = document(of: movement)
            let entries = books.cashEntries.filter { $0.fact == movement.id }
            guard let net = net(entries, movement.currency, key, movement.id) else { continue }
            let charge = books["charge"].first { $0.id == movement.source }
            let means = charge.map { $0.intent.isEmpty ? $0.id : $0.intent } ?? ""
            let onPayment = payable.removeValue(forKey: means) ?? [:]
            let code = movement.currency.uppercased()
            let elsewhere = onPayment.contains { $0.key != code && $0.value != 0 }
            // Without a source the whole of it is a fee, and books know of it by the payout that it left with.
            let fee = movement.source.isEmpty ? -movement.net : movement.fee
            let isAwaited = movement.source.isEmpty && movement.payout.isEmpty
            let sum = net + (onPayment[code] ?? 0)
            let isRight = pair.postsFees ? sum == fee || (isAwaited && sum == 0) : sum == 0
            if !isRight || elsewhere {
                let said = BookMoney.text(pair.postsFees ? fee : 0, movement.currency)
                differ(key, "\(movement.id): \(BookMoney.text(sum, movement.currency)) of fees is booked, not \(said)")
            }
        }
        for (means, sums) in payable.sorted(by: { $0.key < $1.key }) where sums.values.contains(where: { $0 != 0 }) {
            differ(documentOfMeans(means), "a payment of \(means) carries a fee that Stripe did not keep")
        }
        let known = Set(movements.map(\.id))
        for entry in books.cashEntries where entry.fact.hasPrefix("txn_") && !known.contains(entry.fact) {
            differ(nil, "cash transaction \(entry.number) (\(entry.reference)) is of no movement in Stripe")
        }
    }

    /// Each payout that arrived is one journal from clearing to bank, if the company books payouts, and one more in
    /// each currency that Stripe exchanged into it.
    mutating func comparePayouts() {
        let payouts = books["payout"]
        for payout in payouts {
            let key = "payout/\(payout.id)"
            let amount = BookMoney.text(payout.amount, payout.currency)
            let made = books.journals.filter { $0.payouts.contains(payout.id) }
            guard pair.postsPayouts, payout.status == "paid", payout.amount != 0 else {
                if !made.isEmpty { differ(key, "payout \(payout.id) of \(amount) is booked, and should not be") }
                continue
            }
            let code = payout.currency.uppercased()
            let own = made.filter { $0.currency == code }
            guard own.count == 1, let journal = own.first else {
                differ(key, "payout \(payout.id) of \(amount) is booked \(own.count) times")
                continue
            }
            let exchange = books.exchange(of: payout)
            let total = [payout.amount ?? 0, exchange.gross - (payout.amount ?? 0), -exchange.gross]
                .reduce(0) { $0 + max(0, $1) }
            if journal.amount != total || journal.net(pair.bankAccounts[code]) != payout.amount
                || (exchange.gross != 0 && journal.net(pair.exchangeAccount) != -exchange.gross)
                || !made.allSatisfy({ $0.isReleased || pair.holds })
            {
                differ(key, "payout \(payout.id) of \(amount) is booked otherwise")
            }
            let others = made.filter { $0.currency != code }
            let booked = others.map { "\($0.currency) \($0.net(pair.exchangeAccount))" }.sorted()
            let wanted = exchange.originals.filter { $0.value != 0 }
                .map { "\($0.key.uppercased()) \($0.value)" }.sorted()
            if booked != wanted {
                differ(key, "payout \(payout.id) of \(amount) holds the exchange of \(wanted), booked is \(booked)")
            }
        }
        let known = Set(payouts.map(\.id))
        for journal in books.journals {
            for payout in journal.payouts where !known.contains(payout) {
                differ("payout/\(payout)", "journal \(journal.number) is of no payout in Stripe")
            }
        }
    }

    /// The credit that Stripe would spend on a customer's next invoice is what came beyond the former ones.
    mutating func compareCredits() {
        var expected: [String: [String: Int64]] = [:]
        var documents: [String: String] = [:]
        for (_, invoice) in books.invoices.sorted(by: { $0.key > $1.key }) where !invoice.customer.isEmpty {
            expected[invoice.customer, default: [:]][invoice.currency, default: 0] -= invoice.overpaid
            if invoice.overpaid != 0 || documents[invoice.customer] == nil {
                documents[invoice.customer] = invoice.document
            }
        }
        for balance in books["customer_balance"] {
            let sum = expected[balance.id]?.removeValue(forKey: balance.currency) ?? 0
            if balance.customerBalance != sum {
                let said = BookMoney.text(balance.customerBalance, balance.currency)
                differ(documents[balance.id], "the balance of \(balance.id) is \(said), which no overpayment explains")
            }
        }
        for (customer, sums) in expected.sorted(by: { $0.key < $1.key }) {
            for (currency, sum) in sums.sorted(by: { $0.key < $1.key }) where sum != 0 {
                let said = BookMoney.text(-sum, currency)
                differ(documents[customer], "\(said) came beyond the invoices of \(customer) and is not their credit")
            }
        }
    }
}
