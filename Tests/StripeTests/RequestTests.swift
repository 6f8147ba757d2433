import Domain
import Foundation
import Outbound
import Stripe
import Testing

@Suite("The bytes of Stripe's writes")
struct RequestTests {
    private let invoice = StripeInvoiceID("in_1")

    /// The body as it must be, with the brackets of names written plainly.
    private func form(_ parts: String...) -> String {
        parts.joined(separator: "&").replacing("[", with: "%5B").replacing("]", with: "%5D")
    }

    private func body(_ call: OutboundCall) -> String { String(decoding: call.body, as: UTF8.self) }

    private func draft(_ change: (inout InvoiceDraft) -> Void = { _ in }) -> InvoiceDraft {
        var draft = InvoiceDraft(
            customer: StripeCustomerID("cus_1"), currency: .nok, dueAt: Timestamp(unixSeconds: 1_796_000_000),
            effectiveAt: Timestamp(unixSeconds: 1_795_000_000), number: "V-000224", memo: "Ordre 5 & 6",
            footer: "Org.nr 1",
            customFields: [.init(name: "Due", value: "2026-11-01")],
            metadata: ["mlc_tenant": "nord", "mlc_document": "Invoice:000224"])
        change(&draft)
        return draft
    }

    private func tax(
        _ rate: Decimal, taxable: Int64, amount: Int64, in currency: Currency, inclusive: Bool = false,
        name: String = "MVA"
    ) -> InvoiceLine.Tax {
        InvoiceLine.Tax(
            displayName: name, rate: rate, isInclusive: inclusive,
            taxable: Money(minorUnits: taxable, currency: currency),
            amount: Money(minorUnits: amount, currency: currency))
    }

    private func line(
        _ amount: Int64, _ currency: Currency = .nok, text: String = "Kabel", taxes: [InvoiceLine.Tax] = []
    ) -> InvoiceLine {
        InvoiceLine(description: text, amount: Money(minorUnits: amount, currency: currency), taxes: taxes)
    }

    private func refusal(_ make: () throws -> OutboundCall) -> String? {
        do {
            _ = try make()
            return nil
        } catch let error as ConnectorError {
            return error.disposition == .reject ? error.code : "not rejected"
        } catch {
            return "another error"
        }
    }

    @Test("a draft invoice in NOK")
    func createInvoice() throws {
        let call = try StripeRequests.createInvoice(draft(), key: "nord/document/Invoice:000224/1/invoice.create/-/1")
        #expect(call.method == "POST")
        #expect(call.path == "/v1/invoices")
        #expect(call.contentType == "application/x-www-form-urlencoded")
        #expect(call.idempotencyKey == "nord/document/Invoice:000224/1/invoice.create/-/1")
        #expect(
            body(call)
                == form(
                    "customer=cus_1", "collection_method=send_invoice", "auto_advance=false",
                    "automatic_tax[enabled]=false", "currency=nok", "discounts=",
                    "pending_invoice_items_behavior=exclude", "due_date=1796000000", "effective_at=1795000000",
                    "number=V-000224", "description=Ordre%205%20%26%206", "footer=Org.nr%201",
                    "custom_fields[0][name]=Due",
                    "custom_fields[0][value]=2026-11-01", "metadata[mlc_document]=Invoice%3A000224",
                    "metadata[mlc_tenant]=nord"))
        #expect(try StripeRequests.createInvoice(draft(), key: call.idempotencyKey ?? "") == call)
    }

    @Test("lines in NOK with 25 % on top of the price")
    func exclusiveTax() throws {
        let lines = [
            line(100_000, text: "Kabel 10 m", taxes: [tax(25, taxable: 100_000, amount: 25_000, in: .nok)]),
            line(-5000, text: "Allerede betalt"),
        ]
        let call = try StripeRequests.addLines(invoice, lines, key: "k")
        #expect(call.path == "/v1/invoices/in_1/add_lines")
        #expect(
            body(call)
                == form(
                    "lines[0][amount]=100000", "lines[0][description]=Kabel%2010%20m", "lines[0][discountable]=false",
                    "lines[0][tax_amounts][0][amount]=25000", "lines[0][tax_amounts][0][taxable_amount]=100000",
                    "lines[0][tax_amounts][0][tax_rate_data][display_name]=MVA",
                    "lines[0][tax_amounts][0][tax_rate_data][percentage]=25",
                    "lines[0][tax_amounts][0][tax_rate_data][inclusive]=false",
                    "lines[0][tax_amounts][0][tax_rate_data][tax_type]=vat", "lines[1][amount]=-5000",
                    "lines[1][description]=Allerede%20betalt", "lines[1][discountable]=false"))
    }

    @Test("lines in JPY are whole yen, with a rate of one decimal")
    func yen() throws {
        let call = try StripeRequests.addLines(
            invoice,
            [line(1200, .jpy, text: "茶", taxes: [tax(Decimal(string: "8.5")!, taxable: 1200, amount: 102, in: .jpy)])],
            key: "k")
        #expect(
            body(call)
                == form(
                    "lines[0][amount]=1200", "lines[0][description]=%E8%8C%B6", "lines[0][discountable]=false",
                    "lines[0][tax_amounts][0][amount]=102", "lines[0][tax_amounts][0][taxable_amount]=1200",
                    "lines[0][tax_amounts][0][tax_rate_data][display_name]=MVA",
                    "lines[0][tax_amounts][0][tax_rate_data][percentage]=8.5",
                    "lines[0][tax_amounts][0][tax_rate_data][inclusive]=false",
                    "lines[0][tax_amounts][0][tax_rate_data][tax_type]=vat"))
    }

    @Test("a price that includes its tax")
    func inclusiveTax() throws {
        let call = try StripeRequests.addLines(
            invoice,
            [line(12_500, taxes: [tax(25, taxable: 10_000, amount: 2500, in: .nok, inclusive: true, name: "MVA høy")])],
            key: "k")
        #expect(
            body(call)
                == form(
                    "lines[0][amount]=12500", "lines[0][description]=Kabel", "lines[0][discountable]=false",
                    "lines[0][tax_amounts][0][amount]=2500", "lines[0][tax_amounts][0][taxable_amount]=10000",
                    "lines[0][tax_amounts][0][tax_rate_data][display_name]=MVA%20h%C3%B8y",
                    "lines[0][tax_amounts][0][tax_rate_data][percentage]=25",
                    "lines[0][tax_amounts][0][tax_rate_data][inclusive]=true",
                    "lines[0][tax_amounts][0][tax_rate_data][tax_type]=vat"))
    }

    @Test("percentages are exact text", arguments: [("0", "0"), ("25.00", "25"), ("0.0001", "0.0001"), ("100", "100")])
    func percentages(source: String, written: String) throws {
        let rate = try ExactAmount(parsing: source).value
        let call = try StripeRequests.addLines(
            invoice, [line(100, taxes: [tax(rate, taxable: 100, amount: 0, in: .nok)])], key: "k")
        #expect(body(call).contains("percentage%5D=\(written)&"))
    }

    @Test("finalize, void, delete")
    func smallCalls() throws {
        let finalize = try StripeRequests.finalize(invoice, key: "k")
        #expect(finalize.path == "/v1/invoices/in_1/finalize")
        #expect(body(finalize) == form("auto_advance=false", "expand[]=payments"))
        let void = try StripeRequests.voidInvoice(invoice, key: "k")
        #expect(void.path == "/v1/invoices/in_1/void")
        #expect(void.body.isEmpty)
        let delete = try StripeRequests.deleteDraft(invoice)
        #expect(delete.method == "DELETE")
        #expect(delete.path == "/v1/invoices/in_1")
        #expect(delete.idempotencyKey == nil)
        #expect(try StripeRequests.deleteEndpoint("we_1").path == "/v1/webhook_endpoints/we_1")
        #expect(refusal { try StripeRequests.deleteDraft(StripeInvoiceID("")) } == "stripe.empty_id")
        #expect(try StripeRequests.deleteDraft(StripeInvoiceID("in_1/../x")).path == "/v1/invoices/in_1%2F..%2Fx")
    }

    @Test("a customer; what is absent or empty is not sent")
    func customer() throws {
        let draft = CustomerDraft(
            name: "Ås & Sønn AS", email: "post+faktura@as.no", phone: String(repeating: "1", count: 21),
            address: .init(line1: "Storgata 1", line2: "", postalCode: "1430", city: "Ås", country: "NO"),
            description: nil, metadata: ["mlc_customer": "17"])
        #expect(
            body(try StripeRequests.createCustomer(draft, key: "k"))
                == form(
                    "name=%C3%85s%20%26%20S%C3%B8nn%20AS", "email=post%2Bfaktura%40as.no",
                    "address[line1]=Storgata%201", "address[postal_code]=1430", "address[city]=%C3%85s",
                    "address[country]=NO", "metadata[mlc_customer]=17"))
    }

    @Test("a customer's language goes along")
    func language() throws {
        let draft = CustomerDraft(
            name: "Fjord", email: nil, phone: nil, address: nil, description: nil, language: "nb", metadata: [:])
        #expect(
            body(try StripeRequests.createCustomer(draft, key: "k")) == form("name=Fjord", "preferred_locales[0]=nb"))
    }

    @Test(
        "why there is no VAT, in Stripe's words",
        arguments: [
            (VATTreatment.reverseCharge, "reverse_charge"), (.zeroRated, "zero_rated"), (.exempt, "product_exempt"),
            (.outsideScope, "not_subject_to_tax"),
        ])
    func treatment(_ treatment: VATTreatment, reason: String) throws {
        var untaxed = tax(0, taxable: 100, amount: 0, in: .nok)
        untaxed.treatment = treatment
        let call = try StripeRequests.addLines(invoice, [line(100, taxes: [untaxed])], key: "k")
        #expect(body(call).hasSuffix(form("lines[0][tax_amounts][0][taxability_reason]=\(reason)")))
    }

    @Test("an endpoint; aliases are translated and named once")
    func endpoint() throws {
        let call = try StripeRequests.createEndpoint(
            url: "https://c.example/webhooks/stripe/ep1",
            events: ["charge.completed", "charge.succeeded", "dispute.created"],
            description: "ml-connector", metadata: [:], key: "k")
        #expect(
            body(call)
                == form(
                    "url=https%3A%2F%2Fc.example%2Fwebhooks%2Fstripe%2Fep1", "enabled_events[]=charge.succeeded",
                    "enabled_events[]=charge.dispute.created", "api_version=2026-08-26.dahlia",
                    "description=ml-connector"))
    }

    @Test("limits of an invoice are refused before Stripe can")
    func invoiceLimits() {
        func code(_ change: (inout InvoiceDraft) -> Void) -> String? {
            refusal { try StripeRequests.createInvoice(draft(change), key: "k") }
        }
        #expect(code { $0.number = String(repeating: "9", count: 26) } == nil)
        #expect(code { $0.number = String(repeating: "9", count: 27) } == "stripe.text_too_long")
        #expect(code { $0.number = "" } == "stripe.empty_text")
        #expect(code { $0.customFields = Array(repeating: .init(name: "a", value: "b"), count: 4) } == nil)
        #expect(
            code { $0.customFields = Array(repeating: .init(name: "a", value: "b"), count: 5) }
                == "stripe.too_many_custom_fields")
        #expect(
            code { $0.customFields[0].name = String(repeating: "n", count: 41) } == "stripe.text_too_long")
        #expect(
            code { $0.customFields[0].value = String(repeating: "v", count: 141) } == "stripe.text_too_long")
        #expect(code { $0.metadata[String(repeating: "k", count: 41)] = "v" } == "stripe.text_too_long")
        #expect(code { $0.metadata["k"] = String(repeating: "v", count: 501) } == "stripe.text_too_long")
        #expect(code { $0.metadata["k[1]"] = "v" } == "stripe.bad_metadata_key")
        #expect(
            code { for n in 0..<49 { $0.metadata["k\(n)"] = "v" } } == "stripe.too_much_metadata")
    }

    @Test("limits of lines are refused before Stripe can")
    func lineLimits() throws {
        func code(_ lines: [InvoiceLine]) -> String? {
            refusal { try StripeRequests.addLines(invoice, lines, key: "k") }
        }
        let isk = try #require(Currency("ISK"))
        let kwd = try #require(Currency("KWD"))
        #expect(code([]) == "stripe.no_lines")
        #expect(code(Array(repeating: line(1), count: 250)) == nil)
        #expect(code(Array(repeating: line(1), count: 251)) == "stripe.too_many_lines")
        #expect(code([line(1), line(1, .sek)]) == "stripe.mixed_currencies")
        #expect(code([line(1, taxes: [tax(25, taxable: 1, amount: 0, in: .sek)])]) == "stripe.mixed_currencies")
        #expect(code([line(150, isk)]) == "stripe.amount_step")
        #expect(code([line(-200, isk)]) == nil)
        #expect(code([line(1005, kwd)]) == "stripe.amount_step")
        #expect(code([line(1010, kwd)]) == nil)
        #expect(code([line(100, isk, taxes: [tax(24, taxable: 100, amount: 24, in: isk)])]) == "stripe.amount_step")
        #expect(code([line(1_000_000_000_000)]) == "stripe.amount_too_large")
        #expect(code([line(999_999_999_999)]) == nil)
        for rate in ["-1", "100.1", "12.34567"] {
            let taxes = [tax(try ExactAmount(parsing: rate).value, taxable: 1, amount: 0, in: .nok)]
            #expect(code([line(1, taxes: taxes)]) == "stripe.bad_tax_rate", "\(rate)")
        }
        #expect(code([line(1, taxes: [tax(25, taxable: 1, amount: 0, in: .nok, name: "")])]) == "stripe.unnamed_tax")
        let many = Array(repeating: tax(25, taxable: 1, amount: 0, in: .nok), count: 21)
        #expect(code([line(1, taxes: many)]) == "stripe.too_many_taxes")
    }

    @Test("text for people is cut at a whole character, with an ellipsis")
    func cutting() throws {
        let family = "👨‍👩‍👧"
        let call = try StripeRequests.addLines(
            invoice, [line(1, text: String(repeating: "a", count: 4997) + family)], key: "k")
        let text = try #require(body(call).removingPercentEncoding)
        #expect(text.contains(String(repeating: "a", count: 4997) + "…&"))
        let fits = try StripeRequests.addLines(invoice, [line(1, text: String(repeating: "a", count: 5000))], key: "k")
        #expect(!body(fits).contains("%E2%80%A6"))
    }

    @Test("an idempotency key is kept as it is where a header can hold it, and never lost where not")
    func keys() throws {
        func header(_ key: String) throws -> String? { try StripeRequests.finalize(invoice, key: key).idempotencyKey }
        #expect(try header("a/b:c/1") == "a/b:c/1")
        #expect(try header("a/æ\r\nx") == "a%2F%C3%A6%0D%0Ax")
        let long = String(repeating: "k", count: 256)
        #expect(try header(long)?.count == 71)
        #expect(try header(long) == header(long))
        #expect(try header(long) != header(long + "k"))
        #expect(refusal { try StripeRequests.finalize(invoice, key: "") } == "stripe.no_idempotency_key")
    }
}
