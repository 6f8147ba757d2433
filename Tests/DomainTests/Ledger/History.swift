import Domain

/// A random history: what is fixed, and what happens in which order. The same seed gives the same history.
struct History {
    let seed: UInt64
    let setting: Ledger.Setting
    let facts: [Fact]

    init(seed: UInt64) {
        self.seed = seed
        var random = SplitMix(seed: seed &* 2)
        let documents = random.number(0...9) == 0 ? 2 : 1
        setting = Self.setting(documents: documents, &random)
        var whats = (0..<random.pick([3, 3, 3, 4, 4, 5, 8])).map { _ in Self.fact(documents: documents, &random) }
        // Most of what can happen needs a payment.
        if random.number(0...9) < 6 { whats[0] = .pay(0, percent: 100) }
        if random.number(0...9) < 3 {
            // What comes in between is as random as ever.
            for what in random.pick(Self.courses) {
                whats.append(what)
                if random.number(0...4) == 0 { whats.append(Self.fact(documents: documents, &random)) }
            }
            whats.removeFirst(2)
        }
        facts = whats.enumerated().map { Fact(place: $0, what: $1) }
    }

    private static let policies: [Policy] = {
        var policy = Samples.policy()
        policy.writesInvoiceRecord = false
        policy.posting.cashAccounts = ["NOK": "1512", "EUR": "1513", "JPY": "1514"]
        policy.posting.feeEntryType = "FEE"
        policy.posting.disputeEntryType = "LOST"
        return [policy]
    }()

    private static func setting(documents: Int, _ random: inout SplitMix) -> Ledger.Setting {
        var policy = policies[0]
        if random.number(0...9) < 6 { vary(&policy.posting, &random) }
        policy.writesInvoiceRecord = random.number(0...19) == 0
        let currency = random.pick([Currency.nok, .nok, .nok, .eur, .jpy])
        var setting = Ledger.Setting(
            policy: policy, currency: currency, settlement: random.number(0...4) == 0 ? .eur : currency,
            receivables: (0..<documents).map { receivable($0, currency, &random) })
        setting.refusesClosedAtRelease = random.number(0...3) == 0
        setting.creditNoteResidual = random.number(0...7) == 0 ? 1 : 0
        setting.feeDelaySeconds = random.pick([0, 5400, 86_400])
        setting.allocatesOverpayment = random.number(0...1) == 0
        setting.lossPercent = random.number(0...3) == 0 ? 15 : 0
        setting.isOut = random.number(0...9) > 0
        return setting
    }

    private static func vary(_ posting: inout PostingPolicy, _ random: inout SplitMix) {
        posting.booking = random.pick([.release, .release, .release, .hold])
        posting.bookingDate = random.pick(PostingPolicy.BookingDate.allCases)
        posting.closedPeriod = random.pick(PostingPolicy.ClosedPeriod.allCases)
        posting.refunds = random.pick(PostingPolicy.Refunds.allCases)
        posting.disputes = random.pick(PostingPolicy.Disputes.allCases)
        posting.fees = random.pick(PostingPolicy.Fees.allCases)
        posting.writeOffs = random.pick(PostingPolicy.WriteOffs.allCases)
        posting.stripeCredits = random.pick(PostingPolicy.StripeCredits.allCases)
        posting.stopsDunning = random.number(0...3) > 0
        switch random.number(0...19) {
        case 0: posting.cashAccounts = ["NOK": "1512"]
        case 1: posting.feeEntryType = nil
        case 2: posting.disputeEntryType = nil
        default: break
        }
    }

    private static func receivable(_ place: Int, _ currency: Currency, _ random: inout SplitMix) -> Receivable {
        var receivable = samples[place]
        let quarter = random.number(1...4) == 1 ? random.number(400...99_999) : 10_000 * random.number(1...9)
        func money(_ units: Int64) -> Money { Money(minorUnits: units, currency: currency) }
        receivable.currency = currency
        receivable.total = money(5 * quarter)
        receivable.balance = receivable.total
        receivable.vatTotal = money(quarter)
        receivable.rounding = money(0)
        receivable.lines[0].amount = money(4 * quarter)
        receivable.taxes[0].taxable = money(4 * quarter)
        receivable.taxes[0].amount = money(quarter)
        return receivable
    }

    private static let samples: [Receivable] = ["000224", "000225"].map { number in
        var receivable = Samples.receivable()
        receivable.document.number = number
        receivable.lines[0].account = "3000"
        receivable.etag = "\"1\""
        return receivable
    }

    // MARK: What happens

    /// Courses that chance alone would seldom take to their end.
    private static let courses: [[Fact.What]] = [
        [
            .pay(0, percent: 100), .dispute(0, percent: 100, status: "needs_response"), .disputeBecomes(0, "lost"),
            .disputeBecomes(0, "appeal_under_review"), .disputeBecomes(0, "won"),
        ],
        [
            .pay(0, percent: 50), .dispute(0, percent: 40, status: "needs_response"), .disputeBecomes(0, "lost"),
            .disputeBecomes(0, "appeal_under_review"), .disputeBecomes(0, "won"),
        ],
        [
            .pay(0, percent: 100), .refund(0, percent: 100, isPending: false), .refundCredit(0, isNamed: true),
            .refundFails(0),
        ],
        [
            .pay(0, percent: 100), .refund(0, percent: 50, isPending: true), .refundSucceeds(0),
            .refundCredit(0, isNamed: true), .refund(0, percent: 100, isPending: false),
            .refundCredit(1, isNamed: true),
        ],
        [.begin(0), .begin(0), .succeed(0), .succeed(0), .refund(1, percent: 100, isPending: false)],
        [.bank(0, percent: 50), .pay(0, percent: 30), .bank(0, percent: 100), .pay(0, percent: 120)],
        [.credit(0, percent: 50), .begin(0), .credit(0, percent: 50), .fail(0), .bank(0, percent: 100)],
        [.closePeriods, .days(1), .closePeriods, .pay(0, percent: 100), .refund(0, percent: 100, isPending: false)],
        [.pay(0, percent: 100), .days(3), .closePeriods, .askUndo(0), .openPeriods],
    ]

    private static func fact(documents: Int, _ random: inout SplitMix) -> Fact.What {
        let invoice = Int(random.number(0...Int64(documents - 1)))
        let index = Int(random.number(0...2))
        switch random.number(0...99) {
        case 0..<22: return .pay(invoice, percent: random.pick([100, 100, 100, 50, 30, 120]))
        case 22..<26: return documents > 1 ? .payBoth : .pay(invoice, percent: 100)
        case 26..<32: return .begin(invoice)
        case 32..<36: return .succeed(index)
        case 36..<38: return .fail(index)
        case 38..<40: return .decline(invoice)
        case 40..<46:
            return .refund(index, percent: random.pick([100, 100, 50, 30]), isPending: random.number(0...3) == 0)
        case 46..<50: return .refundSucceeds(index)
        case 50..<52: return .refundFails(index)
        case 52..<58:
            return .dispute(
                index, percent: random.pick([100, 100, 40, 110]),
                status: random.pick(["needs_response", "needs_response", "lost", "warning_needs_response"]))
        case 58..<64:
            let ways = ["lost", "lost", "won", "under_review", "appeal_under_review", "needs_response", "prevented"]
            return .disputeBecomes(index, random.pick(ways))
        case 64..<72: return .bank(invoice, percent: random.pick([100, 50, 20]))
        case 72..<74: return .bankVoided(index)
        case 74..<78: return .credit(invoice, percent: random.pick([100, 50, 10]))
        case 78..<80: return .writeOff(invoice)
        case 80..<82: return .voidBooking(index)
        case 82..<83: return .askUndo(index)
        case 83..<85: return .releaseHeld
        case 85..<89: return .refundCredit(index, isNamed: random.number(0...2) > 0)
        case 89..<91: return .refundDocument(index, isNamed: random.number(0...1) > 0)
        case 91..<92: return .closePeriods
        case 92..<93: return .openPeriods
        case 93..<95: return .stripeCredit(invoice, percent: random.pick([100, 30]))
        case 95..<96: return random.number(0...1) == 0 ? .stripeVoid(invoice) : .stripeOutOfBand(invoice)
        default: return .days(random.pick([1, 3, 12]))
        }
    }

    /// Whether its books may not depend on when they were looked at. Left out is what cannot be taken back and is a
    /// review instead (what Stripe was told of a bank's payment that is voided, a credit note of ours for a refund that
    /// fails, the entry of a loss beside a refund that fails); what depends on what was known in time: the fee for a
    /// payment that may be voided, a part for a full refund or dispute, the second of two credit notes that may be
    /// meant, the refund that one of Stripe's may be for; and what waits for a person to name a cash account.
    func isComparable(_ answers: [String]) -> Bool {
        let posting = setting.policy.posting
        guard posting.cashAccounts[setting.currency.code] != nil else { return false }
        if posting.fees == .post, setting.feeDelaySeconds > 0, posting.refunds == .void || posting.disputes == .post {
            return false
        }
        var refunds = 0
        var replies = 0
        var credits = 0
        var disputes = 0
        for (fact, answer) in zip(facts, answers) where answer != "-" {
            switch fact.what {
            case .bankVoided: return false
            case .refundFails where posting.refunds == .ownCreditNote || posting.disputes == .post: return false
            case .refund: refunds += 1
            case .stripeCredit: credits += 1
            case .dispute: disputes += 1
            case .refundCredit, .refundDocument: replies += 1
            default: break
            }
        }
        return replies < 2 && disputes < 2 && (refunds == 0 || credits == 0)
            && (posting.refunds != .void || refunds < (posting.booking == .hold ? 1 : 2))
    }

    /// Nothing but payments and settlements, no policy that waits for a person: nobody needs to be asked anything.
    func isCalm(_ answers: [String]) -> Bool {
        let posting = setting.policy.posting
        guard posting.booking == .release, posting.cashAccounts[setting.currency.code] != nil else { return false }
        if posting.fees == .post, posting.feeEntryType == nil || posting.cashAccounts[setting.settlement.code] == nil {
            return false
        }
        return zip(facts, answers).allSatisfy { fact, answer in
            switch fact.what {
            case .pay, .payBoth, .begin, .succeed, .fail, .decline, .bank, .credit, .writeOff, .days: true
            default: answer == "-"
            }
        }
    }

    // MARK: Told

    struct Told {
        var ledger: Ledger
        var answers: [String] = []
        /// For a person who reads a failure.
        var story: [String] = []
    }

    /// The history with looks as `schedule` has them: between two facts none, one or several, of any document, and
    /// Visma does what it was asked to sooner or later.
    func told(schedule: UInt64, withStory: Bool = false) -> Told {
        var random = SplitMix(seed: schedule &* 2 &+ 1)
        var ledger = Ledger(setting, luck: schedule)
        if !setting.isOut { for invoice in ledger.connectors.indices { ledger.look(invoice) } }
        var told = Told(ledger: ledger)
        for fact in facts {
            let answer = told.ledger.happen(fact)
            told.answers.append(answer)
            if withStory { told.story.append("\(fact.what): \(answer)") }
            for _ in 0..<random.pick([0, 0, 1, 1, 2]) {
                if random.number(0...1) == 0 { _ = told.ledger.visma.work() }
                let invoice = Int(random.number(0...Int64(told.ledger.connectors.count - 1)))
                told.ledger.look(invoice)
                guard withStory else { continue }
                told.story.append("  look \(invoice): \(told.ledger.connectors[invoice].writes) writes so far")
            }
        }
        return told
    }
}
