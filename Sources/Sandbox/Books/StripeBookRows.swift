/// An invoice in Stripe. Amounts are minor units.
struct BookInvoice {
    var id: String
    var status: String
    var currency: String
    var customer: String
    var total: Int64?
    var amountDue: Int64?
    var amountPaid: Int64?
    var amountRemaining: Int64?
    var overpaid: Int64
    var offStripe: Int64
    /// What credit notes took off while it was open, and what they gave back later.
    var credited: Int64
    var creditedAfter: Int64
    var startingBalance: Int64
    var document: String
    var company: String

    init(_ row: SandboxJSON) {
        id = row.bookText("id")
        status = row.bookText("status")
        currency = row.bookText("currency")
        customer = row.bookText("customer")
        total = row.bookNumber("total")
        amountDue = row.bookNumber("amount_due")
        amountPaid = row.bookNumber("amount_paid")
        amountRemaining = row.bookNumber("amount_remaining")
        overpaid = row.bookNumber("amount_overpaid") ?? 0
        offStripe = row.bookNumber("amount_paid_off_stripe") ?? 0
        credited = row.bookNumber("pre_payment_credit") ?? 0
        creditedAfter = row.bookNumber("post_payment_credit") ?? 0
        startingBalance = row.bookNumber("starting_balance") ?? 0
        document = row["metadata"]?.bookText("mlc_document") ?? ""
        company = row["metadata"]?.bookText("mlc_company") ?? ""
    }

    var isGone: Bool { status == "void" || status == "deleted" }
}

/// An invoice payment, a charge, a refund or a dispute, a credit note, a payment record, a balance transaction or a
/// payout: whatever has an id and an amount.
struct BookMovement {
    var kind: String
    var id: String
    /// Of a balance transaction: `charge`, `stripe_fee`, `payout` and others.
    var type: String
    var status: String
    var currency: String
    /// Minor units: `amount`, or `amount_paid` of an invoice payment, without what came beyond the invoice.
    var amount: Int64?
    var overpaid: Int64
    /// Of a balance transaction.
    var fee: Int64
    var net: Int64
    var invoice: String
    var intent: String
    var charge: String
    var record: String
    /// What a balance transaction comes of; empty for what Stripe takes for itself.
    var source: String
    var payout: String
    /// What a payment record says of the Visma application that it stands for.
    var reference: String
    var document: String
    var company: String
    var customerBalance: Int64
    /// Of a credit note.
    var credited: Int64
    var creditedAfter: Int64

    init(_ row: SandboxJSON) {
        kind = row.bookText("kind")
        id = row.bookText("id")
        type = row.bookText("type")
        status = row.bookText("status")
        currency = row.bookText("currency")
        let amounts = ["invoice_payment": "amount_paid", "payment_record": "amount_guaranteed"]
        amount = row.bookNumber(amounts[kind] ?? "amount")
        overpaid = row.bookNumber("amount_overpaid") ?? 0
        fee = row.bookNumber("fee") ?? 0
        net = row.bookNumber("net") ?? 0
        invoice = row.bookText("invoice")
        intent = row.bookText("payment_intent")
        charge = row.bookText("charge")
        record = row.bookText("payment_record")
        source = row.bookText("source")
        payout = row.bookText("payout")
        reference = row.bookText("reference")
        document = row["metadata"]?.bookText("mlc_document") ?? ""
        company = row["metadata"]?.bookText("mlc_company") ?? ""
        customerBalance = row.bookNumber("balance") ?? 0
        credited = row.bookNumber("pre_payment_amount") ?? 0
        creditedAfter = row.bookNumber("post_payment_amount") ?? 0
    }

    /// Money that an invoice payment brought; nil when it cannot be read.
    var received: Int64? { amount.map { $0 + overpaid } }
    /// What a Visma payment names as its reference: empty for money that did not pass through Stripe.
    var means: String { intent.isEmpty ? charge : intent }
}
