import Domain
import Sandbox

/// What becomes of money after it was paid, as Visma books it.
extension Scenario {
    static let postings = [
        refundVoids, refundOnCreditNote, refundComesBack, refundWithOwnCreditNote, creditNoteOfAnotherTotal,
        everythingBooked, exchanged, disputeOnOpenInvoice, lostAndWonOnAppeal, partLostAndWon, paidTogether, overpaid,
    ]

    package static let refundVoids = Scenario(
        "a payment that is given back in full and voided", reaching: [Step.voidPayment],
        policy: { $0.posting.refunds = .void }
    ) { world in
        let (_, made) = try await world.pushAndPay()
        try world.stripe.refund(charge: made.charge)
    }

    /// The company credits the invoice and gives the money back; then the payer's bank returns it.
    private static let refundOnCreditNote = Scenario(
        "a refund on the company's credit note, which fails later",
        reaching: [Step.createRefund, Step.releaseRefund, Step.voidRefund]
    ) { world in
        let (document, made) = try await world.pushAndPay()
        let text = "Kreditert: faktura \(document.number)"
        try world.visma.creditInvoice(document.number, amount: "250", text: text, in: world.nord.vismaTenant)
        let refund = try world.stripe.refund(charge: made.charge, amount: 25_000)
        try await world.quiet()
        try world.stripe.failRefund(refund)
    }

    package static let refundComesBack = Scenario(
        "a payment that was voided for a refund, which fails later",
        reaching: [Step.createPayment, Step.releasePayment, Step.voidPayment],
        policy: { $0.posting.refunds = .void }
    ) { world in
        let (_, made) = try await world.pushAndPay()
        let refund = try world.stripe.refund(charge: made.charge)
        try await world.quiet()
        try world.stripe.failRefund(refund)
    }

    private static let refundWithOwnCreditNote = Scenario(
        "a refund for which the connector makes the credit note",
        reaching: [Step.createCreditNote, Step.releaseCreditNote, Step.createRefund, Step.releaseRefund],
        policy: { $0.posting.refunds = .ownCreditNote }
    ) { world in
        let (_, made) = try await world.pushAndPay()
        try world.stripe.refund(charge: made.charge, amount: 50_000)
    }

    /// No amount without VAT makes 100.02 with 25 % on it; the company writes one with VAT included.
    private static let creditNoteOfAnotherTotal = Scenario(
        "a credit note of which Visma makes another total", reaching: [Step.deleteCreditNote],
        policy: { $0.posting.refunds = .ownCreditNote }
    ) { world in
        let (document, made) = try await world.pushAndPay()
        try world.stripe.refund(charge: made.charge, amount: 10_002)
        try await world.quiet()
        let text = "Kreditert: faktura \(document.number)"
        try world.visma.creditInvoice(document.number, amount: "100.02", text: text, in: world.nord.vismaTenant)
    }

    /// Where all that Stripe does is booked, the clearing account has what Stripe has.
    static func bookEverything(_ policy: inout Policy) {
        policy.posting.fees = .post
        policy.posting.feeEntryType = feeEntryType
        policy.posting.disputes = .post
        policy.posting.disputeEntryType = disputeEntryType
        policy.posting.payouts = .journal
        policy.posting.bankLedgerAccounts = ["NOK": "1920"]
        policy.posting.clearingLedgerAccounts = ["NOK": clearingLedgerAccount]
    }

    private static let everythingBooked = Scenario(
        "fees, some of them late, and a payout",
        reaching: [
            Step.createCashEntry, Step.releaseCashEntry, Step.createJournalEntry, Step.releaseJournalEntry,
        ], policy: bookEverything
    ) { world in
        _ = try await world.pushAndPay()
        world.stripe.change(account: world.nord.account) { $0.feesKnownAfterSeconds = 1800 }
        _ = try await world.pushAndPay("2000")
        world.clock.advance(bySeconds: 3600)
        try await world.quiet()
        try world.stripe.takeFee(account: world.nord.account, currency: "nok", amount: 9_900)
        let payout = try world.stripe.payOut(account: world.nord.account, currency: "nok")
        try world.stripe.finishPayout(payout)
    }

    private static let exchanged = Scenario(
        "a payout that holds what Stripe exchanged",
        reaching: [Step.createJournalEntry, Step.releaseJournalEntry],
        policy: { policy in
            bookEverything(&policy)
            policy.posting.bankLedgerAccounts["EUR"] = "1922"
            policy.posting.clearingLedgerAccounts["EUR"] = "1572"
            policy.posting.exchangeLedgerAccount = "8060"
        }
    ) { world in
        world.stripe.change(account: world.nord.account) {
            $0.conversions["eur"] = StripeConversion(to: "nok", rateMillionths: 11_650_000)
        }
        _ = try await world.pushAndPay()
        let document = try world.addInvoice("100") {
            $0.currency = "EUR"
            $0.exchangeRate = "11.5"
        }
        try await world.quiet()
        let made = try world.stripe.pay(invoice: world.live(document).id)
        let dispute = try world.stripe.dispute(charge: made.charge, amount: 2_500)
        try world.stripe.closeDispute(dispute, isWon: false)
        try await world.quiet()
        let payout = try world.stripe.payOut(account: world.nord.account, currency: "nok")
        try world.stripe.finishPayout(payout)
    }

    /// Reminders stop while it is open, and begin again when it is won.
    private static let disputeOnOpenInvoice = Scenario(
        "a dispute on an invoice that is paid in part", reaching: [Step.setDunning], acceptsNotes: true
    ) { world in
        let (_, made) = try await world.pushAndPay(amount: 100_000)
        let dispute = try world.stripe.dispute(charge: made.charge)
        try await world.quiet()
        try world.stripe.closeDispute(dispute, isWon: true)
    }

    private static let lostAndWonOnAppeal = Scenario(
        "a dispute that is lost, and won on appeal", reaching: [Step.voidPayment], acceptsNotes: true,
        policy: { policy in
            bookEverything(&policy)
            policy.posting.fees = .none
        }
    ) { world in
        let (_, made) = try await world.pushAndPay()
        let dispute = try world.stripe.dispute(charge: made.charge)
        try world.stripe.closeDispute(dispute, isWon: false)
        try await world.quiet()
        try world.stripe.appealDispute(dispute)
        try world.stripe.closeDispute(dispute, isWon: true)
    }

    private static let partLostAndWon = Scenario(
        "a dispute of a part that is lost, won on appeal and lost again",
        reaching: [Step.createCashEntry, Step.releaseCashEntry], acceptsNotes: true, policy: bookEverything
    ) { world in
        let (_, made) = try await world.pushAndPay()
        let dispute = try world.stripe.dispute(charge: made.charge, amount: 40_000)
        try world.stripe.closeDispute(dispute, isWon: false)
        for isWon in [true, false] {
            try await world.quiet()
            try world.stripe.appealDispute(dispute)
            try world.stripe.closeDispute(dispute, isWon: isWon)
        }
    }

    package static let paidTogether = Scenario(
        "one payment on two invoices", reaching: [Step.createPayment, Step.releasePayment], policy: bookEverything
    ) { world in
        let customer = try world.addCustomer()
        let documents = [try world.addInvoice(of: customer), try world.addInvoice("400", of: customer)]
        try await world.quiet()
        try world.stripe.pay(together: try documents.map { StripePaymentPart(invoice: try world.live($0).id) })
    }

    private static let overpaid = Scenario(
        "more than was asked for", reaching: [Step.createPayment], reviews: ["overpaid"]
    ) { world in
        _ = try await world.pushAndPay(amount: 130_000)
    }
}
