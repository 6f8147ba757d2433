import Domain
import Foundation

/// Visma's rows as the domain knows them. Nothing here asks or decides; what cannot be mapped is an error with a code.
enum VismaMapping {
    // MARK: document types

    /// Visma's API spells types out; applications may carry the ledger's short codes, or the words of the screens.
    private static let spellings: [String: String] = [
        "inv": "Invoice", "invoice": "Invoice", "crm": "CreditNote", "creditnote": "CreditNote",
        "creditmemo": "CreditNote", "drm": "DebitNote", "debitnote": "DebitNote", "debitmemo": "DebitNote",
        "pmt": "Payment", "payment": "Payment", "rpm": "VoidPayment", "voidpayment": "VoidPayment",
        "ppm": "Prepayment", "prepayment": "Prepayment", "ref": "Refund", "refund": "Refund", "fch": "FinCharge",
        "fincharge": "FinCharge", "smb": "SmallBalanceWo", "smallbalancewo": "SmallBalanceWo",
        "smc": "SmallCreditWo", "smallcreditwo": "SmallCreditWo", "voidrefund": "VoidRefund",
    ]

    static func typeName(_ text: String) -> String {
        spellings[text.lowercased().filter { $0 != " " && $0 != "_" }] ?? text
    }

    // MARK: polled rows

    enum Stream { case invoices, payments, creditNotes }

    static func polled(_ row: PolledDTO, in stream: Stream) -> PolledRow {
        let usual =
            switch stream {
            case .invoices: "Invoice"
            case .payments: "Payment"
            case .creditNotes: "CreditNote"
            }
        let own = DocumentRef(type: DocumentType(row.type.map(typeName) ?? usual), number: row.number)
        var touches = stream == .payments ? [] : [own]
        if stream != .invoices {
            // A voided payment lists the same document two or three times.
            for other in row.applied {
                let document = DocumentRef(
                    type: DocumentType(other.type.map(typeName) ?? "Invoice"), number: other.number)
                if !touches.contains(document) { touches.append(document) }
            }
        }
        let version = RowVersion(modified: row.modified ?? "", stamp: row.stamp ?? "")
        return PolledRow(
            document: own, version: version, touches: touches,
            customer: row.customer.map { VismaCustomerNumber($0) }, cashAccount: row.cashAccount)
    }

    // MARK: customers and payments

    static func customer(_ row: CustomerDTO) -> VismaCustomer {
        VismaCustomer(
            internalID: row.internalID, number: VismaCustomerNumber(row.number), name: row.name,
            email: row.contacts.compactMap(\.email).first, phone: row.contacts.compactMap(\.phone).first,
            address: row.addresses.first, vatRegistrationID: row.vatRegistrationID)
    }

    static func payment(_ row: PaymentDTO, etag: String?) throws -> VismaPayment {
        let currency = try currency(row.currency)
        guard let amount = row.amount else { throw FieldMissing(field: "paymentAmount") }
        guard let customer = row.customer?.code else { throw FieldMissing(field: "customer") }
        guard let date = LocalDate(row.applicationDate) else { throw FieldMissing(field: "applicationDate") }
        let applications = try row.lines.map { line in
            VismaPayment.Application(
                document: DocumentRef(type: DocumentType(line.type.map(typeName) ?? "Invoice"), number: line.number),
                amount: try money(
                    line.amount, "amountPaid", try line.currency.map { try Self.currency($0) } ?? currency))
        }
        return VismaPayment(
            number: VismaNumber(row.number), type: typeName(row.type), status: row.status,
            reference: row.reference, customer: VismaCustomerNumber(customer),
            amount: try money(amount, "paymentAmount", currency), cashAccount: row.cashAccount,
            applicationDate: date, applications: applications,
            etag: etag ?? row.stamp.map { "\"\($0)\"" },
            version: RowVersion(modified: row.modified ?? "", stamp: row.stamp ?? ""))
    }

    // MARK: amounts

    static func currency(_ code: String) throws -> Currency {
        guard let currency = Currency(code) else { throw FieldMissing(field: "currencyId") }
        return currency
    }

    /// Exactly; a missing amount is zero, as Visma leaves null fields out.
    static func money(_ amount: ExactAmount?, _ field: String, _ currency: Currency) throws -> Money {
        guard let amount else { return .zero(currency) }
        do {
            return try Money(amount, currency: currency)
        } catch {
            throw AmountProblem(field: field, error: error)
        }
    }

    /// Rounded to the minor unit, halves away from zero: for parts of a document, which Visma keeps with four to eight
    /// decimals. Totals and balances are never rounded.
    static func rounded(_ amount: Decimal, _ field: String, _ currency: Currency) throws -> Money {
        var source = amount
        var result = Decimal()
        NSDecimalRound(&result, &source, currency.exponent, .plain)
        do {
            return try Money(try ExactAmount(result), currency: currency)
        } catch {
            throw AmountProblem(field: field, error: error)
        }
    }
}
