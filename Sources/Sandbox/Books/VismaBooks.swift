/// The simulator's own books, one JSON object per document and payment, so that somebody else can check what the
/// connector claims. Amounts are decimal texts with as many places as the ledger's currency has.
extension VismaSimulator {
    /// All companies, in the order of planting; what is due has been done.
    package func books() -> [SandboxJSON] {
        tenantIDs.flatMap { tenant in (try? withLedger(tenant) { $0.books() }) ?? [] }
    }
}

extension VismaLedger {
    func books() -> [SandboxJSON] { documents.map(book) + payments.map(book) }

    private static func amount(_ value: Int64, _ currency: String) -> SandboxJSON {
        .string(VismaDecimal.text(value, shown: VismaDecimal.decimals(of: currency)))
    }

    private func book(_ document: VismaDocument) -> SandboxJSON {
        let customer = customer(internalID: document.customerID)
        let uses = creditApplications.filter { document.type == "CreditNote" && $0.creditNote == document.number }
        return .object([
            ("kind", .string("document")), ("visma_tenant", .string(company.tenantID)),
            ("company", .string(company.number)), ("type", .string(document.type)),
            ("number", .string(document.number)),
            ("status", .string(document.status)), ("released", .bool(document.isReleased)),
            ("currency", .string(document.currency)), ("total", Self.amount(document.total, document.currency)),
            ("balance", Self.amount(document.balance, document.currency)), ("date", .string(document.date)),
            ("customer", .text(customer?.number)),
            ("customer_email", .text(customer?.seed.invoiceEmail ?? customer?.seed.mainEmail)),
            ("note", .text(document.note)),
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
                .array(uses.map { Self.application("Invoice", $0.invoice, $0.amount, document.currency) })
            ),
        ])
    }

    private func book(_ payment: VismaPaymentRecord) -> SandboxJSON {
        .object([
            ("kind", .string("payment")), ("visma_tenant", .string(company.tenantID)), ("type", .string(payment.type)),
            ("number", .string(payment.number)), ("status", .string(payment.status)),
            ("reference", .string(payment.reference)), ("currency", .string(payment.currency)),
            ("amount", Self.amount(payment.amount, payment.currency)), ("cash_account", .string(payment.cashAccount)),
            ("date", .string(payment.date)), ("text", .text(payment.text)),
            (
                "applications",
                .array(payment.applications.map { Self.application($0.type, $0.number, $0.amount, payment.currency) })
            ),
            ("by_connector", .bool(payment.reference.hasPrefix("pi_"))),
        ])
    }

    private static func application(
        _ type: String, _ number: String, _ amount: Int64, _ currency: String
    ) -> SandboxJSON {
        .object([
            ("type", .string(type)), ("number", .string(number)), ("amount", Self.amount(amount, currency)),
        ])
    }
}
