/// The journals of a payout that arrived: its own from clearing to bank, and one more in each currency of which it
/// holds money that Stripe exchanged.
///
/// What was paid in EUR stands on the EUR clearing account at Visma's rate of that day, and came to Stripe's balance in
/// NOK at Stripe's rate. A journal in Visma has one currency, so no single one can empty both clearing accounts. The
/// exchange account, which is kept in no single currency, takes the NOK as credit in the payout's journal and the EUR
/// as debit in a journal in EUR. Visma values both in the company's currency, so what stays there is exactly the
/// exchange difference, and each clearing account comes to zero in its own currency.
///
/// The exchanged amounts are gross: Stripe takes its fees of them in the settlement currency, and `FeePlan` books those
/// on that currency's clearing account.
enum PayoutJournals {
    /// How long to wait before asking again what a payout is made of.
    static let lookSeconds: Int64 = 3600

    private struct Entry {
        var cause: String
        var currency: Currency
        /// In words, for a review.
        var what: String
        var lines: [(account: String, debit: Money)]
    }

    static func actions(_ payout: Payout, _ situation: PayoutSituation) -> [Action] {
        let journals = situation.bookings.filter { $0.kind == .journalEntry }
        // What is begun is finished or shown, whatever the policy says since.
        guard situation.policy.posting.payouts == .journal || !journals.isEmpty, payout.status == "paid",
            !payout.amount.isZero, journals.allSatisfy(\.stands)
        else { return [] }
        guard !payout.isReconciling else {
            return [
                .lookAgain(
                    at: situation.now.adding(seconds: lookSeconds),
                    why: "what payout \(payout.id) is made of is not known yet")
            ]
        }
        let exchange = PayoutExchange(payout)
        let causes = [payout.id.rawValue] + exchange.originals.map { cause(payout, $0.currency) }
        let missing = causes.filter { cause in !journals.contains { $0.cause == cause } }
        guard !missing.isEmpty else { return [] }
        guard let entries = entries(payout, exchange, situation.policy.posting) else {
            return [.review(lacking(payout, exchange, missing, situation.policy.posting))]
        }
        var actions: [Action] = []
        // One after the other: what is refused of the payout's own journal would be refused of the others too.
        for entry in entries where missing.contains(entry.cause) {
            switch PostingDay.choose(
                PayoutPlan.day(payout.arrivesOn, situation), step: Step.createJournalEntry, cause: entry.cause,
                what: entry.what, .init(situation))
            {
            case .needs(let needed): return actions + needed
            case .on(let day, let isMoved): actions.append(post(entry, payout, day, isMoved, situation))
            }
        }
        return actions
    }

    private static func cause(_ payout: Payout, _ currency: Currency) -> String { "\(payout.id):\(currency.code)" }

    /// All that the payout has, the payout's own first; nil when something lacks.
    private static func entries(_ payout: Payout, _ exchange: PayoutExchange, _ posting: PostingPolicy) -> [Entry]? {
        let currency = payout.amount.currency
        guard let bank = posting.bankLedgerAccounts[currency.code],
            let clearing = posting.clearingLedgerAccounts[currency.code]
        else { return nil }
        var own = Entry(
            cause: payout.id.rawValue, currency: currency, what: "the payout of \(payout.amount) (\(payout.id))",
            lines: [(bank, payout.amount), (clearing, exchange.gross - payout.amount)])
        guard !exchange.movements.isEmpty else { return [own] }
        guard exchange.unknown.isEmpty, let account = posting.exchangeLedgerAccount else { return nil }
        own.lines.append((account, Money.zero(currency) - exchange.gross))
        var entries = [own]
        for sum in exchange.originals {
            guard let clearing = posting.clearingLedgerAccounts[sum.currency.code] else { return nil }
            let cause = cause(payout, sum.currency)
            entries.append(
                Entry(
                    cause: cause, currency: sum.currency, what: "the exchange of \(sum) (\(cause))",
                    lines: [(account, sum), (clearing, Money.zero(sum.currency) - sum)]))
        }
        return entries
    }

    /// The cause is the only word that names the payout, as a journal is found again by such a word of its text.
    private static func post(
        _ entry: Entry, _ payout: Payout, _ day: LocalDate, _ isMoved: Bool, _ situation: PayoutSituation
    ) -> Action {
        var text = "Stripe \(entry.cause)"
        if isMoved { text += ", of \(payout.arrivesOn.day(in: situation.policy.zone))" }
        var draft = JournalDraft(
            branch: nil, date: day, currency: entry.currency, reference: entry.cause, text: text,
            lines: entry.lines.filter { !$0.debit.isZero }
                .map { .init(account: $0.account, debit: $0.debit, text: text) })
        draft.isOnHold = situation.policy.posting.booking == .hold
        return .post(.journalEntry(draft), cause: entry.cause)
    }

    // MARK: what lacks

    private static func lacking(
        _ payout: Payout, _ exchange: PayoutExchange, _ missing: [String], _ posting: PostingPolicy
    ) -> Review {
        let code = payout.amount.currency.code
        guard posting.bankLedgerAccounts[code] != nil, posting.clearingLedgerAccounts[code] != nil else {
            return Review(
                .payoutUnbooked,
                found:
                    "payout \(payout.id) of \(payout.amount) came to the bank, and no ledger accounts are set for it",
                proposals: ["name bank and clearing ledger accounts for \(code) in the manifest"])
        }
        var lacks: [String] = []
        var proposals: [String] = []
        if posting.exchangeLedgerAccount == nil {
            lacks.append("no exchange ledger account is set")
            proposals.append("name exchange_ledger_account in the manifest")
        }
        if !exchange.unknown.isEmpty { lacks.append("what was paid is not known of \(ids(exchange.unknown))") }
        for sum in exchange.originals where posting.clearingLedgerAccounts[sum.currency.code] == nil {
            lacks.append("no clearing ledger account is set for \(sum.currency.code)")
            proposals.append("name a clearing ledger account for \(sum.currency.code) in the manifest")
        }
        return Review(
            .payoutUnbooked,
            found:
                "payout \(payout.id) of \(payout.amount) holds \(exchange.gross) that Stripe exchanged from other "
                + "currencies (\(exchange.movements.count): \(ids(exchange.movements))), and no journal "
                + "\(missing.joined(separator: ", ")) was posted: \(lacks.joined(separator: "; "))",
            proposals: proposals + ["book the payout by hand, with the exchange difference to its account"])
    }

    private static func ids(_ movements: [BalanceMovement]) -> String {
        movements.prefix(5).map { $0.source ?? $0.id.rawValue }.joined(separator: ", ")
    }
}

/// What a payout holds of money that Stripe exchanged from other currencies.
struct PayoutExchange {
    let movements: [BalanceMovement]
    /// Of all of them, before fees, in the payout's currency.
    let gross: Money
    /// The sums in their own currencies, in the order of their codes; one that comes to zero is left out.
    let originals: [Money]
    /// Those of which the own amount is not known.
    let unknown: [BalanceMovement]

    init(_ payout: Payout) {
        let currency = payout.amount.currency
        func isKnown(_ movement: BalanceMovement) -> Bool {
            movement.amount.currency == currency && movement.original.map { $0.currency != currency } ?? false
        }
        movements = (payout.movements + payout.returned).filter(\.isExchanged)
        gross = movements.map(\.amount).filter { $0.currency == currency }.reduce(.zero(currency), +)
        unknown = movements.filter { !isKnown($0) }
        let known = movements.filter(isKnown).compactMap(\.original)
        originals = Dictionary(grouping: known, by: \.currency).map { $1.reduce(.zero($0), +) }
            .filter { !$0.isZero }.sorted { $0.currency.code < $1.currency.code }
    }
}
