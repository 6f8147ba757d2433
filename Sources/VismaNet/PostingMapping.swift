package import Domain
import Foundation

/// A cash account of the company, for pick lists and to check a policy.
package struct VismaCashAccount: Hashable, Sendable {
    package var number: String
    package var name: String
    /// Fixed for the account.
    package var currency: Currency?
    /// Its general ledger account.
    package var ledgerAccount: String?
    package var entryTypes: [EntryType]

    package struct EntryType: Hashable, Sendable {
        package var id: String
        package var name: String
        /// Money comes in by it; else it goes out.
        package var isReceipt: Bool
    }
}

package struct VismaPaymentMethod: Hashable, Sendable {
    package var id: String
    package var name: String
    package var isActive: Bool
}

extension VismaMapping {
    // MARK: credit notes

    static func creditNote(_ row: CreditNoteDTO) throws -> VismaCreditNote {
        let document = row.document
        let sides = Sides(currency: try currency(document.currency), rate: document.exchangeRate?.value)
        guard let customer = document.customer?.code else { throw FieldMissing(field: "customer") }
        guard let date = LocalDate(document.documentDate) else { throw FieldMissing(field: "documentDate") }
        let amounts = try totals(of: document, sides)
        return VismaCreditNote(
            number: VismaNumber(document.number), status: document.status, customer: VismaCustomerNumber(customer),
            total: amounts.total, balance: amounts.balance, date: date, texts: row.texts,
            version: RowVersion(modified: document.modified ?? "", stamp: document.stamp ?? ""))
    }

    static func posted(_ note: VismaCreditNote) -> PostedDocument {
        PostedDocument(
            kind: .creditNote, number: note.number, status: note.status, total: note.total,
            isReleased: note.status == "Open" || note.status == "Closed", isVoided: note.status == "Voided")
    }

    // MARK: cash transactions

    /// Its total is what left the account, negative what came in, as in the draft. Whether it has been reversed stands
    /// in other rows: see `isReversed`.
    static func posted(_ row: CashEntryDTO) throws -> PostedDocument {
        guard let status = row.status else { throw FieldMissing(field: "status") }
        guard let code = row.currency else { throw FieldMissing(field: "currency") }
        guard let amount = row.amount else { throw FieldMissing(field: "amount") }
        let currency = try currency(code)
        let total = try money(amount, "amount", currency)
        return PostedDocument(
            kind: .cashEntry, number: VismaNumber(row.number), status: status,
            total: row.isReceipt ? .zero(currency) - total : total, isReleased: status == "Released", isVoided: false)
    }

    /// A reversed cash transaction keeps its status. What undoes it is another one of the same reference and account
    /// whose amount is the opposite; so of several that were posted for one reference the first are those undone.
    static func isReversed(_ entry: PostedDocument, among entries: [PostedDocument]) -> Bool {
        let opposite = Money.zero(entry.total.currency) - entry.total
        let undone = entries.count { $0.isReleased && $0.total == opposite }
        let equal = entries.filter { $0.isReleased && $0.total == entry.total }.map(\.number.rawValue)
        let earlier = equal.count { precedes($0, entry.number.rawValue) }
        return earlier < undone
    }

    /// Numbers of one series are as long as they have become.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        (left.count, left) < (right.count, right)
    }

    // MARK: journal transactions

    /// Its total is that of its debits, in its own currency. `Unposted` is released and not carried to the ledger yet.
    static func posted(_ row: JournalEntryDTO) throws -> PostedDocument {
        guard let status = row.status else { throw FieldMissing(field: "status") }
        guard let code = row.currency else { throw FieldMissing(field: "currencyId") }
        let sides = Sides(currency: try currency(code), rate: row.exchangeRate?.value)
        return PostedDocument(
            kind: .journalEntry, number: VismaNumber(row.number), status: status,
            total: try sides.money(row.debitTotal, mayBeMissing: false, parts: row.lineCount),
            isReleased: ["Unposted", "Posted"].contains(status), isVoided: ["Void", "Voided"].contains(status))
    }

    // MARK: financial periods

    /// The first day that lies in an open period, from `day` on. It is not documented whether a period's end is its
    /// last day or the day after; so a period reaches to the start of the next one, and the last one to the day before
    /// its end. Periods of no length are for adjustments.
    static func firstOpenDay(onOrAfter day: LocalDate, in rows: [FinancialPeriodDTO]) throws -> LocalDate? {
        var periods = try rows.map { row in
            guard let start = LocalDate(row.start), let end = LocalDate(row.end) else {
                throw FieldMissing(field: "startDate or endDate")
            }
            return (start: start, end: end, isOpen: row.isOpen)
        }
        periods = periods.filter { $0.start < $0.end }.sorted { $0.start < $1.start }
        for (index, period) in periods.enumerated() where period.isOpen {
            let isLast = index + 1 == periods.count
            let lastDay =
                isLast
                ? period.end.adding(days: -1) : min(period.end, periods[index + 1].start.adding(days: -1))
            if day <= lastDay { return max(day, period.start) }
        }
        return nil
    }

    // MARK: pick lists

    static func cashAccount(_ row: CashAccountDTO) -> VismaCashAccount {
        VismaCashAccount(
            number: row.number, name: row.name ?? row.number, currency: row.currency.flatMap { Currency($0) },
            ledgerAccount: row.ledgerAccount,
            entryTypes: row.entryTypes.map { .init(id: $0.id, name: $0.name ?? $0.id, isReceipt: $0.isReceipt) })
    }

    static func paymentMethod(_ row: PaymentMethodDTO) -> VismaPaymentMethod {
        VismaPaymentMethod(id: row.id, name: row.name ?? row.id, isActive: row.isActive)
    }
}
