import Domain
import Foundation
import Outbound
import Testing
import VismaNet

@Suite("Documents of Visma.net")
struct DocumentTests {
    static let reference = DocumentRef(type: .invoice, number: "000224")

    static func invoice(
        currency: String = "NOK", rate: String? = nil, amount: String = "1440.0000", inCurrency: String? = "1440.0000",
        more: String = ""
    ) -> String {
        let twin = inCurrency.map { #","amountInCurrency":\#($0),"balanceInCurrency":\#($0)"# } ?? ""
        let rate = rate.map { #","exchangeRate":\#($0)"# } ?? ""
        return #"""
            {"documentType":"Invoice","referenceNumber":"000224","status":"Open","customer":{"number":"10002",
             "name":"Ola AS"},
             "currencyId":"\#(currency)","documentDate":"2026-11-01T00:00:00","amount":\#(amount),
              "balance":\#(amount)\#(twin)\#(rate),
             "lastModifiedDateTime":"2026-11-02T10:11:12.967","timeStamp":"AAAAAE0YIiI="\#(more)}
            """#
    }

    private func read(_ body: String, _ headers: [(name: String, value: String)] = []) async throws -> Receivable {
        let rig = try Rig(answering: answer(200, body, headers))
        return try #require(try await rig.client.invoice(Self.reference))
    }

    private func refusal(_ body: String) async throws -> ConnectorError? {
        await (try Rig(answering: answer(200, body))).failure { _ = try await $0.invoice(Self.reference) }
    }

    @Test("Every field, bare")
    func bare() async throws {
        let invoice = try await read(
            Self.invoice(
                more: #"""
                    ,"documentDueDate":"2026-12-01T00:00:00Z","vatTotal":288.0,"vatTotalInCurrency":288.0,
                     "roundingDiff":-0.4,
                    "location":{"id":"Main","name":"M"},"branchNumber":{"number":"1"},"note":" kept \n",
                     "isRotRutDeductible":true,
                    "paymentReference":"0012345","attachments":[{"name":"a.txt","id":"x"}],
                    "invoiceLines":[{"lineNumber":7,"description":"Work","quantity":10.000000,"amount":1152.0,
                     "amountInCurrency":1152.005,
                      "vatCode":{"id":"3","description":"High"}}],
                    "taxDetails":[{"taxId":"3","vatId":{"number":"3","description":"25 %"},"vatRate":25.000000,
                      "taxableAmount":1152.0000,"vatAmount":288.0000}],
                    "applications":[{"docType":"Payment","refNbr":"P1","amountPaid":100.5,"released":true,
                     "voided":false,
                      "paymentRef":"pi_1"}]
                    """#),
            [("ETag", "W/\"AAAA==\"")])
        #expect(invoice.total == Money(minorUnits: 144_000, currency: .nok))
        #expect(invoice.dueDate?.description == "2026-12-01")
        #expect(invoice.rounding.minorUnits == -40)
        #expect(invoice.location == "Main")
        #expect(invoice.branch == "1")
        #expect(invoice.note == " kept \n")
        #expect(invoice.isRotRutDeductible)
        #expect(invoice.attachmentNames == ["a.txt"])
        #expect(invoice.lines.first?.number == 7)
        #expect(invoice.lines.first?.quantity == 10)
        #expect(invoice.lines.first?.amount.minorUnits == 115_201)
        #expect(invoice.lines.first?.vatCode == "3")
        #expect(invoice.taxes.first?.amount.minorUnits == 28_800)
        #expect(invoice.taxes.first?.rate == 25)
        #expect(invoice.applications.first?.amount.minorUnits == 10_050)
        #expect(invoice.applications.first?.paymentReference == "pi_1")
        #expect(invoice.etag == "W/\"AAAA==\"")
        #expect(invoice.version == RowVersion(modified: "2026-11-02T10:11:12.967", stamp: "AAAAAE0YIiI="))
        #expect(invoice.customer.name == "Ola AS")
    }

    @Test("The same, wrapped")
    func wrapped() async throws {
        let body = #"""
            {"documentType":{"value":"Invoice"},"referenceNumber":{"value":"000224"},"status":{"id":"Open"},
             "customer":{"number":{"value":"10002"},"name":{"value":"Ola AS"}},"currencyId":{"value":"NOK"},
             "documentDate":{"value":"2026-11-01T00:00:00+01:00"},"amount":{"value":"1440.0000"},
              "amountInCurrency":{"value":1440.0},
             "balance":{"value":1440},"balanceInCurrency":{"value":1440},"branchNumber":{"value":"1"},"location":"Main",
             "isRotRutDeductible":{"value":true},"invoiceLines":[{"lineNumber":{"value":2},
              "amountInCurrency":{"value":5},"vatCode":"3"}]}
            """#
        let invoice = try await read(body)
        #expect(invoice.total.minorUnits == 144_000)
        #expect(invoice.customer.number.rawValue == "10002")
        #expect(invoice.customer.name == "Ola AS")
        #expect(invoice.branch == "1")
        #expect(invoice.location == "Main")
        #expect(invoice.isRotRutDeductible)
        #expect(invoice.lines.first?.number == 2)
        #expect(invoice.lines.first?.vatCode == "3")
        #expect(invoice.documentDate.description == "2026-11-01")
    }

    @Test(
        "Amounts are exact",
        arguments: [
            ("1234567.89", 123_456_789), ("0.07", 7), ("19.99", 1999), ("99999999999.99", 9_999_999_999_999),
            ("360.0000", 36_000), ("-0.01", -1), ("\"148.3500\"", 14_835), ("1E2", 10_000),
        ])
    func exact(_ text: String, _ minorUnits: Int64) async throws {
        #expect(try await read(Self.invoice(amount: text, inCurrency: text)).total.minorUnits == minorUnits)
    }

    @Test(
        "What can not be taken exactly is refused with its own code",
        arguments: [
            ("12345678901234567890123456789", "amount.too_many_digits"),
            ("1.2345678901234567890123456789", "amount.too_many_digits"),
            ("1.005", "amount.fraction_of_minor_unit"), ("1234567890123456789012.00", "amount.out_of_range"),
            ("\"1,5\"", "amount.not_a_number"), ("true", "amount.not_a_number"),
        ])
    func inexact(_ text: String, _ code: String) async throws {
        let error = try await refusal(Self.invoice(amount: text, inCurrency: text))
        #expect(error?.code == code)
        #expect(error?.disposition == .reject)
        #expect(error?.text.contains("Invoice:000224") == true)
    }

    @Test("A foreign document's amounts are those in its currency, if they fit the rate")
    func foreign() async throws {
        let invoice = try await read(
            Self.invoice(currency: "EUR", rate: "11.43210000", amount: "1143.21", inCurrency: "100.00"))
        #expect(invoice.total == Money(minorUnits: 10_000, currency: .eur))
        // One minor unit of the document is 11 øre of the books.
        let near = Self.invoice(currency: "EUR", rate: "11.4321", amount: "1143.32", inCurrency: "100.00")
        #expect(try await read(near).total.minorUnits == 10_000)
        for (amount, inCurrency) in [("1143.33", "100.00"), ("100.00", "1143.21"), ("1143.21", "101.00")] {
            let body = Self.invoice(currency: "EUR", rate: "11.4321", amount: amount, inCurrency: inCurrency)
            let error = try await refusal(body)
            #expect(error?.code == "visma.amounts_disagree")
            #expect(error?.disposition == .reject)
        }
        let yen = Self.invoice(currency: "JPY", rate: "0.0715", amount: "858.00", inCurrency: "12000")
        #expect(try await read(yen).total == Money(minorUnits: 12_000, currency: .jpy))
    }

    @Test("Each line of a foreign document may have been rounded on its own, by one minor unit of the books")
    func roundedLines() async throws {
        func body(_ bare: String, lines: Int) -> String {
            let line = #"{"description":"x","amountInCurrency":0.10}"#
            let lines = Array(repeating: line, count: lines).joined(separator: ",")
            return Self.invoice(
                currency: "EUR", rate: "11.4321", amount: bare, inCurrency: "100.00",
                more: #","invoiceLines":[\#(lines)]"#)
        }
        #expect(try await read(body("1143.37", lines: 5)).total.minorUnits == 10_000)
        #expect(try await refusal(body("1143.38", lines: 5))?.code == "visma.amounts_disagree")
    }

    @Test("What a policy asks of an invoice is read")
    func policyFields() async throws {
        let invoice = try await read(
            Self.invoice(
                more: #"""
                    ,"paymentMethod":{"id":"STRIPE","description":"Card"},
                     "directDebitMandate":{"id":"0b9f","mandateId":"M1"},
                     "sendToAutoInvoice":true,"excludeDebtCollection":true,"debtCollection":{"caseNumber":"77"},
                     "cashDiscount":14.40,"cashDiscountInCurrency":14.40,"cashDiscountDate":"2026-11-15T00:00:00",
                     "invoiceLines":[{"lineNumber":1,"amountInCurrency":1,"account":{"number":"3000","type":"Income"}}],
                     "applications":[{"docType":"Payment","refNbr":"P1","amountPaid":1,
                      "applicationDate":"2026-11-03T00:00:00"}]
                    """#))
        #expect(invoice.paymentMethod == "STRIPE")
        #expect(invoice.hasDirectDebitMandate)
        #expect(invoice.isEInvoice)
        #expect(invoice.isWithDebtCollector)
        #expect(invoice.isDunningStopped)
        #expect(invoice.cashDiscountUntil?.description == "2026-11-15")
        #expect(invoice.lines.first?.account == "3000")
        #expect(invoice.applications.first?.date?.description == "2026-11-03")
    }

    @Test("Empty objects and a discount of nothing mean no mandate, no case and no discount")
    func absentPolicyFields() async throws {
        let empty = #"""
            ,"directDebitMandate":{},"debtCollection":{"caseNumber":"","caseType":"1"},"sendToAutoInvoice":false,
             "cashDiscount":0.0000,"cashDiscountInCurrency":0.0000,"cashDiscountDate":"2026-11-15T00:00:00"
            """#
        for more in ["", empty] {
            let invoice = try await read(Self.invoice(more: more))
            #expect(invoice.paymentMethod == nil)
            #expect(!invoice.hasDirectDebitMandate)
            #expect(!invoice.isEInvoice)
            #expect(!invoice.isWithDebtCollector)
            #expect(!invoice.isDunningStopped)
            #expect(invoice.cashDiscountUntil == nil)
        }
    }

    @Test("Without the twin a document at par is taken as it is, a foreign one is refused")
    func withoutTwin() async throws {
        #expect(try await read(Self.invoice(inCurrency: nil)).balance.minorUnits == 144_000)
        let foreign = try await refusal(Self.invoice(currency: "EUR", rate: "11.4", inCurrency: nil))
        #expect(foreign?.code == "visma.field_missing")
    }

    @Test("The document's discount and the customer's reference are read; a discount of an unknown side is not used")
    func discount() async throws {
        let twin = #","discountTotal":115.0,"discountTotalInCurrency":10.005,"customerRefNumber":"PO 77""#
        let read = try await read(
            Self.invoice(currency: "EUR", rate: "11.5", amount: "1150.0", inCurrency: "100.0", more: twin))
        #expect(read.documentDiscount == Money(minorUnits: 1001, currency: .eur))
        #expect(read.customerReference == "PO 77")
        let bare = #","discountTotal":115.0"#
        let foreign = try await self.read(
            Self.invoice(currency: "EUR", rate: "11.5", amount: "1150.0", inCurrency: "100.0", more: bare))
        #expect(foreign.documentDiscount == nil)
        #expect(try await self.read(Self.invoice(more: bare)).documentDiscount?.minorUnits == 11_500)
    }

    @Test("VAT details and applications of a foreign document are understood in either currency")
    func partsInEitherCurrency() async throws {
        func body(vat: String, taxable: String) -> String {
            #"""
            {"documentType":"Invoice","referenceNumber":"000224","status":"Open","customer":{"number":"1"},
             "currencyId":"EUR",
             "documentDate":"2026-11-01T00:00:00","exchangeRate":10.0,"amount":1250,"amountInCurrency":125,
              "balance":1250,
             "balanceInCurrency":125,"vatTotal":250,"vatTotalInCurrency":25,
             "taxDetails":[{"taxId":"3","vatRate":25,"taxableAmount":\#(taxable),"vatAmount":\#(vat)}]}
            """#
        }
        for body in [body(vat: "250.0000", taxable: "1000"), body(vat: "25", taxable: "100")] {
            let tax = try #require(try await read(body).taxes.first)
            #expect(tax.amount == Money(minorUnits: 2500, currency: .eur))
            #expect(tax.taxable == Money(minorUnits: 10_000, currency: .eur))
            #expect(tax.vatCode == "3")
        }
    }

    @Test("Half an answer is asked for again; a whole one of another form is refused")
    func otherForm() async throws {
        let half = try await refusal(String(Self.invoice().prefix(120)))
        #expect(half?.disposition == .retry(afterSeconds: nil))
        let odd = try await refusal(Self.invoice(more: #","invoiceLines":"none""#))
        #expect(odd?.code == "visma.row_unreadable")
        #expect(odd?.disposition == .reject)
    }

    @Test("Another document than the one asked for is refused, an absent one is nil")
    func wrongOrAbsent() async throws {
        let other = Self.invoice().replacingOccurrences(of: "\"Invoice\"", with: "\"FinCharge\"")
        #expect(try await refusal(other)?.code == "visma.wrong_document")
        let rig = try Rig(answering: answer(404, #"{"message":"not found"}"#))
        #expect(try await rig.client.invoice(Self.reference) == nil)
        #expect(try await rig.client.customer(VismaCustomerNumber("x")) == nil)
    }

    @Test("A number is one segment of the path, whatever is in it")
    func segments() async throws {
        let rig = try Rig(answering: answer(404))
        _ = try await rig.client.invoice(DocumentRef(type: .creditNote, number: "A/1 ?#ø"))
        _ = try await rig.client.customer(VismaCustomerNumber(".."))
        #expect(rig.api.paths == ["/v1/customerCreditNote/A%2F1%20%3F%23%C3%B8", "/v1/customer/%2E%2E"])
    }

    @Test("A customer's mail is the invoice contact's, else the main contact's")
    func customer() async throws {
        let body = #"""
            {"internalId":41,"number":"10002","name":"Ola AS","mainContact":{"email":"main@ola.no","phone1":"1"},
             "invoiceContact":{"value":{"email":{"value":" "}}},"mainAddress":{"addressLine1":"Gata 1",
              "city":"Oslo","postalCode":"0150",
             "country":{"id":"NO","name":"Norway"}},"vatRegistrationId":"NO1"}
            """#
        let rig = try Rig(answering: answer(200, body))
        let customer = try #require(try await rig.client.customer(VismaCustomerNumber("10002")))
        #expect(customer.internalID == 41)
        #expect(customer.email == "main@ola.no")
        #expect(customer.phone == "1")
        #expect(customer.address?.country == "NO")
        let invoicing = body.replacingOccurrences(of: "\" \"", with: "\"billing@ola.no\"")
        let second = try Rig(answering: answer(200, invoicing))
        #expect(try await second.client.customer(VismaCustomerNumber("10002"))?.email == "billing@ola.no")
        let none = try Rig(answering: answer(200, #"{"internalId":1,"number":"1","name":"A"}"#))
        #expect(try await none.client.customer(VismaCustomerNumber("1"))?.email == nil)
    }

    @Test("A payment is found by number and type, by the list where a void has the same number")
    func payment() async throws {
        let payment = #"""
            {"type":"Payment","refNbr":"P7","status":"Voided","paymentRef":"pi_1","customer":{"number":"1"},
             "currency":"SEK",
             "paymentAmount":112.00,"paymentAmountInCurrency":999,"applicationDate":"2026-11-05T00:00:00",
              "timeStamp":"AB="}
            """#
        let void = payment.replacingOccurrences(of: "\"Payment\"", with: "\"VoidPayment\"")
        let direct = try Rig(answering: answer(200, payment, [("etag", "\"AB=\"")]))
        let found = try await direct.client.payment(VismaNumber("P7"))
        #expect(found?.amount == Money(minorUnits: 11_200, currency: .sek))
        #expect(found?.etag == "\"AB=\"")
        #expect(direct.api.requests.count == 1)
        let listed = try Rig(api: { _, index in answer(200, index == 0 ? void : "[\(void),\(payment)]") })
        #expect(try await listed.client.payment(VismaNumber("P7"))?.type == "Payment")
        #expect(
            listed.api.paths[1] == "/v1/customerPayment?paymentNbr=P7&paymentType=Payment&pageNumber=1&pageSize=500")
    }

    @Test("The organization gives name and base currency; an empty answer is a wrong company")
    func organization() async throws {
        let rig = try Rig(
            answering: answer(
                200, #"[{"organizationCd":"1","name":"Nord AS","baseCurrency":"NOK"}]"#,
                [("x-ratelimit-remaining", "499")]))
        let (name, currency) = try await rig.client.organization()
        #expect(name == "Nord AS")
        #expect(currency == .nok)
        #expect(rig.budgets.all == [RateBudget(remaining: 499)])
        let empty = await (try Rig(answering: answer(200, "[]"))).failure { _ = try await $0.organization() }
        #expect(empty?.code == "visma.company_empty")
    }
}
