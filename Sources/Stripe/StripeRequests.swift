package import Domain
import Foundation
import LibCrypto
package import Outbound

/// Builds Stripe's writes as calls that can be journaled and sent again byte for byte. Nothing here does I/O.
///
/// What Stripe would refuse is refused here first, with the field and the remedy (`.reject`). Text that only people
/// read (line and customer texts, memo, tax names) is cut with an ellipsis where it is too long; text that something
/// is found or identified by (number, e-mail, custom fields, metadata) is never altered.
/// Source of names and limits: Stripe's OpenAPI description of the pinned version.
package enum StripeRequests {
    static let linesMax = 250
    static let taxesPerLineMax = 20
    static let numberLengthMax = 26
    static let customFieldsMax = 4
    static let metadataKeysMax = 50
    private static let idempotencyKeyLengthMax = 255
    private static let eventTypesMax = 500

    // MARK: Customers

    package static func createCustomer(_ draft: CustomerDraft, key: String) throws(ConnectorError) -> OutboundCall {
        var form = FormEncoding()
        form.add("name", ifPresent: StripeText.cut(draft.name, max: 256))
        if let email = draft.email {
            try StripeText.check(email, max: 512, what: "the customer's e-mail address")
            form.add("email", ifPresent: email)
        }
        // Half a telephone number is a wrong one; it is only for show, so a long one is left out.
        form.add("phone", ifPresent: draft.phone.flatMap { $0.unicodeScalars.count <= 20 ? $0 : nil })
        form.add("description", ifPresent: draft.description.map { StripeText.cut($0, max: 5000) })
        form.add("preferred_locales[0]", ifPresent: draft.language)
        if let address = draft.address {
            form.add("address[line1]", ifPresent: address.line1.map { StripeText.cut($0, max: 5000) })
            form.add("address[line2]", ifPresent: address.line2.map { StripeText.cut($0, max: 5000) })
            form.add("address[postal_code]", ifPresent: address.postalCode.map { StripeText.cut($0, max: 5000) })
            form.add("address[city]", ifPresent: address.city.map { StripeText.cut($0, max: 5000) })
            form.add("address[country]", ifPresent: address.country)
        }
        try add(metadata: draft.metadata, to: &form)
        return try post("/v1/customers", form, key: key)
    }

    // MARK: Invoices

    /// A draft that nothing acts on by itself. Tax computed by Stripe, the customer's coupon and items that wait on
    /// the customer are all switched off in so many words, as accounts can have them on by default.
    package static func createInvoice(_ draft: InvoiceDraft, key: String) throws(ConnectorError) -> OutboundCall {
        try StripeText.check(draft.number, max: numberLengthMax, what: "the invoice number", mayBeEmpty: false)
        guard draft.customFields.count <= customFieldsMax else {
            throw StripeErrors.refused(
                "too_many_custom_fields", "an invoice takes \(customFieldsMax) custom fields, not more")
        }
        var form = FormEncoding()
        form.add("customer", draft.customer.rawValue)
        form.add("collection_method", "send_invoice")
        form.add("auto_advance", false)
        form.add("automatic_tax[enabled]", false)
        form.add("currency", draft.currency.stripeCode)
        form.add("discounts", "")
        form.add("pending_invoice_items_behavior", "exclude")
        form.add("due_date", draft.dueAt.unixSeconds)
        form.add("effective_at", draft.effectiveAt.unixSeconds)
        form.add("number", draft.number)
        form.add("description", ifPresent: draft.memo.map { StripeText.cut($0, max: 1500) })
        form.add("footer", ifPresent: draft.footer.map { StripeText.cut($0, max: 5000) })
        for (index, field) in draft.customFields.enumerated() {
            try StripeText.check(field.name, max: 40, what: "a custom field's name", mayBeEmpty: false)
            try StripeText.check(field.value, max: 140, what: "custom field \(field.name)", mayBeEmpty: false)
            form.add("custom_fields[\(index)][name]", field.name)
            form.add("custom_fields[\(index)][value]", field.value)
        }
        try add(metadata: draft.metadata, to: &form)
        return try post("/v1/invoices", form, key: key)
    }

    /// Adds all lines at once with their tax as the books have it, so that Stripe computes and rounds nothing:
    /// total = sum of the lines + sum of the exclusive taxes.
    package static func addLines(
        _ invoice: StripeInvoiceID, _ lines: [InvoiceLine], key: String
    ) throws(ConnectorError) -> OutboundCall {
        guard let currency = lines.first?.amount.currency else {
            throw StripeErrors.refused("no_lines", "an invoice needs at least one line")
        }
        guard lines.count <= linesMax else {
            throw StripeErrors.refused(
                "too_many_lines", "an invoice takes \(linesMax) lines, not \(lines.count); split it or merge lines")
        }
        var form = FormEncoding()
        for (index, line) in lines.enumerated() {
            let name = "lines[\(index)]"
            form.add("\(name)[amount]", try StripeText.amount(line.amount, in: currency, what: "line \(index + 1)"))
            form.add("\(name)[description]", ifPresent: StripeText.cut(line.description, max: 5000))
            form.add("\(name)[discountable]", false)
            guard line.taxes.count <= taxesPerLineMax else {
                throw StripeErrors.refused(
                    "too_many_taxes", "line \(index + 1) has more than \(taxesPerLineMax) taxes")
            }
            for (place, tax) in line.taxes.enumerated() {
                try add(tax, name: "\(name)[tax_amounts][\(place)]", line: index + 1, currency: currency, to: &form)
            }
        }
        return try post("/v1/invoices/\(segment(invoice.rawValue))/add_lines", form, key: key)
    }

    private static func add(
        _ tax: InvoiceLine.Tax, name: String, line: Int, currency: Currency, to form: inout FormEncoding
    ) throws(ConnectorError) {
        let label = StripeText.cut(tax.displayName, max: 200)
        guard !label.isEmpty else {
            throw StripeErrors.refused("unnamed_tax", "a tax on line \(line) has no name to show")
        }
        form.add("\(name)[amount]", try StripeText.amount(tax.amount, in: currency, what: "a tax of line \(line)"))
        form.add(
            "\(name)[taxable_amount]",
            try StripeText.amount(tax.taxable, in: currency, what: "a taxable amount of line \(line)"))
        form.add("\(name)[tax_rate_data][display_name]", label)
        form.add("\(name)[tax_rate_data][percentage]", try StripeText.percentage(tax.rate, line: line))
        form.add("\(name)[tax_rate_data][inclusive]", tax.isInclusive)
        form.add("\(name)[tax_rate_data][tax_type]", "vat")
        form.add("\(name)[taxability_reason]", ifPresent: tax.treatment.map(reason))
    }

    private static func reason(_ treatment: VATTreatment) -> String {
        switch treatment {
        case .reverseCharge: "reverse_charge"
        case .zeroRated: "zero_rated"
        case .exempt: "product_exempt"
        case .outsideScope: "not_subject_to_tax"
        }
    }

    /// Makes the draft an open invoice with its payment intent. `auto_advance=false`: Stripe neither mails nor duns
    /// by itself. The answer holds the payments.
    package static func finalize(_ invoice: StripeInvoiceID, key: String) throws(ConnectorError) -> OutboundCall {
        var form = FormEncoding()
        form.add("auto_advance", false)
        form.add("expand[]", "payments")
        return try post("/v1/invoices/\(segment(invoice.rawValue))/finalize", form, key: key)
    }

    /// Works on a draft only, and is gone for good.
    package static func deleteDraft(_ invoice: StripeInvoiceID) throws(ConnectorError) -> OutboundCall {
        OutboundCall(
            system: .stripe, method: "DELETE", path: "/v1/invoices/\(try segment(invoice.rawValue))")
    }

    /// Works on an open or uncollectible invoice without paid payments; cannot be undone.
    package static func voidInvoice(_ invoice: StripeInvoiceID, key: String) throws(ConnectorError) -> OutboundCall {
        try post("/v1/invoices/\(segment(invoice.rawValue))/void", FormEncoding(), key: key)
    }

    /// Has Stripe mail an open invoice to the customer; a draft would be finalized by it. In test mode nothing is
    /// mailed.
    package static func sendInvoice(_ invoice: StripeInvoiceID, key: String) throws(ConnectorError) -> OutboundCall {
        try post("/v1/invoices/\(segment(invoice.rawValue))/send", FormEncoding(), key: key)
    }

    // MARK: Settled in the books

    /// Closes an open invoice as paid in full elsewhere; nothing is charged. The answer holds the payments.
    package static func payOutOfBand(_ invoice: StripeInvoiceID, key: String) throws(ConnectorError) -> OutboundCall {
        var form = FormEncoding()
        form.add("paid_out_of_band", true)
        form.add("expand[]", "payments")
        return try post("/v1/invoices/\(segment(invoice.rawValue))/pay", form, key: key)
    }

    /// Works on an open invoice only. It can still be paid or voided afterwards.
    package static func markUncollectible(
        _ invoice: StripeInvoiceID, key: String
    ) throws(ConnectorError) -> OutboundCall {
        try post("/v1/invoices/\(segment(invoice.rawValue))/mark_uncollectible", FormEncoding(), key: key)
    }

    /// What people read on a reported payment as its method.
    private static let reportedMethod = "Recorded in Visma.net"

    /// Reports money that came past Stripe, as received (`guaranteed`). It touches no invoice until it is attached.
    ///
    /// The only kind of method that can be reported is `custom`. It is named by `display_name` alone: a registered
    /// type (`cpmt_...`) would have to be made in each account's dashboard, and Stripe refuses both at once ("You may
    /// only specify one of these parameters"). It refuses a report without `processor_details` too, which the
    /// description calls optional. `key` is written on it as `MetadataKey.effect`.
    package static func reportPayment(_ report: PaymentReport, key: String) throws(ConnectorError) -> OutboundCall {
        try StripeText.check(
            report.reference, max: 5000, what: "the reference of a reported payment", mayBeEmpty: false)
        var form = FormEncoding()
        form.add("amount_requested[value]", try StripeText.positive(report.amount, what: "a reported payment"))
        form.add("amount_requested[currency]", report.amount.currency.stripeCode)
        form.add("customer_details[customer]", report.customer.rawValue)
        form.add("initiated_at", report.paidAt.unixSeconds)
        form.add("outcome", "guaranteed")
        form.add("guaranteed[guaranteed_at]", report.paidAt.unixSeconds)
        form.add("payment_method_details[type]", "custom")
        form.add("payment_method_details[custom][display_name]", reportedMethod)
        form.add("processor_details[type]", "custom")
        form.add("processor_details[custom][payment_reference]", report.reference)
        try add(metadata: marked(report.metadata, key), to: &form)
        return try post("/v1/payment_records/report_payment", form, key: key)
    }

    /// Counts a reported payment, whole, towards an open invoice. The answer holds the payments.
    package static func attachPayment(
        _ invoice: StripeInvoiceID, record: String, key: String
    ) throws(ConnectorError) -> OutboundCall {
        guard !record.isEmpty else {
            throw StripeErrors.refused("empty_id", "the id of the payment record is empty")
        }
        var form = FormEncoding()
        form.add("payment_record", record)
        form.add("expand[]", "payments")
        return try post("/v1/invoices/\(segment(invoice.rawValue))/attach_payment", form, key: key)
    }

    /// Takes an amount off an open invoice, without an e-mail. One line of its own without tax, so that Stripe has
    /// nothing to spread over the invoice's lines or to round. On an amount above what remains open Stripe asks where
    /// the rest is to go and refuses, as nothing says so here. `key` is written on it as `MetadataKey.effect`.
    package static func createCreditNote(_ draft: StripeCreditDraft, key: String) throws(ConnectorError) -> OutboundCall
    {
        let memo = StripeText.cut(draft.memo, max: 5000)
        try StripeText.check(memo, max: 5000, what: "the text of a credit note", mayBeEmpty: false)
        guard !draft.invoice.rawValue.isEmpty else {
            throw StripeErrors.refused("empty_id", "the id of the invoice to credit is empty")
        }
        var form = FormEncoding()
        form.add("invoice", draft.invoice.rawValue)
        form.add("email_type", "none")
        form.add("lines[0][type]", "custom_line_item")
        form.add("lines[0][description]", memo)
        form.add("lines[0][quantity]", 1)
        form.add("lines[0][unit_amount]", try StripeText.positive(draft.amount, what: "a credit note"))
        form.add("memo", memo)
        try add(metadata: marked(draft.metadata, key), to: &form)
        return try post("/v1/credit_notes", form, key: key)
    }

    /// What has no number of its own is found again by this mark alone, so it is never left to the caller.
    private static func marked(_ metadata: [String: String], _ key: String) -> [String: String] {
        metadata.merging([MetadataKey.effect: key]) { $1 }
    }

    // MARK: Webhook endpoints

    /// `events` may hold the plain-talk aliases; `apiVersion` fixes the form of the bodies for the endpoint's life.
    package static func createEndpoint(
        url: String, events: [String], apiVersion: String = StripeAPI.version, description: String?,
        metadata: [String: String], key: String
    ) throws(ConnectorError) -> OutboundCall {
        guard !url.isEmpty else { throw StripeErrors.refused("no_endpoint_url", "the endpoint has no URL") }
        guard (1...eventTypesMax).contains(events.count) else {
            throw StripeErrors.refused("no_events", "an endpoint needs 1 to \(eventTypesMax) event types")
        }
        var form = FormEncoding()
        form.add("url", url)
        var seen = Set<String>()
        for type in events.map(EventType.canonical) where seen.insert(type).inserted {
            form.add("enabled_events[]", type)
        }
        form.add("api_version", apiVersion)
        form.add("description", ifPresent: description.map { StripeText.cut($0, max: 5000) })
        try add(metadata: metadata, to: &form)
        return try post("/v1/webhook_endpoints", form, key: key)
    }

    package static func deleteEndpoint(_ id: String) throws(ConnectorError) -> OutboundCall {
        OutboundCall(system: .stripe, method: "DELETE", path: "/v1/webhook_endpoints/\(try segment(id))")
    }

    // MARK: Parts

    /// An id as a part of a path. An empty one would turn the address into that of the whole list.
    static func segment(_ id: String) throws(ConnectorError) -> String {
        guard !id.isEmpty else { throw StripeErrors.refused("empty_id", "the id of the Stripe object is empty") }
        return FormEncoding.escape(id)
    }

    private static func post(_ path: String, _ form: FormEncoding, key: String) throws(ConnectorError) -> OutboundCall {
        OutboundCall(
            system: .stripe, method: "POST", path: path, contentType: "application/x-www-form-urlencoded",
            body: form.bytes, idempotencyKey: try headerKey(key))
    }

    /// The key as the header takes it: as it is, or escaped where it holds anything but visible ASCII, or its hash
    /// where it is too long. The same key always gives the same header, and different keys different ones.
    static func headerKey(_ key: String) throws(ConnectorError) -> String {
        guard !key.isEmpty else {
            throw StripeErrors.refused("no_idempotency_key", "a write to Stripe needs an idempotency key")
        }
        let isPlain = key.utf8.allSatisfy { (33...126).contains($0) && $0 != UInt8(ascii: "%") }
        let text = isPlain ? key : FormEncoding.escape(key)
        return text.utf8.count <= idempotencyKeyLengthMax ? text : "sha256:" + hex(sha256(Array(key.utf8)))
    }

    private static func add(metadata: [String: String], to form: inout FormEncoding) throws(ConnectorError) {
        guard metadata.count <= metadataKeysMax else {
            throw StripeErrors.refused(
                "too_much_metadata", "an object takes \(metadataKeysMax) metadata keys, not \(metadata.count)")
        }
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            try StripeText.check(key, max: 40, what: "a metadata key", mayBeEmpty: false)
            guard !key.contains("["), !key.contains("]") else {
                throw StripeErrors.refused("bad_metadata_key", "the metadata key \(key) must not contain brackets")
            }
            try StripeText.check(value, max: 500, what: "metadata \(key)")
        }
        form.add("metadata", metadata)
    }
}
