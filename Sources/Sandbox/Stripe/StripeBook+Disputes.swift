/// Disputes and inquiries: what the payer's bank and the merchant do.
extension StripeBook {
    /// How long a merchant has to answer a dispute.
    static let disputeAnswerSeconds: Int64 = 9 * 86_400

    /// The amount may be larger than the charge, as the payer's bank counts in its own currency, and a charge may be
    /// disputed more than once.
    mutating func dispute(
        _ id: String, _ opening: StripeDisputeOpening, reason: String, amount: Int64?
    ) throws(StripeActionRefused) -> String {
        guard var charge = charges[id] else { throw StripeActionRefused("no such charge: \(id)") }
        guard charge.isSuccess else { throw StripeActionRefused("charge \(id) did not succeed") }
        let amount = amount ?? (charge.amount - charge.amountRefunded)
        guard amount > 0 else { throw StripeActionRefused("the disputed amount must be positive") }
        charge.isDisputed = true
        charges[id] = charge
        let status =
            switch opening {
            case .inquiry: "warning_needs_response"
            case .prevented: "prevented"
            case .withdrawn, .notYetWithdrawn: "needs_response"
            }
        var row = StripeDisputeRecord(
            id: makeID("dp"), created: now, charge: id, paymentIntent: charge.paymentIntent, amount: amount,
            currency: charge.currency, reason: reason, status: status, evidenceDueBy: now + Self.disputeAnswerSeconds)
        disputes.add(row)
        if opening == .withdrawn { move(&row, out: true) }
        emit("charge.dispute.created", json(row))
        if opening == .withdrawn { emit("charge.dispute.funds_withdrawn", json(row)) }
        if opening == .prevented { emit("charge.dispute.closed", json(row)) }
        return row.id
    }

    /// Moves the amount to the payer's bank (with the dispute's fee, the first time) or back (without it).
    private mutating func move(_ row: inout StripeDisputeRecord, out: Bool) {
        if out {
            let fee = row.balanceTransactions.isEmpty ? settings.disputeFee : 0
            let id = post(
                "adjustment", category: "dispute", source: row.id, -row.amount, row.currency,
                feeDescription: "Dispute fee", fee: { _ in fee })
            row.balanceTransactions.append(id)
        } else if let last = row.balanceTransactions.last {
            row.balanceTransactions.append(
                reverse(last, as: "adjustment", category: "dispute_reversal", source: row.id))
        }
        row.isWithdrawn = out
        disputes[row.id] = row
    }

    private func dispute(
        _ id: String, unless reason: String, _ isAllowed: (StripeDisputeRecord) -> Bool
    ) throws(StripeActionRefused) -> StripeDisputeRecord {
        guard let row = disputes[id] else { throw StripeActionRefused("no such dispute: \(id)") }
        guard isAllowed(row) else { throw StripeActionRefused("dispute \(id) is \(row.status): \(reason)") }
        return row
    }

    /// An inquiry becomes a dispute, or money that was not taken yet is taken now.
    mutating func withdrawDispute(_ id: String) throws(StripeActionRefused) {
        var row = try dispute(id, unless: "nothing can be withdrawn") { !$0.isClosed && !$0.isWithdrawn }
        let wasInquiry = row.isInquiry
        if wasInquiry {
            row.status = "needs_response"
            row.evidenceDueBy = now + Self.disputeAnswerSeconds
        }
        move(&row, out: true)
        if wasInquiry { emit("charge.dispute.updated", json(row)) }
        emit("charge.dispute.funds_withdrawn", json(row))
    }

    /// Money comes back before the dispute is decided.
    mutating func reinstateDispute(_ id: String) throws(StripeActionRefused) {
        var row = try dispute(id, unless: "nothing is withdrawn") { !$0.isClosed && $0.isWithdrawn }
        move(&row, out: false)
        emit("charge.dispute.funds_reinstated", json(row))
    }

    mutating func answerDispute(_ id: String) throws(StripeActionRefused) {
        var row = try dispute(id, unless: "no answer is asked for") { $0.status.hasSuffix("needs_response") }
        row.status = row.status.replacing("needs_response", with: "under_review")
        row.submissions += 1
        disputes[id] = row
        emit("charge.dispute.updated", json(row))
    }

    mutating func moveDisputeDeadline(_ id: String, to moment: Int64) throws(StripeActionRefused) {
        var row = try dispute(id, unless: "no answer is asked for") { $0.status.hasSuffix("needs_response") }
        row.evidenceDueBy = moment
        disputes[id] = row
        emit("charge.dispute.updated", json(row))
    }

    /// The bank decides; of an inquiry it only lets go. What is won brings the amount back, not the fee; what is lost
    /// stays or goes away.
    mutating func closeDispute(_ id: String, isWon: Bool) throws(StripeActionRefused) {
        var row = try dispute(id, unless: "it is closed") { !$0.isClosed }
        let isInquiry = row.isInquiry
        row.status = isInquiry ? "warning_closed" : isWon ? "won" : "lost"
        let moves = !isInquiry && row.isWithdrawn == isWon
        disputes[id] = row
        if moves { move(&row, out: !isWon) }
        emit("charge.dispute.closed", json(row))
        if moves { emit(isWon ? "charge.dispute.funds_reinstated" : "charge.dispute.funds_withdrawn", json(row)) }
    }

    /// A decision is appealed against. A choice, as only the names of the states are known: no money moves until the
    /// appeal is decided like a dispute, so that there can be a third balance transaction.
    mutating func appealDispute(_ id: String) throws(StripeActionRefused) {
        var row = try dispute(id, unless: "only a decision can be appealed against") {
            $0.status == "won" || $0.status == "lost"
        }
        row.status = "appeal_needs_response"
        row.evidenceDueBy = now + Self.disputeAnswerSeconds
        disputes[id] = row
        emit("charge.dispute.updated", json(row))
    }
}
