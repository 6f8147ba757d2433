/// The page where a person pays, declines, disputes or refunds an invoice. Plain forms, no script.
enum SandboxControlPage {
    static func render(_ invoices: [StripeInvoiceGlimpse], hasClock: Bool) -> String {
        let rows = invoices.reversed().map(row).joined()
        let clock =
            hasClock
            ? """
            <form method="post" action="/_sandbox/clock/advance">
            <label>Move the clock by <input name="seconds" value="86400" inputmode="numeric"> seconds</label>
            <button>Move</button></form>
            """ : ""
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>Sandbox</title>
            <style>
            body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem; }
            table { border-collapse: collapse; } th, td { padding: .3rem .8rem; text-align: left; }
            td.amount { text-align: right; } form { display: inline; } input { width: 7rem; }
            </style></head><body>
            <h1>Simulated Stripe</h1>
            <p>Amounts are Stripe's integers. Nothing here is real money.</p>
            \(clock)
            <table><thead><tr><th>Account</th><th>Invoice</th><th>Customer</th><th>Status</th><th>Total</th>
            <th>Remaining</th><th>Actions</th></tr></thead><tbody>
            \(rows)</tbody></table>
            </body></html>
            """
    }

    private static func row(_ invoice: StripeInvoiceGlimpse) -> String {
        var actions = ""
        if invoice.status == "open" || invoice.status == "uncollectible" {
            actions += form("pay", "invoice", invoice.id, "Pay", asksAmount: true)
            actions += form("fail", "invoice", invoice.id, "Decline the card")
        }
        if let charge = invoice.charge {
            if !invoice.isDisputed { actions += form("dispute", "charge", charge, "Dispute") }
            actions += form("refund", "charge", charge, "Refund", asksAmount: true)
        }
        let currency = escape(invoice.currency)
        return """
            <tr><td>\(escape(invoice.account))</td><td>\(escape(invoice.number ?? invoice.id))</td>
            <td>\(escape(invoice.customer))</td><td>\(escape(invoice.status))</td>
            <td class="amount">\(invoice.total) \(currency)</td>
            <td class="amount">\(invoice.amountRemaining) \(currency)</td><td>\(actions)</td></tr>

            """
    }

    private static func form(
        _ action: String, _ field: String, _ value: String, _ label: String, asksAmount: Bool = false
    ) -> String {
        let amount =
            asksAmount
            ? "<input name=\"amount\" aria-label=\"Amount, empty for all\" placeholder=\"all\" inputmode=\"numeric\">"
            : ""
        return "<form method=\"post\" action=\"/_sandbox/\(action)\">"
            + "<input type=\"hidden\" name=\"\(field)\" value=\"\(escape(value))\">\(amount)"
            + "<button>\(label)</button></form> "
    }

    private static func escape(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
    }
}
