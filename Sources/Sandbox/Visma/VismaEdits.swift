/// Edits of documents and of unreleased payments, and attachments.
extension VismaLedger {
    /// What the simulator can change while a document is not released.
    private static let draftFields = debtFields.union([
        "note", "invoicetext", "externalreference", "customerrefnumber", "paymentreference", "documentduedate",
        "cashdiscountdate", "hold", "paymentmethodid", "sendtoautoinvoice",
    ])
    private static let debtFields: Set<String> = [
        "excludedebtcollection", "debtcollectioncasenbr", "debtcollectioncasestatus",
    ]

    mutating func editDocument(_ key: String, _ body: VismaBody) throws(VismaProblem) {
        guard let before = document(key) else { throw .plain(status: 404, text: "Not found") }
        guard !before.isReleaseQueued else {
            throw .business(doing: "updating document", text: "The previous operation has not been completed yet.")
        }
        var after = before
        for (name, _) in body.members {
            let field = name.lowercased()
            guard accepts(field, of: before) else {
                let text = "'\(name)' cannot be changed: the document status is \(before.status)."
                throw .business(doing: "updating document", text: text)
            }
            try set(field, of: &after, from: body)
        }
        guard Self.differs(before, after) else { return }
        changeDocument(key) { $0 = after }
    }

    private func accepts(_ field: String, of document: VismaDocument) -> Bool {
        let isRecord = behaviour.recordEdits == .noteAllowed && (field == "note" || Self.debtFields.contains(field))
        return switch document.status {
        case "Hold", "Balanced": Self.draftFields.contains(field)
        case "Open": field == "cashdiscountdate" || field == "documentduedate" || isRecord
        default: isRecord && document.status == "Closed"
        }
    }

    private func set(_ field: String, of document: inout VismaDocument, from body: VismaBody) throws(VismaProblem) {
        switch field {
        case "note": document.note = try body.text(field)
        case "invoicetext": document.invoiceText = try body.text(field)
        case "externalreference": document.externalReference = try body.text(field)
        case "customerrefnumber": document.customerRefNumber = try body.text(field)
        case "paymentreference": document.paymentReference = try body.text(field)
        case "documentduedate": document.dueDate = try body.date(field) ?? document.dueDate
        case "cashdiscountdate": document.cashDiscountDate = try body.date(field)
        case "paymentmethodid": document.marks.paymentMethod = try body.text(field)
        case "sendtoautoinvoice": document.marks.sendToAutoInvoice = try body.flag(field) ?? false
        case "excludedebtcollection": document.marks.excludeDebtCollection = try body.flag(field) ?? false
        case "debtcollectioncasenbr": document.marks.debtCollectionCase = try body.text(field)
        case "debtcollectioncasestatus": document.marks.debtCollectionStatus = try body.text(field)
        default: document.status = try body.flag("hold") ?? false ? "Hold" : "Balanced"
        }
    }

    /// An edit that changes nothing leaves the row version alone.
    private static func differs(_ before: VismaDocument, _ after: VismaDocument) -> Bool {
        before.note != after.note || before.invoiceText != after.invoiceText
            || before.externalReference != after.externalReference
            || before.customerRefNumber != after.customerRefNumber
            || before.paymentReference != after.paymentReference || before.dueDate != after.dueDate
            || before.cashDiscountDate != after.cashDiscountDate || before.marks != after.marks
            || before.status != after.status
    }

    /// Edits an unreleased payment. Finance charges can be added: the fee is often known only later. What it is used
    /// on cannot be changed (the facts do not know how the API takes that).
    mutating func editPayment(_ key: String, _ body: VismaBody) throws(VismaProblem) {
        let doing = "updating payment"
        guard let payment = payment(key) else { throw .plain(status: 404, text: "Not found") }
        guard payment.isDraft, !payment.isQueued else {
            throw .business(doing: doing, text: "The document status is \(payment.status).")
        }
        var after = payment
        for (name, _) in body.members {
            switch name.lowercased() {
            case "hold": after.status = try body.flag(name) ?? false ? "Hold" : "Balanced"
            case "paymentref": after.reference = try body.text(name) ?? payment.reference
            case "invoicetext": after.text = try body.text(name)
            case "applicationdate", "applicationperiod":
                after.date = try body.date("applicationDate") ?? payment.date
                after.period = try period(body, ["applicationPeriod"], date: after.date)
                try demandOpen(after.period, in: .customers, doing: doing, isRelease: false)
            case "financecharges":
                guard let account = company.cashAccounts.first(where: { $0.number == payment.cashAccount }) else {
                    throw .business(doing: doing, text: "'Cash account' cannot be found in the system.")
                }
                after.charges += try charges(body, account: account, doing: doing)
            case "type": break
            default: throw .business(doing: doing, text: "'\(name)' cannot be changed on an existing payment.")
            }
        }
        let problem =
            textProblem(reference: after.reference, text: after.text)
            ?? (after.charged > after.amount ? "The finance charges are more than the payment amount." : nil)
        if let problem { throw .business(doing: doing, text: problem) }
        let isSame =
            after.status == payment.status && after.reference == payment.reference && after.text == payment.text
            && after.date == payment.date && after.period == payment.period
            && after.charges.count == payment.charges.count
        if !isSame { changePayment(key) { $0 = after } }
    }

    /// A file of the same name becomes a new revision.
    mutating func attach(name: String, content: [UInt8], to key: String) throws(VismaProblem) -> VismaAttachment {
        guard document(key) != nil else { throw .plain(status: 404, text: "Not found") }
        guard behaviour.attachmentsAllowed else {
            throw .business(doing: "adding attachment", text: "Attachments cannot be added to this document.")
        }
        let id = guid()
        changeDocument(key) { document in
            if let position = document.attachments.firstIndex(where: { $0.name == name }) {
                document.attachments[position].revision += 1
                document.attachments[position].content = content
            } else {
                document.attachments.append(VismaAttachment(id: id, name: name, revision: 1, content: content))
            }
        }
        guard let stored = document(key)?.attachments.first(where: { $0.name == name }) else {
            throw .empty(status: 500)
        }
        return stored
    }
}
