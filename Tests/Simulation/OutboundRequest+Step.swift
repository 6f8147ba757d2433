import Domain
package import Outbound

extension OutboundRequest {
    /// The path without scheme, host and query.
    package var path: String {
        let afterHost = url.dropFirst("http://".count).drop { $0 != "/" }
        return String(afterHost.prefix { $0 != "?" })
    }

    package var isToStripe: Bool { url.hasPrefix(MemoryTransport.stripeOrigin) }

    /// Which outside write this is; nil for a read or a token.
    package var step: String? { isToStripe ? stripeStep : vismaStep }

    private var stripeStep: String? {
        switch (method, path) {
        case ("POST", "/v1/customers"): Step.createCustomer
        case ("POST", "/v1/invoices"): Step.createInvoice
        case ("POST", "/v1/credit_notes"): Step.creditInvoice
        case ("POST", "/v1/payment_records/report_payment"): Step.reportPayment
        case ("POST", "/v1/webhook_endpoints"): Step.createEndpoint
        case ("POST", let path): Self.invoiceSteps.first { path.hasSuffix("/" + $0.key) }?.value
        case ("DELETE", let path) where path.hasPrefix("/v1/invoices/"): Step.deleteDraft
        case ("DELETE", let path) where path.hasPrefix("/v1/webhook_endpoints/"): Step.deleteEndpoint
        default: nil
        }
    }

    private static let invoiceSteps = [
        "add_lines": Step.addLines, "finalize": Step.finalizeInvoice, "send": Step.sendInvoice,
        "void": Step.voidInvoice, "pay": Step.payOutOfBand, "mark_uncollectible": Step.markUncollectible,
        "attach_payment": Step.attachPayment,
    ]

    private var vismaStep: String? {
        // `/v1/customerPayment/000101/action/release`
        let parts = path.split(separator: "/").map { $0.lowercased() }
        guard parts.count > 1 else { return nil }
        let resource = parts[1]
        switch (method, parts.last ?? "") {
        case ("PUT", _): return says("excludeDebtCollection") ? Step.setDunning : Step.writeNote
        case ("DELETE", _): return resource == "customercreditnote" ? Step.deleteCreditNote : nil
        case ("POST", "attachment"): return Step.attachRecord
        case ("POST", "release"): return kind(resource).map(Step.release)
        case ("POST", "void"): return kind(resource).flatMap(Step.void)
        case ("POST", resource): return kind(resource).map(Step.create)
        default: return nil
        }
    }

    /// Payments and refunds share one resource; the body's type tells them apart.
    private func kind(_ resource: String) -> Booking.Kind? {
        switch resource {
        case "customerpayment": says("\"Refund\"") ? .refund : .payment
        case "customercreditnote": .creditNote
        case "cashtransaction": .cashEntry
        case "journaltransaction": .journalEntry
        default: nil
        }
    }

    private func says(_ text: String) -> Bool { String(decoding: body, as: UTF8.self).contains(text) }
}
