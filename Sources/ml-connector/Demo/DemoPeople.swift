import Domain
import Sandbox

/// What customers, their banks, bookkeepers and Stripe do in the demo. Nobody tells the connector.
struct DemoPeople {
    private let companies: DemoCompanies
    private var made: [DemoCase: StripePaymentMade] = [:]
    private var refunds: [DemoCase: String] = [:]
    private var disputes: [DemoCase: String] = [:]

    private var stripe: StripeSimulator { companies.stripe }
    private var visma: VismaSimulator { companies.visma }

    init(companies: DemoCompanies) { self.companies = companies }

    // MARK: Finding

    private func place(_ name: DemoCase) throws -> DemoCompanies.Place {
        guard let place = companies.cases[name] else { throw Failure(.failed, "the demo has no invoice '\(name)'") }
        return place
    }

    private func invoice(_ name: DemoCase) throws -> StripeInvoiceGlimpse {
        let place = try place(name)
        let wanted = place.company.numberPrefix + place.number
        let found = stripe.invoices().first { $0.account == place.company.account && $0.number == wanted }
        guard let found else { throw Failure(.failed, "invoice \(wanted) of the demo did not come to Stripe") }
        return found
    }

    private func payment(_ name: DemoCase) throws -> StripePaymentMade {
        guard let payment = made[name] else { throw Failure(.failed, "invoice '\(name)' of the demo is not paid") }
        return payment
    }

    // MARK: Paying

    mutating func pay() throws -> String {
        try settleInVisma()
        try stripe.failCard(
            invoice: invoice(.cardFails).id, code: "card_declined", message: "Your card has insufficient funds.")
        let part = try invoice(.partlyPaid)
        made[.partlyPaid] = try stripe.pay(invoice: part.id, amount: part.amountRemaining / 4)
        let much = try invoice(.overpaid)
        made[.overpaid] = try stripe.pay(invoice: much.id, amount: much.amountRemaining + 5_000)
        let together = try [DemoCase.together, .togetherToo].map { StripePaymentPart(invoice: try invoice($0).id) }
        made[.together] = try stripe.pay(together: together)
        let inFull: [DemoCase] = [
            .refunded, .partlyRefunded, .refundFails, .refundWaits, .disputeWon, .disputeLost, .bookingVoided, .foreign,
            .refundedByVoid, .disputeLostToReview, .disputeOpen,
        ]
        for name in inFull { made[name] = try stripe.pay(invoice: invoice(name).id) }
        // The rest of what is open is paid too, but for what stays open, and what was settled without Stripe.
        let settled: [DemoCase] = [.paidOutside, .partlyPaidOutside, .credited, .reversed, .writtenOff, .staysOpen]
        let left = try Set(([.cardFails, .partlyPaid] + settled).map { try invoice($0).id })
        var others = 0
        for invoice in stripe.invoices() where invoice.status == "open" && !left.contains(invoice.id) {
            try stripe.pay(invoice: invoice.id)
            others += 1
        }
        let paid = "\(made.count + others) payments, one in part, one too large, one for two invoices; 1 card declined"
        return paid + "; in Visma 2 bank payments, 1 credit note, 1 reversal, 1 write-off"
    }

    /// What a bookkeeper keys in that Stripe must be told of.
    private func settleInVisma() throws {
        let (whole, part) = (try place(.paidOutside), try place(.partlyPaidOutside))
        let tenant = whole.company.vismaTenant
        try visma.applyOutsidePayment(
            to: whole.number, amount: whole.openAmount, cashAccount: DemoCompanies.bankAccount, in: tenant)
        try visma.applyOutsidePayment(
            to: part.number, amount: "500.00", cashAccount: DemoCompanies.bankAccount, in: tenant)
        let credited = try place(.credited).number
        let note = try visma.creditInvoice(credited, amount: "250.00", text: "Complaint, \(credited)", in: tenant)
        try visma.applyCreditNote(note, to: credited, amount: "250.00", in: tenant)
        try visma.reverseInvoice(place(.reversed).number, in: tenant)
        try visma.writeOff(place(.writtenOff).number, in: tenant)
    }

    // MARK: Giving back

    mutating func giveBack() throws -> String {
        // Its queue has been seen at work by now; the rest of the demo need not wait for it.
        try visma.changeBehaviour(of: companies.kyst.vismaTenant) { $0.releaseDelaySeconds = 0 }
        refunds[.refunded] = try stripe.refund(charge: payment(.refunded).charge)
        refunds[.partlyRefunded] = try stripe.refund(charge: payment(.partlyRefunded).charge, amount: 10_000)
        refunds[.refundFails] = try stripe.refund(charge: payment(.refundFails).charge)
        refunds[.refundWaits] = try stripe.refund(charge: payment(.refundWaits).charge, amount: 15_000)
        refunds[.refundedByVoid] = try stripe.refund(charge: payment(.refundedByVoid).charge)
        for (name, amount) in [(DemoCase.refunded, nil), (.partlyRefunded, "100.00"), (.refundFails, nil)] {
            let place = try place(name)
            try visma.creditInvoice(
                place.number, amount: amount, text: "Refund of invoice \(place.number)", in: place.company.vismaTenant)
        }
        for name in [DemoCase.disputeWon, .disputeLost, .disputeLostToReview, .disputeOpen] {
            disputes[name] = try stripe.dispute(charge: payment(name).charge, reason: "product_not_received")
        }
        let voided = try payment(.bookingVoided).paymentIntent
        let tenant = try place(.bookingVoided).company.vismaTenant
        let booking = visma.books().first {
            $0["kind"]?.stringValue == "payment" && $0["reference"]?.stringValue == voided
        }
        guard let number = booking?["number"]?.stringValue else {
            throw Failure(.failed, "the payment that is to be voided in the demo is not booked")
        }
        try visma.voidPayment(number, in: tenant)
        return
            "\(refunds.count) refunds, 3 credit notes for them, \(disputes.count) disputes, 1 booking voided in Visma"
    }

    // MARK: Deciding

    mutating func decide() throws -> String {
        if let refund = refunds[.refundFails] { try stripe.failRefund(refund) }
        for (name, isWon) in [(DemoCase.disputeWon, true), (.disputeLost, false), (.disputeLostToReview, false)] {
            guard let dispute = disputes[name] else { continue }
            try stripe.answerDispute(dispute)
            try stripe.closeDispute(dispute, isWon: isWon)
        }
        for company in companies.all {
            let currency = company.baseCurrency.lowercased()
            try stripe.takeFee(account: company.account, currency: currency, amount: 2_900)
            try stripe.finishPayout(try stripe.payOut(account: company.account, currency: currency))
        }
        return "1 refund failed, 1 dispute won, 2 lost, \(companies.all.count) payouts arrived"
    }
}
