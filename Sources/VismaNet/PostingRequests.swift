package import Domain
package import Outbound

/// The documents other than payments that stand for what happened in Stripe: made unreleased, released by number, and
/// undone where Visma allows it.
extension VismaRequests {
    // MARK: reads

    /// The document of that kind and number as it is now.
    package static func posted(_ kind: Booking.Kind, _ number: VismaNumber) -> OutboundCall {
        get(path(of: kind, number))
    }

    /// A customer's credit notes dated `from` or later, in every status.
    package static func creditNotes(
        of customer: VismaCustomerNumber, from: LocalDate?, page: Int, pageSize: Int
    ) -> OutboundCall {
        var filters = [("customer", customer.rawValue)]
        if let from { filters += [("documentDate", from.description), ("documentDateCondition", ">=")] }
        return list("/v1/customerCreditNote", filters, page, pageSize)
    }

    /// Cash transactions changed on `from` or later: their list has no other filter.
    package static func cashEntries(changedFrom from: LocalDate, page: Int, pageSize: Int) -> OutboundCall {
        list("/v1/cashTransaction", changed(since: from.description), page, pageSize)
    }

    /// Journal transactions of the general ledger changed on `from` or later. A page is as many lines, not
    /// transactions, and one transaction may be spread over several. Source of everything about these: the public
    /// client CaesarDev/visma-erp-client, which was generated from Visma's own description.
    package static func journalEntries(changedFrom from: LocalDate, page: Int, pageSize: Int) -> OutboundCall {
        list("/v2/journaltransaction", changed(since: from.description) + [("module", "GL")], page, pageSize)
    }

    /// Financial periods of the years after `year`; not paged.
    package static func financialPeriods(after year: Int) -> OutboundCall {
        get("/v1/financialPeriod?" + PercentText.pairs([("greaterThanValue", String(year))]))
    }

    /// All cash accounts with their entry types; not paged.
    package static func cashAccounts() -> OutboundCall { get("/v1/cashaccount") }

    /// All payment methods; not paged.
    package static func paymentMethods() -> OutboundCall { get("/v1/paymentmethod") }

    // MARK: credit notes

    /// An unreleased credit note. Its reference stands in both fields that a list shows; Visma computes the VAT of its
    /// lines, so its total must be read back before it is released.
    package static func createCreditNote(_ draft: CreditNoteDraft) -> OutboundCall {
        var fields: [(String, JSONText)] = [
            ("hold", .wrapped(.bool(draft.isOnHold))),
            ("customerNumber", .wrapped(draft.customer.rawValue)),
            ("currencyId", .wrapped(draft.currency.code)),
            ("documentDate", wrapped(draft.date)),
            ("externalReference", .wrapped(draft.reference)),
            ("customerRefNumber", .wrapped(draft.reference)),
            ("invoiceText", .wrapped(String(draft.text.prefix(invoiceTextLengthMax)))),
        ]
        if draft.text.count > invoiceTextLengthMax { fields.append(("note", .wrapped(draft.text))) }
        if let location = draft.location { fields.append(("locationId", .wrapped(location))) }
        if let branch = draft.branch { fields.append(("branchNumber", .wrapped(branch))) }
        let lines = draft.lines.map { line in
            var values: [(String, JSONText)] = [
                ("description", .wrapped(line.description)), ("quantity", .wrapped(.number("1"))),
                ("unitPriceInCurrency", .wrapped(line.amount)),
            ]
            if let account = line.account { values.append(("accountNumber", .wrapped(account))) }
            if let vatCode = line.vatCode { values.append(("vatCodeId", .wrapped(vatCode))) }
            return inserted(values)
        }
        fields.append(("lines", .array(lines)))
        if let amount = draft.applied {
            let line = applied(amount, to: draft.document.number, draft.document.type)
            fields.append(("applicationLines", .array([line])))
        }
        return write("POST", "/v2/customerCreditNote", .object(fields))
    }

    package static func releaseCreditNote(_ number: VismaNumber, etag: String? = nil) -> OutboundCall {
        release(.creditNote, number, etag)
    }

    /// Only while it is unreleased.
    package static func deleteCreditNote(_ number: VismaNumber) -> OutboundCall {
        OutboundCall(system: .visma, method: "DELETE", path: path(of: .creditNote, number))
    }

    // MARK: cash transactions

    /// An unreleased cash transaction. Its entry type must be a disbursement: an amount that came back is negative. The
    /// control total lets Visma refuse an entry type that would add VAT.
    package static func createCashEntry(_ draft: CashEntryDraft) -> OutboundCall {
        var line: [(String, JSONText)] = []
        if let branch = draft.branch { line.append(("branchNumber", .wrapped(branch))) }
        line += [
            ("description", .wrapped(draft.text)), ("quantity", .wrapped(.number("1"))),
            ("price", .wrapped(draft.paidOut)), ("amount", .wrapped(draft.paidOut)),
        ]
        let fields: [(String, JSONText)] = [
            ("hold", .wrapped(.bool(draft.isOnHold))),
            ("tranDate", wrapped(draft.date)),
            ("description", .wrapped(draft.text)),
            ("cashAccount", .wrapped(draft.cashAccount)),
            ("entryType", .wrapped(draft.entryType)),
            ("documentRef", .wrapped(draft.reference)),
            ("controlTotal", .wrapped(draft.paidOut)),
            ("cashTransactionDetails", .array([inserted(line)])),
        ]
        return write("POST", "/v1/cashTransaction", .object(fields))
    }

    package static func releaseCashEntry(_ number: VismaNumber, etag: String? = nil) -> OutboundCall {
        release(.cashEntry, number, etag)
    }

    /// Makes a second, unreleased cash transaction that undoes this one. Nothing is wrapped in this body.
    package static func reverseCashEntry(_ number: VismaNumber, etag: String? = nil) -> OutboundCall {
        write(
            "POST", path(of: .cashEntry, number) + "/action/reverse",
            .object([("returnCashTransaction", .bool(true))]), ifMatch: etag)
    }

    // MARK: journal transactions

    /// An unreleased journal transaction. Its description begins with the reference: how much the reference field of a
    /// line takes is not known, and a reference that was cut would not be found again.
    package static func createJournalEntry(_ draft: JournalDraft) -> OutboundCall {
        let zero = Money.zero(draft.currency)
        let lines = draft.lines.map { line in
            let isDebit = line.debit.minorUnits >= 0
            return inserted([
                ("accountNumber", .wrapped(line.account)), ("transactionDescription", .wrapped(line.text)),
                isDebit
                    ? ("debitAmountInCurrency", .wrapped(line.debit))
                    : ("creditAmountInCurrency", .wrapped(zero - line.debit)),
            ])
        }
        let debits = draft.lines.map(\.debit).filter(\.isPositive).reduce(zero, +)
        var fields: [(String, JSONText)] = [
            ("hold", .wrapped(.bool(draft.isOnHold))),
            ("transactionDate", wrapped(draft.date)),
            ("currencyId", .wrapped(draft.currency.code)),
            ("description", .wrapped("\(draft.reference) \(draft.text)")),
            ("controlTotalInCurrency", .wrapped(debits)),
        ]
        if let branch = draft.branch { fields.append(("branch", .wrapped(branch))) }
        fields.append(("journalTransactionLines", .array(lines)))
        return write("POST", "/v2/journaltransaction", .object(fields))
    }

    package static func releaseJournalEntry(_ number: VismaNumber, etag: String? = nil) -> OutboundCall {
        release(.journalEntry, number, etag)
    }

    // MARK: parts

    private static func path(of kind: Booking.Kind, _ number: VismaNumber) -> String {
        let resource =
            switch kind {
            case .payment, .refund: "/v1/customerPayment"
            case .creditNote: "/v1/customerCreditNote"
            case .cashEntry: "/v1/cashTransaction"
            case .journalEntry: "/v2/journaltransaction"
            }
        return "\(resource)/\(PercentText.segment(number.rawValue))"
    }

    /// These releases take no body, unlike that of a payment, whose number alone does not say its type.
    private static func release(_ kind: Booking.Kind, _ number: VismaNumber, _ etag: String?) -> OutboundCall {
        OutboundCall(
            system: .visma, method: "POST", path: path(of: kind, number) + "/action/release", ifMatch: etag)
    }
}
