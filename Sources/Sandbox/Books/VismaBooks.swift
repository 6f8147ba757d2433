/// The simulator's own books, one JSON object per document, payment, cash transaction and journal, so that somebody
/// else can check what the connector claims. Amounts are decimal texts with as many places as the ledger's currency
/// has.
extension VismaSimulator {
    /// All companies, in the order of planting; what is due has been done.
    package func books() -> [SandboxJSON] {
        tenantIDs.flatMap { tenant in (try? withLedger(tenant) { $0.books() }) ?? [] }
    }
}

extension VismaLedger {
    func books() -> [SandboxJSON] {
        documents.map(book) + payments.map(book) + cashTransactions.map(book) + journals.map(book)
    }

    private static func amount(_ value: Int64, _ currency: String) -> SandboxJSON {
        .string(VismaDecimal.text(value, shown: VismaDecimal.decimals(of: currency)))
    }

    private func book(_ document: VismaDocument) -> SandboxJSON {
        let customer = customer(internalID: document.customerID)
        // Those of an unreleased credit note do not count yet.
        let uses = creditApplications.filter { "CreditNote:" + $0.creditNote == document.key && $0.isReleased }
        return .object([
            ("kind", .string("document")), ("visma_tenant", .string(company.tenantID)),
            ("company", .string(company.number)), ("type", .string(document.type)),
            ("number", .string(document.number)),
            ("status", .string(document.status)), ("released", .bool(document.isReleased)),
            ("currency", .string(document.currency)), ("total", Self.amount(document.total, document.currency)),
            ("balance", Self.amount(document.balance, document.currency)), ("date", .string(document.date)),
            ("customer", .text(customer?.number)),
            ("customer_email", .text(customer?.seed.invoiceEmail ?? customer?.seed.mainEmail)),
            ("note", .text(document.note)), ("text", .text(document.invoiceText)),
            ("external_reference", .text(document.externalReference)), ("period", .string(document.period)),
            ("exclude_debt_collection", .bool(document.marks.excludeDebtCollection)),
            ("debt_collection_case", .text(document.marks.debtCollectionCase)),
            (
                "attachments",
                .array(
                    document.attachments.map {
                        .object([
                            ("name", .string($0.name)), ("text", .string(String(decoding: $0.content, as: UTF8.self))),
                        ])
                    })
            ),
            (
                "applications",
                .array(
                    uses.map {
                        Self.application(
                            .init(type: "Invoice", number: $0.invoice, amount: $0.amount), document.currency)
                    })
            ),
        ])
    }

    private func book(_ payment: VismaPaymentRecord) -> SandboxJSON {
        .object([
            ("kind", .string("payment")), ("visma_tenant", .string(company.tenantID)), ("type", .string(payment.type)),
            ("number", .string(payment.number)), ("status", .string(payment.status)),
            ("reference", .string(payment.reference)), ("currency", .string(payment.currency)),
            ("amount", Self.amount(payment.amount, payment.currency)), ("cash_account", .string(payment.cashAccount)),
            ("customer", .text(customer(internalID: payment.customerID)?.number)),
            ("released", .bool(payment.isReleased)), ("date", .string(payment.date)),
            ("period", .string(payment.period)), ("text", .text(payment.text)),
            ("available", Self.amount(available(payment), payment.currency)),
            (
                "charges",
                .array(
                    payment.charges.map {
                        .object([
                            ("entry_type", .string($0.entryType)), ("account", .text($0.offsetAccount)),
                            ("amount", Self.amount($0.amount, payment.currency)),
                        ])
                    })
            ),
            (
                "applications",
                .array(payment.applications.map { Self.application($0, payment.currency) })
            ),
            ("by_connector", .bool(["pi_", "py_", "re_"].contains(payment.reference.prefix(3)))),
        ])
    }

    /// `amount` is the money; the other two settle the document without any.
    private static func application(
        _ application: VismaPaymentRecord.Application, _ currency: String
    ) -> SandboxJSON {
        .object([
            ("type", .string(application.type)), ("number", .string(application.number)),
            ("amount", Self.amount(application.amount, currency)),
            ("cash_discount", Self.amount(application.cashDiscount, currency)),
            ("write_off", Self.amount(application.writeOff, currency)),
        ])
    }

    private func book(_ transaction: VismaCashTransaction) -> SandboxJSON {
        .object([
            ("kind", .string("cash_transaction")), ("visma_tenant", .string(company.tenantID)),
            ("type", .string("CashTransaction")), ("number", .string(transaction.number)),
            ("status", .string(transaction.status)), ("released", .bool(transaction.status == "Released")),
            ("reference", .string(transaction.reference)), ("text", .text(transaction.description)),
            ("cash_account", .string(transaction.cashAccount)), ("entry_type", .string(transaction.entryType)),
            ("direction", .string(transaction.isReceipt ? "receipt" : "disbursement")),
            ("currency", .string(transaction.currency)),
            ("amount", Self.amount(transaction.amount, transaction.currency)), ("date", .string(transaction.date)),
            ("period", .string(transaction.period)), ("reverses", .text(transaction.reversed)),
            (
                "lines",
                .array(
                    transaction.lines.map {
                        .object([
                            ("account", .string($0.offsetAccount)), ("text", .text($0.description)),
                            ("amount", Self.amount($0.amount, transaction.currency)),
                        ])
                    })
            ),
        ])
    }

    private func book(_ journal: VismaJournal) -> SandboxJSON {
        .object([
            ("kind", .string("journal")), ("visma_tenant", .string(company.tenantID)), ("type", .string("Journal")),
            ("number", .string(journal.number)), ("status", .string(journal.status)),
            ("released", .bool(journal.status == "Posted")), ("text", .text(journal.description)),
            ("currency", .string(journal.currency)), ("amount", Self.amount(journal.debit, journal.currency)),
            ("date", .string(journal.date)), ("period", .string(journal.period)),
            (
                "lines",
                .array(
                    journal.lines.map {
                        .object([
                            ("account", .string($0.account)), ("reference", .text($0.reference)),
                            ("text", .text($0.description)), ("debit", Self.amount($0.debit, journal.currency)),
                            ("credit", Self.amount($0.credit, journal.currency)),
                        ])
                    })
            ),
        ])
    }
}
