package import Domain
import Foundation
import Outbound

/// Reads by which the documents that we post are found again and followed to their end.
extension VismaClient {
    // MARK: by number

    /// The document of that kind and number, nil when there is none.
    ///
    /// A cash transaction's total is what left the account (negative: what came in); that it was reversed is told from
    /// the others of its reference, which takes a second call once it is released. A journal transaction is released as
    /// `Unposted` and `Posted`; that a person reversed it cannot be seen.
    package func posted(_ kind: Booking.Kind, _ number: VismaNumber) async throws(ConnectorError) -> PostedDocument? {
        switch kind {
        case .payment: return try await payment(number)?.posted
        case .refund: return try await payment(number, type: "Refund")?.posted
        case .creditNote: return try await creditNote(number).map(VismaMapping.posted)
        case .cashEntry: return try await cashEntry(number)
        case .journalEntry: return try await journalEntry(number)
        }
    }

    private func creditNote(_ number: VismaNumber) async throws(ConnectorError) -> VismaCreditNote? {
        guard let response = try await find(VismaRequests.posted(.creditNote, number)) else { return nil }
        return try read(CreditNoteDTO.self, response, what: "credit note \(number)") { row in
            let type = row.document.type.map(VismaMapping.typeName) ?? "CreditNote"
            try Self.check(type == "CreditNote" && row.key == number.rawValue, "\(type):\(row.key)", number)
            return try VismaMapping.creditNote(row)
        }
    }

    private func cashEntry(_ number: VismaNumber) async throws(ConnectorError) -> PostedDocument? {
        guard let response = try await find(VismaRequests.posted(.cashEntry, number)) else { return nil }
        let (row, entry) = try read(CashEntryDTO.self, response, what: "cash transaction \(number)") { row in
            try Self.check(row.number == number.rawValue, "cash transaction \(row.number)", number)
            return (row, try VismaMapping.posted(row))
        }
        guard entry.isReleased, let reference = row.reference else { return entry }
        // A person may have changed it since; what undoes it came after its release, yet may bear an earlier change.
        guard let day = [row.date, row.modified].compactMap({ $0.flatMap { LocalDate($0) } }).min()
        else { return entry }
        let entries = try await cashEntries(reference: reference, account: row.cashAccount, from: day)
        var result = entry
        result.isVoided = VismaMapping.isReversed(entry, among: entries)
        return result
    }

    private func journalEntry(_ number: VismaNumber) async throws(ConnectorError) -> PostedDocument? {
        guard let response = try await find(VismaRequests.posted(.journalEntry, number)) else { return nil }
        return try read(JournalEntryDTO.self, response, what: "journal transaction \(number)") { row in
            let isOurs = row.number == number.rawValue && (row.module ?? "GL") == "GL"
            try Self.check(isOurs, "journal transaction \(row.module ?? "") \(row.number)", number)
            return try VismaMapping.posted(row)
        }
    }

    private static func check(_ isAsked: Bool, _ answered: String, _ number: VismaNumber) throws(ConnectorError) {
        guard !isAsked else { return }
        throw ConnectorError(
            code: "visma.wrong_document", text: "Visma answered \(answered) when asked for \(number)",
            disposition: .reject, system: .visma)
    }

    // MARK: by customer

    /// All of a customer's payments, refunds and voids dated `from` or later, each once.
    package func allPayments(
        of customer: VismaCustomerNumber, from: LocalDate
    ) async throws(ConnectorError) -> [VismaPayment] {
        let found = try await everyPage(of: "payments", PaymentDTO.self) { page in
            VismaRequests.payments(of: customer, from: from, page: page, pageSize: settings.pageSize)
        } map: { row in
            try VismaMapping.payment(row, etag: nil)
        }
        return found.filter { $0.customer == customer && $0.applicationDate >= from }
    }

    /// All of a customer's credit notes dated `from` or later (nil: all), in every status, each once.
    package func creditNotes(
        of customer: VismaCustomerNumber, from: LocalDate?
    ) async throws(ConnectorError) -> [VismaCreditNote] {
        let found = try await everyPage(of: "credit notes", CreditNoteDTO.self) { page in
            VismaRequests.creditNotes(of: customer, from: from, page: page, pageSize: settings.pageSize)
        } map: { row in
            (row.document.type.map(VismaMapping.typeName) ?? "CreditNote") == "CreditNote"
                ? try VismaMapping.creditNote(row) : nil
        }
        return found.filter { note in note.customer == customer && from.map { note.date >= $0 } ?? true }
    }

    // MARK: by reference

    /// Those of them that bear the reference: what a create whose outcome is not known may have made. `from` is the
    /// date of the draft.
    package func creditNotes(
        reference: String, of customer: VismaCustomerNumber, from: LocalDate
    ) async throws(ConnectorError) -> [VismaCreditNote] {
        try await creditNotes(of: customer, from: from).filter { $0.texts.contains(reference) }
    }

    /// Cash transactions of that reference, with the reversals of those, changed on `from` or later: the day on which
    /// the create was sent. A reversal bears the reference too, its total is the opposite. None of them says whether it
    /// was reversed.
    package func cashEntries(
        reference: String, from: LocalDate
    ) async throws(ConnectorError) -> [PostedDocument] {
        try await cashEntries(reference: reference, account: nil, from: from)
    }

    private func cashEntries(
        reference: String, account: String?, from: LocalDate
    ) async throws(ConnectorError) -> [PostedDocument] {
        try await everyPage(of: "cash transactions", CashEntryDTO.self) { page in
            VismaRequests.cashEntries(
                changedFrom: Self.dayBefore(from), page: page, pageSize: settings.pageSize)
        } map: { row in
            let isOther = row.reference != reference || (account != nil && row.cashAccount != account)
            return isOther ? nil : try VismaMapping.posted(row)
        }
    }

    /// Journal transactions of that reference, changed on `from` or later: the day on which the create was sent.
    package func journalEntries(
        reference: String, from: LocalDate
    ) async throws(ConnectorError) -> [PostedDocument] {
        var seen = Set<VismaNumber>()
        let found = try await everyPage(of: "journal transactions", JournalEntryDTO.self) { page in
            VismaRequests.journalEntries(
                changedFrom: Self.dayBefore(from), page: page, pageSize: settings.pageSize)
        } map: { row in
            let words = row.description?.split(whereSeparator: \.isWhitespace).map(String.init) ?? []
            return (row.module ?? "GL") == "GL" && words.contains(reference) ? try VismaMapping.posted(row) : nil
        }
        return found.filter { seen.insert($0.number).inserted }
    }

    /// The zone of the server's times is not known.
    private static func dayBefore(_ day: LocalDate) -> LocalDate { day.adding(days: -1) }

    // MARK: the company's own lists

    /// The first day from `day` on whose financial period takes postings of payments, cash transactions and journals:
    /// active, and closed neither in the customer ledger nor in the general ledger nor in cash management. Nil when the
    /// company has no such period.
    package func firstOpenDay(onOrAfter day: LocalDate) async throws(ConnectorError) -> LocalDate? {
        // A financial year bears the number of the calendar year that it begins or ends in.
        let year = Int(day.description.prefix(4)) ?? 0
        let periods = try await rows(
            FinancialPeriodDTO.self, of: "financial periods", VismaRequests.financialPeriods(after: year - 2))
        do {
            return try VismaMapping.firstOpenDay(onOrAfter: day, in: periods)
        } catch {
            throw VismaErrors.unusable(error, what: "a financial period")
        }
    }

    package func cashAccounts() async throws(ConnectorError) -> [VismaCashAccount] {
        try await rows(CashAccountDTO.self, of: "cash accounts", VismaRequests.cashAccounts())
            .map(VismaMapping.cashAccount)
    }

    package func paymentMethods() async throws(ConnectorError) -> [VismaPaymentMethod] {
        try await rows(PaymentMethodDTO.self, of: "payment methods", VismaRequests.paymentMethods())
            .map(VismaMapping.paymentMethod)
    }

    // MARK: lists

    /// A list that is not paged, to the last row.
    private func rows<Row: Decodable>(
        _ type: Row.Type, of what: String, _ call: OutboundCall
    ) async throws(ConnectorError) -> [Row] {
        let response = try await perform(call)
        let list: ListDTO<Row> = try exactList(response, what)
        return try list.rows.map { entry throws(ConnectorError) in try Self.row(entry, what) }
    }

    /// What `map` makes of the rows of all pages, each row once. A row that cannot be read is an error: a look-up that
    /// overlooks a document would let it be made twice. Where no row says the total, a page that brings nothing new is
    /// the end, as a short one may have been clamped.
    func everyPage<Row: PagedRow, Value>(
        of what: String, _ type: Row.Type, _ call: (Int) -> OutboundCall, map: (Row) throws -> Value?
    ) async throws(ConnectorError) -> [Value] {
        var seen = Set<String>()
        var all = [Value]()
        for page in 1...Self.pagesMax {
            let response = try await perform(call(page))
            let list: ListDTO<Row> = try exactList(response, what)
            let known = seen.count
            for entry in list.rows {
                let row = try Self.row(entry, what)
                guard seen.insert(row.key).inserted else { continue }
                do {
                    if let value = try map(row) { all.append(value) }
                } catch {
                    throw VismaErrors.unusable(error, what: "\(row.key) in a list of \(what)")
                }
            }
            let size = pageSize(list, page: page)
            if size.total == nil ? seen.count == known : size.isLast { return all }
        }
        throw ConnectorError(
            code: "visma.too_many_pages", text: "a list of \(what) fills more than \(Self.pagesMax) pages",
            disposition: .reject, system: .visma)
    }

    private func exactList<Row: Decodable>(
        _ response: OutboundResponse, _ what: String
    ) throws(ConnectorError) -> ListDTO<Row> {
        do {
            try ExactJSON.checkDigits(in: response.body)
        } catch {
            throw VismaErrors.unusable(AmountProblem(field: "a number", error: error), what: "a list of \(what)")
        }
        return try list(response, what: "a list of \(what)")
    }

    private static func row<Row>(_ entry: Lenient<Row>, _ what: String) throws(ConnectorError) -> Row {
        guard let row = entry.row else {
            throw VismaErrors.unusable(entry.problem ?? FieldMissing(field: "a row"), what: "a list of \(what)")
        }
        return row
    }
}
