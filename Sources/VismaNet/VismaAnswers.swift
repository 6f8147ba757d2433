package import Domain
import Foundation
package import Outbound

/// What Visma answers to a write, and the rows of its lists and single reads, reduced to what we use.
package enum VismaAnswers {
    /// The number of the document that a 201 made, of whatever kind: the last segment of `Location`. The address is
    /// never followed, as it may name another host than the one that was called (Visma's notice "change-base-url").
    /// Without it the document exists and must be looked up, hence `.uncertain`.
    package static func createdNumber(from response: OutboundResponse) throws(ConnectorError) -> VismaNumber {
        let location = response.header("location") ?? ""
        let path = location.prefix { $0 != "?" && $0 != "#" }
        let tail = path.firstRange(of: "://").map { path[$0.upperBound...] } ?? path
        let segments = tail.split(separator: "/", omittingEmptySubsequences: true)
        let isAddress = path.contains("/") && (segments.count > 1 || path.hasPrefix("/"))
        guard isAddress, let last = segments.last, let number = PercentText.decode(last), !number.isEmpty else {
            throw ConnectorError(
                code: "visma.location_missing",
                text: "Visma accepted the document but did not say its number", disposition: .uncertain, system: .visma,
                httpStatus: response.status, requestID: VismaErrors.requestID(of: response))
        }
        return VismaNumber(number)
    }

    /// For a release, a void and a reversal: throws `.reject` when the 200 says in its body that the action failed,
    /// `visma.period_closed` when that is why. Any other 2xx (`Queued`, `InProcess` and `Done`, 202, 204) means "asked
    /// for": only a read shows that it is done.
    package static func checkAction(_ response: OutboundResponse) throws(ConnectorError) {
        guard let answer = action(response), answer.result?.lowercased() == "failed" else { return }
        var error = ConnectorError(
            code: "visma.action_failed",
            text: VismaErrors.shown(answer.errorInfo ?? "Visma says that the action failed", Redaction()),
            disposition: .reject, system: .visma, httpStatus: response.status,
            requestID: VismaErrors.requestID(of: response))
        if let info = answer.errorInfo { VismaErrors.recognisePeriod(in: info, &error) }
        throw error
    }

    /// The number of the cash transaction that undoes another, when the answer to the reversal names it (a 202 does
    /// not). It is made unreleased.
    package static func reversal(from response: OutboundResponse) throws(ConnectorError) -> VismaNumber? {
        try checkAction(response)
        return action(response)?.document.map { VismaNumber($0) }
    }

    private static func action(_ response: OutboundResponse) -> ActionDTO? {
        try? JSONDecoder().decode(ActionDTO.self, from: Data(response.body))
    }

    struct ActionDTO: Decodable {
        var result: String?
        var errorInfo: String?
        var document: String?

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: AnyKey.self)
            document = try fields.text("referenceNbr") ?? fields.object("cashTransaction")?.text("referenceNbr")
            result = try fields.text("actionResult")
            errorInfo = try fields.text("errorInfo")
        }
    }
}

/// A bare array, or the envelope of a few newer endpoints.
struct ListDTO<Row: Decodable>: Decodable {
    var rows: [Lenient<Row>]
    var totalCount: Int?

    init(from decoder: any Decoder) throws {
        if let fields = try? decoder.container(keyedBy: AnyKey.self) {
            rows = try fields.decode([Lenient<Row>].self, forKey: "records")
            totalCount = try fields.whole("totalCount")
        } else {
            rows = try [Lenient<Row>](from: decoder)
        }
    }
}

/// `metadata`, which Visma repeats inside every row.
struct MetadataDTO: Decodable {
    var totalCount: Int?
    var maxPageSize: Int?

    /// From a row that may be unreadable otherwise.
    init(from decoder: any Decoder) throws {
        guard let metadata = try decoder.container(keyedBy: AnyKey.self).object("metadata") else { return }
        totalCount = try metadata.whole("totalCount")
        maxPageSize = try metadata.whole("maxPageSize")
    }
}

/// A row of any of the three polled lists: only what says which row it is and what it touches.
struct PolledDTO: Decodable {
    var type: String?
    var number: String
    var modified: String?
    var stamp: String?
    /// Documents that a payment or credit note is applied to; a broken entry is left out.
    var applied: [AppliedDTO]
    var customer: String?
    var cashAccount: String?

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: AnyKey.self)
        type = try fields.text("documentType") ?? fields.text("type")
        if let reference = try fields.text("referenceNumber") {
            number = reference
        } else {
            number = try fields.required("refNbr")
        }
        modified = try fields.text("lastModifiedDateTime")
        stamp = try fields.text("timeStamp")
        let lines = (try? fields.list("paymentLines", of: Lenient<AppliedDTO>.self)) ?? []
        let applications = (try? fields.list("applications", of: Lenient<AppliedDTO>.self)) ?? []
        applied = (lines + applications).compactMap(\.row)
        customer = (try? fields.decodeIfPresent(Named.self, forKey: "customer"))?.code
        cashAccount = try? fields.text("cashAccount")
    }
}

/// The document at the other end of a payment line (`documentType`) or of an application (`docType`).
struct AppliedDTO: Decodable {
    var type: String?
    var number: String

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: AnyKey.self)
        type = try fields.text("documentType") ?? fields.text("docType")
        number = try fields.required("refNbr")
    }
}

struct InvoiceDTO: Decodable {
    /// An amount twice: in the company's base currency (bare) and in the document's (`…InCurrency`).
    struct Twin {
        var name: String
        var bare: ExactAmount?
        var inCurrency: ExactAmount?

        init(_ name: String, of fields: Fields) throws {
            self.name = name
            bare = try fields.amount(AnyKey(stringLiteral: name))
            inCurrency = try fields.amount(AnyKey(stringLiteral: name + "InCurrency"))
        }
    }

    var type: String?
    var number: String
    var status: String
    var customer: Named?
    var branch: String?
    var location: String?
    var currency: String
    var documentDate: String
    var dueDate: String?
    var amount: Twin
    var balance: Twin
    var vatTotal: Twin
    var discountTotal: Twin
    var exchangeRate: ExactAmount?
    var rounding: ExactAmount?
    var lines: [LineDTO]
    var taxes: [TaxDTO]
    var applications: [ApplicationDTO]
    var note: String?
    var attachmentNames: [String]
    var paymentReference: String?
    var customerReference: String?
    var isRotRutDeductible: Bool
    var paymentMethod: String?
    var hasDirectDebitMandate: Bool
    var sendsToAutoInvoice: Bool
    var hasDebtCollectionCase: Bool
    var excludesDebtCollection: Bool
    var cashDiscount: Twin
    var cashDiscountDate: String?
    var modified: String?
    var stamp: String?

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: AnyKey.self)
        type = try fields.text("documentType")
        number = try fields.required("referenceNumber")
        status = try fields.required("status")
        customer = try fields.decodeIfPresent(Named.self, forKey: "customer")
        branch = try fields.decodeIfPresent(Named.self, forKey: "branchNumber")?.code
        location = try fields.decodeIfPresent(Named.self, forKey: "location")?.code
        currency = try fields.required("currencyId")
        documentDate = try fields.required("documentDate")
        dueDate = try fields.text("documentDueDate")
        amount = try Twin("amount", of: fields)
        balance = try Twin("balance", of: fields)
        vatTotal = try Twin("vatTotal", of: fields)
        discountTotal = try Twin("discountTotal", of: fields)
        exchangeRate = try fields.amount("exchangeRate")
        rounding = try fields.amount("roundingDiff")
        let named = try fields.list("invoiceLines", of: LineDTO.self)
        lines = named.isEmpty ? try fields.list("lines", of: LineDTO.self) : named
        taxes = try fields.list("taxDetails", of: TaxDTO.self)
        applications = try fields.list("applications", of: ApplicationDTO.self)
        note = try fields.verbatim("note")
        attachmentNames = try fields.list("attachments", of: AttachmentDTO.self).compactMap(\.name)
        paymentReference = try fields.text("paymentReference")
        customerReference = try fields.text("customerRefNumber")
        isRotRutDeductible = try fields.flag("isRotRutDeductible")
        paymentMethod = try fields.decodeIfPresent(Named.self, forKey: "paymentMethod")?.code
        hasDirectDebitMandate = try Self.hasText(fields.object("directDebitMandate"), ["mandateId", "id"])
        sendsToAutoInvoice = try fields.flag("sendToAutoInvoice")
        // A case may have a state before it has a number.
        hasDebtCollectionCase = try Self.hasText(
            fields.object("debtCollection"), ["caseNumber", "caseStatus", "caseUrl"])
        excludesDebtCollection = try fields.flag("excludeDebtCollection")
        cashDiscount = try Twin("cashDiscount", of: fields)
        cashDiscountDate = try fields.text("cashDiscountDate")
        modified = try fields.text("lastModifiedDateTime")
        stamp = try fields.text("timeStamp")
    }

    private static func hasText(_ object: Fields?, _ keys: [AnyKey]) throws -> Bool {
        guard let object else { return false }
        return try keys.contains { try object.text($0) != nil }
    }

    struct AttachmentDTO: Decodable {
        var name: String?
        init(from decoder: any Decoder) throws {
            name = try decoder.container(keyedBy: AnyKey.self).text("name")
        }
    }
}

struct LineDTO: Decodable {
    var number: Int?
    var description: String?
    var quantity: ExactAmount?
    var amount: InvoiceDTO.Twin
    var vatCode: String?
    var account: String?

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: AnyKey.self)
        number = try fields.whole("lineNumber")
        description = try fields.text("description") ?? fields.text("inventoryNumber")
        quantity = try fields.amount("quantity")
        amount = try InvoiceDTO.Twin("amount", of: fields)
        vatCode = try fields.decodeIfPresent(Named.self, forKey: "vatCode")?.code
        account = try fields.decodeIfPresent(Named.self, forKey: "account")?.code
    }
}

struct TaxDTO: Decodable {
    var taxID: String?
    var vat: Named?
    var rate: ExactAmount?
    var taxable: ExactAmount?
    var amount: ExactAmount?

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: AnyKey.self)
        taxID = try fields.text("taxId")
        vat = try fields.decodeIfPresent(Named.self, forKey: "vatId")
        rate = try fields.amount("vatRate")
        taxable = try fields.amount("taxableAmount")
        amount = try fields.amount("vatAmount")
    }
}

/// `ArAdjustDto`
struct ApplicationDTO: Decodable {
    var type: String?
    var number: String
    var amount: ExactAmount?
    var isReleased: Bool
    var isVoided: Bool
    var paymentReference: String?
    var date: String?

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: AnyKey.self)
        type = try fields.text("docType") ?? fields.text("documentType")
        number = try fields.required("refNbr")
        amount = try fields.amount("amountPaid")
        isReleased = try fields.flag("released")
        isVoided = try fields.flag("voided")
        paymentReference = try fields.text("paymentRef")
        date = try fields.text("applicationDate")
    }
}

struct PaymentDTO: Decodable {
    var type: String
    var number: String
    var status: String
    var reference: String?
    var customer: Named?
    var currency: String
    /// The bare field: Visma's own text says that the `…InCurrency` twin is in base currency here.
    var amount: ExactAmount?
    var cashAccount: String?
    var applicationDate: String
    var lines: [PaymentLineDTO]
    var modified: String?
    var stamp: String?

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: AnyKey.self)
        type = try fields.required("type")
        number = try fields.required("refNbr")
        status = try fields.required("status")
        reference = try fields.text("paymentRef")
        customer = try fields.decodeIfPresent(Named.self, forKey: "customer")
        currency = try fields.required("currency")
        amount = try fields.amount("paymentAmount")
        cashAccount = try fields.decodeIfPresent(Named.self, forKey: "cashAccount")?.code
        applicationDate = try fields.required("applicationDate")
        lines = try fields.list("paymentLines", of: PaymentLineDTO.self)
        modified = try fields.text("lastModifiedDateTime")
        stamp = try fields.text("timeStamp")
    }
}

struct PaymentLineDTO: Decodable {
    var type: String?
    var number: String
    var amount: ExactAmount?
    var currency: String?

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: AnyKey.self)
        type = try fields.text("documentType")
        number = try fields.required("refNbr")
        amount = try fields.amount("amountPaid")
        currency = try fields.text("currency")
    }
}

struct CustomerDTO: Decodable {
    struct Contact {
        var email: String?
        var phone: String?
    }

    var internalID: Int
    var number: String
    var name: String
    var contacts: [Contact]
    var addresses: [VismaCustomer.Address]
    var vatRegistrationID: String?

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: AnyKey.self)
        guard let id = try fields.whole("internalId") else { throw FieldMissing(field: "internalId") }
        internalID = id
        number = try fields.required("number")
        name = try fields.text("name") ?? number
        // The company's order: who gets the invoice comes before who is called.
        contacts = try (["invoiceContact", "mainContact"] as [AnyKey]).compactMap { key in
            guard let contact = fields.object(key) else { return nil }
            return Contact(email: try contact.text("email"), phone: try contact.text("phone1"))
        }
        addresses = try (["invoiceAddress", "mainAddress"] as [AnyKey]).compactMap { key in
            guard let address = fields.object(key) else { return nil }
            let country = try address.text("country") ?? address.text("countryId")
            let found = VismaCustomer.Address(
                line1: try address.text("addressLine1"), line2: try address.text("addressLine2"),
                postalCode: try address.text("postalCode"), city: try address.text("city"),
                country: country.flatMap { $0.utf8.count == 2 ? $0.uppercased() : nil })
            let isEmpty = found.line1 == nil && found.city == nil && found.postalCode == nil && found.country == nil
            return isEmpty ? nil : found
        }
        vatRegistrationID = try fields.text("vatRegistrationId")
    }
}

struct OrganizationDTO: Decodable {
    var name: String?
    var baseCurrency: String?

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: AnyKey.self)
        name = try fields.text("name") ?? fields.text("organizationName") ?? fields.text("organizationCd")
        baseCurrency = try fields.text("baseCurrency") ?? fields.text("currency")
    }
}
