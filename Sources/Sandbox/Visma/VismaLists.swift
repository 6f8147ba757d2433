/// The lists: bare arrays, oldest first, the count in every row.
extension VismaLedger {
    /// `metadata` false for rows that have no member for the count.
    private func rows<Row>(
        _ found: [Row], _ query: VismaQuery, metadata hasMetadata: Bool = true, answer: (Row) -> SandboxJSON
    ) throws(VismaProblem) -> SandboxResponse {
        let page = try query.page(found, sizeMax: behaviour.pageSizeMax)
        let metadata = SandboxJSON.object([
            ("totalCount", .integer(found.count)), ("maxPageSize", .integer(behaviour.pageSizeMax)),
        ])
        let rows = page.map { row in
            (hasMetadata ? answer(row).setting("metadata", to: metadata) : answer(row)).withoutNulls
        }
        return .visma(200, .array(rows))
    }

    func listDocuments(type: String, query: VismaQuery) throws(VismaProblem) -> SandboxResponse {
        let asked = try query.choice("documentType", of: VismaQuery.documentTypes) ?? type
        let status = try query.choice("status", of: VismaQuery.statuses)
        let released = try query.integer("released").map { $0 != 0 }
        let modified = try query.time("lastModifiedDateTime")
        let created = try query.time("createdDateTime")
        let dated = try query.date("documentDate")
        let due = try query.date("documentDueDate")
        let customer = query.text("customer")
        let customerID = customer.flatMap { self.customer($0)?.internalID } ?? (customer == nil ? nil : -1)
        let found = documents.filter { document in
            document.type == type && asked == type
                && (status.map { $0 == document.status } ?? true)
                && (released.map { $0 == document.isReleased } ?? true)
                && (modified?(document.version.modified) ?? true) && (created?(document.version.created) ?? true)
                && (dated?(document.date) ?? true) && (due?(document.dueDate) ?? true)
                && (customerID.map { $0 == document.customerID } ?? true)
                && (query.text("branch").map { $0 == document.branch } ?? true)
                && (query.text("externalReference").map { $0 == document.externalReference } ?? true)
                && (query.text("customerRefNumber").map { $0 == document.customerRefNumber } ?? true)
                && (query.text("paymentReference").map { $0 == document.paymentReference } ?? true)
                && (query.text("financialPeriod").map { $0 == document.period } ?? true)
                && (query.text("greaterThanValue").map { document.number > $0 } ?? true)
        }
        let expansion = Expansion(
            applications: try query.flag("expandApplications"), taxDetails: try query.flag("expandTaxDetails"),
            attachments: try query.flag("expandAttachments"), address: try query.flag("expandInvoiceAddress"))
        return try rows(found, query) { answer($0, expansion) }
    }

    /// There is no filter by `paymentRef`: it is one of the names that nobody knows. A choice: credit notes, which the
    /// filter's types know too, stand in their own list only.
    func listPayments(_ query: VismaQuery) throws(VismaProblem) -> SandboxResponse {
        let type = try query.choice("paymentType", of: VismaQuery.paymentTypes)
        let status = try query.choice("status", of: VismaQuery.statuses)
        let modified = try query.time("lastModifiedDateTime")
        let dated = try query.date("docDate")
        let customer = query.text("customer")
        let customerID = customer.flatMap { self.customer($0)?.internalID } ?? (customer == nil ? nil : -1)
        let found = payments.filter { payment in
            (type.map { $0 == payment.type } ?? true) && (status.map { $0 == payment.status } ?? true)
                && (modified?(payment.version.modified) ?? true) && (dated?(payment.date) ?? true)
                && (customerID.map { $0 == payment.customerID } ?? true)
                && (query.text("paymentNbr").map { $0 == payment.number } ?? true)
                && (query.text("branch").map { $0 == payment.branch } ?? true)
                && (query.text("financialPeriod").map { $0 == payment.period } ?? true)
                && (query.text("greaterThanValue").map { payment.number > $0 } ?? true)
                && (query.text("invoiceRefNbr").map { number in
                    payment.applications.contains { $0.number == number }
                } ?? true)
        }
        return try rows(found, query) { answer($0) }
    }

    func listCashTransactions(_ query: VismaQuery) throws(VismaProblem) -> SandboxResponse {
        let modified = try query.time("lastModifiedDateTime")
        let found = cashTransactions.filter { modified?($0.version.modified) ?? true }
        return try rows(found, query, metadata: false) { answer($0) }
    }

    func listJournals(_ query: VismaQuery) throws(VismaProblem) -> SandboxResponse {
        let modified = try query.time("lastModifiedDateTime")
        let status = try query.choice("status", of: ["Hold", "Balanced", "Unposted", "Posted"])
        let found = journals.filter { journal in
            (modified?(journal.version.modified) ?? true) && (status.map { $0 == journal.status } ?? true)
                && (query.text("branch").map { $0 == journal.branch } ?? true)
                && (query.text("periodId").map { $0 == journal.period } ?? true)
        }
        return try rows(found, query) { answer($0) }
    }

    func listCustomers(_ query: VismaQuery) throws(VismaProblem) -> SandboxResponse {
        let statuses = ["Active", "OnHold", "CreditHold", "Inactive", "OneTime"]
        let status = try query.choice("status", of: statuses)
        let modified = try query.time("lastModifiedDateTime")
        let created = try query.time("createdDateTime")
        let found = customers.filter { customer in
            let seed = customer.seed
            return (status.map { $0 == seed.status } ?? true) && (modified?(customer.version.modified) ?? true)
                && (created?(customer.version.created) ?? true) && (query.text("name").map { $0 == seed.name } ?? true)
                && (query.text("email").map { $0 == seed.mainEmail } ?? true)
                && (query.text("phone").map { $0 == seed.phone } ?? true)
                && (query.text("vatRegistrationId").map { $0 == seed.vatRegistrationID } ?? true)
        }
        return try rows(found, query) { answer($0) }
    }
}
