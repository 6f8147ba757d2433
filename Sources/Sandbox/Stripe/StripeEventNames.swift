/// The event names that an endpoint may ask for. The legacy words of plain talk (`charge.completed`,
/// `dispute.created`) are not among them: Stripe refuses them, and so does the sandbox.
enum StripeEventNames {
    static func isKnown(_ name: String) -> Bool { name == "*" || known.contains(name) }

    /// Whether an endpoint or a filter that names `wanted` takes an event of `type`; `charge.*` takes a family.
    static func matches(_ wanted: String, _ type: String) -> Bool {
        if wanted == "*" || wanted == type { return true }
        return wanted.hasSuffix(".*") && type.hasPrefix(wanted.dropLast())
    }

    private static let known = Set(
        """
        account.application.authorized account.application.deauthorized account.external_account.created
        account.external_account.deleted account.external_account.updated account.updated balance.available
        charge.captured charge.dispute.closed charge.dispute.created charge.dispute.funds_reinstated
        charge.dispute.funds_withdrawn charge.dispute.updated charge.expired charge.failed charge.pending
        charge.refund.updated charge.refunded charge.succeeded charge.updated checkout.session.async_payment_failed
        checkout.session.async_payment_succeeded checkout.session.completed checkout.session.expired coupon.created
        coupon.deleted coupon.updated credit_note.created credit_note.updated credit_note.voided customer.created
        customer.deleted customer.discount.created customer.discount.deleted customer.discount.updated
        customer.source.created customer.source.deleted customer.source.expiring customer.source.updated
        customer.subscription.created customer.subscription.deleted customer.subscription.paused
        customer.subscription.pending_update_applied customer.subscription.pending_update_expired
        customer.subscription.resumed customer.subscription.trial_will_end customer.subscription.updated
        customer.tax_id.created customer.tax_id.deleted customer.tax_id.updated customer.updated
        customer_cash_balance_transaction.created file.created invoice.created invoice.deleted
        invoice.finalization_failed invoice.finalized invoice.marked_uncollectible invoice.overdue invoice.overpaid
        invoice.paid invoice.payment_action_required invoice.payment_attempt_required invoice.payment_failed
        invoice.payment_succeeded invoice.sent invoice.upcoming invoice.updated invoice.voided invoice.will_be_due
        invoice_payment.paid invoiceitem.created invoiceitem.deleted mandate.updated
        payment_intent.amount_capturable_updated payment_intent.canceled payment_intent.created
        payment_intent.partially_funded payment_intent.payment_failed payment_intent.processing
        payment_intent.requires_action payment_intent.succeeded payment_link.created payment_link.updated
        payment_method.attached payment_method.automatically_updated payment_method.detached payment_method.updated
        payout.canceled payout.created payout.failed payout.paid payout.reconciliation_completed payout.updated
        plan.created plan.deleted plan.updated price.created price.deleted price.updated product.created
        product.deleted product.updated promotion_code.created promotion_code.updated quote.accepted quote.canceled
        quote.created quote.finalized radar.early_fraud_warning.created radar.early_fraud_warning.updated
        refund.created refund.failed refund.updated reporting.report_run.failed reporting.report_run.succeeded
        reporting.report_type.updated review.closed review.opened setup_intent.canceled setup_intent.created
        setup_intent.requires_action setup_intent.setup_failed setup_intent.succeeded source.canceled
        source.chargeable source.failed source.mandate_notification source.refund_attributes_required
        source.transaction.created source.transaction.updated subscription_schedule.aborted
        subscription_schedule.canceled subscription_schedule.completed subscription_schedule.created
        subscription_schedule.expiring subscription_schedule.released subscription_schedule.updated
        tax.settings.updated tax_rate.created tax_rate.updated topup.canceled topup.created topup.failed
        topup.reversed topup.succeeded transfer.created transfer.reversed transfer.updated
        """.split(whereSeparator: \.isWhitespace).map(String.init))
}
