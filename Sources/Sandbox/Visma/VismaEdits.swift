/// Edits of documents and of unreleased payments, and attachments.
extension VismaLedger {
    /// What the simulator can change while a document is not released.
    private static let draftFields: Set<String> = [
        "note", "invoicetext", "externalreference", "customerrefnumber", "paymentreference", "documentduedate",
        "cashdiscountdate", "excludedebtcollection", "hold",
    ]

    mutating func editDocument(_ key: String, _ body: VismaBody) throws(VismaProblem) {
        guard let before = document(key) else { throw .plain(status: 404, text: "Not found") }
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
        switch document.status {
        case "Hold", "Balanced": Self.draftFields.contains(field)
        case "Open":
            field == "cashdiscountdate" || field == "documentduedate"
                || (field == "note" && behaviour.recordEdits == .noteAllowed)
        default: field == "note" && behaviour.recordEdits == .noteAllowed && document.status == "Closed"
        }
    }

    private func set(_ field: String, of document: inout VismaDocument, from body: VismaBody) throws(VismaProblem) {
        switch field {
        case "note": document.note = try body.text(field)
        case "invoicetext": document.invoiceText = try body.text(field)
        case "externalreference": document.externalReference = try body.text(field)
        case "customerrefnumber": document.customerRefNumber = try body.text(field)
        case "paymentreference": document.paymentReference = try body.text(field)
        case "documentduedate": document.dueDate = try date(field, body) ?? document.dueDate
        case "cashdiscountdate": document.cashDiscountDate = try date(field, body)
        case "excludedebtcollection": document.excludeDebtCollection = try body.flag(field) ?? false
        default: document.status = try body.flag("hold") ?? false ? "Hold" : "Balanced"
        }
    }

    private func date(_ field: String, _ body: VismaBody) throws(VismaProblem) -> String? {
        guard let text = try body.text(field) else { return nil }
        guard let date = VismaTime.parseDate(text) else {
            throw .malformed(field: field, text: "Could not convert string to DateTime: \(text).")
        }
        return date
    }

    /// An edit that changes nothing leaves the row version alone.
    private static func differs(_ before: VismaDocument, _ after: VismaDocument) -> Bool {
        before.note != after.note || before.invoiceText != after.invoiceText
            || before.externalReference != after.externalReference
            || before.customerRefNumber != after.customerRefNumber
            || before.paymentReference != after.paymentReference || before.dueDate != after.dueDate
            || before.cashDiscountDate != after.cashDiscountDate
            || before.excludeDebtCollection != after.excludeDebtCollection || before.status != after.status
    }

    mutating func editPayment(_ number: String, _ body: VismaBody) throws(VismaProblem) {
        let doing = "updating payment"
        guard let payment = payment(number: number) else { throw .plain(status: 404, text: "Not found") }
        guard payment.status == "Balanced" || payment.status == "Hold", !payment.isReleaseQueued else {
            throw .business(doing: doing, text: "The document status is \(payment.status).")
        }
        var after = payment
        for (name, _) in body.members {
            switch name.lowercased() {
            case "hold": after.status = try body.flag(name) ?? false ? "Hold" : "Balanced"
            case "paymentref": after.reference = try body.text(name) ?? payment.reference
            case "invoicetext": after.text = try body.text(name)
            case "applicationdate": after.date = try postingDate(body)
            case "type": break
            default: throw .business(doing: doing, text: "'\(name)' cannot be changed on an existing payment.")
            }
        }
        guard after.text?.count ?? 0 <= 50 else {
            throw .business(doing: doing, text: "'Invoice text' is longer than 50 characters.")
        }
        let isSame =
            after.status == payment.status && after.reference == payment.reference && after.text == payment.text
            && after.date == payment.date
        if !isSame { changePayment(payment.key) { $0 = after } }
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
