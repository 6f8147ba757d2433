import Domain
import Foundation

/// A row of a list that is read page by page.
protocol PagedRow: Decodable {
    /// Tells the row from all others, so that one that moved to the next page is not taken twice.
    var key: String { get }
}

extension PaymentDTO: PagedRow {
    var key: String { "\(type):\(number)" }
}

/// An invoice row's fields, and the texts in which an accountant names the invoice that is credited.
struct CreditNoteDTO: PagedRow {
    var document: InvoiceDTO
    var texts: [String]

    var key: String { document.number }

    init(from decoder: any Decoder) throws {
        document = try InvoiceDTO(from: decoder)
        let fields = try decoder.container(keyedBy: AnyKey.self)
        let own = try (["externalReference", "customerRefNumber", "invoiceText", "note"] as [AnyKey]).compactMap {
            try fields.text($0)
        }
        texts = try own + fields.list("lines", of: TextsDTO.self).flatMap(\.texts)
    }

    private struct TextsDTO: Decodable {
        var texts: [String]

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: AnyKey.self)
            texts = try (["description", "note"] as [AnyKey]).compactMap { try fields.text($0) }
        }
    }
}

/// `CashTransactionDto`. Only its number is needed to tell that it is not the one that is looked for.
struct CashEntryDTO: PagedRow {
    var number: String
    var status: String?
    var isReceipt: Bool
    var currency: String?
    var cashAccount: String?
    var reference: String?
    var amount: ExactAmount?
    var date: String?
    var modified: String?

    var key: String { number }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: AnyKey.self)
        number = try fields.required("referenceNbr")
        status = try fields.text("status")
        isReceipt = try fields.text("disbReceipt")?.lowercased() == "receipt"
        currency = try fields.text("currency")
        cashAccount = try fields.decodeIfPresent(Named.self, forKey: "cashAccount")?.code
        reference = try fields.text("documentRef")
        amount = try fields.amount("amount")
        date = try fields.text("tranDate")
        modified = try fields.text("lastModifiedDateTime")
    }
}

/// `JournalTransactionDto`, or as many of its lines as the page has.
struct JournalEntryDTO: PagedRow {
    /// `GL`, `AR` and others. Which spelling Visma answers is not documented, so `ModuleGL` is taken for `GL`.
    var module: String?
    var number: String
    var status: String?
    var currency: String?
    var exchangeRate: ExactAmount?
    var debitTotal: InvoiceDTO.Twin
    var description: String?
    var lineCount: Int
    private var firstLine: String

    var key: String { "\(module ?? ""):\(number):\(firstLine)" }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: AnyKey.self)
        module = try fields.text("module").map { String($0.trimmingPrefix("Module")) }
        number = try fields.required("batchNumber")
        status = try fields.text("status")
        currency = try fields.text("currencyId")
        exchangeRate = try fields.amount("exchangeRate")
        debitTotal = try InvoiceDTO.Twin("debitTotal", of: fields)
        description = try fields.text("description")
        let lines = try fields.list("journalTransactionLines", of: JournalLineDTO.self)
        lineCount = lines.count
        firstLine = lines.first?.number ?? ""
    }

    private struct JournalLineDTO: Decodable {
        var number: String?
        init(from decoder: any Decoder) throws {
            number = try decoder.container(keyedBy: AnyKey.self).text("lineNumber")
        }
    }
}

/// `FinancialPeriodDto`
struct FinancialPeriodDTO: Decodable {
    var start: String
    var end: String
    /// Takes postings of payments, cash transactions and journals.
    var isOpen: Bool

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: AnyKey.self)
        start = try fields.required("startDate")
        end = try fields.required("endDate")
        let closings: [AnyKey] = ["closedInCustomerLedger", "closedInGeneralLedger", "closedInCashManagement"]
        let isClosed = try closings.contains { try fields.flag($0) }
        isOpen = try fields.flag("active") && !isClosed
    }
}

struct CashAccountDTO: Decodable {
    var number: String
    var name: String?
    var currency: String?
    var ledgerAccount: String?
    var entryTypes: [EntryTypeDTO]

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: AnyKey.self)
        number = try fields.required("number")
        name = try fields.text("description")
        currency = try fields.text("currency")
        ledgerAccount = try fields.decodeIfPresent(Named.self, forKey: "account")?.code
        entryTypes = try fields.list("entryTypes", of: EntryTypeDTO.self)
    }

    struct EntryTypeDTO: Decodable {
        var id: String
        var name: String?
        var isReceipt: Bool

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: AnyKey.self)
            id = try fields.required("entryTypeId")
            name = try fields.text("description")
            // The field's name is Visma's own; it holds which of the two it is.
            isReceipt = try fields.text("disableReceipt")?.lowercased() == "receipt"
        }
    }
}

struct PaymentMethodDTO: Decodable {
    var id: String
    var name: String?
    var isActive: Bool

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: AnyKey.self)
        id = try fields.required("paymentMethodID")
        name = try fields.text("description")
        isActive = try fields.flag("active")
    }
}
