/// `CustomerInvoiceDto` and `CustomerCreditNoteDto`. Members that are null are left out by the caller.
extension VismaLedger {
    /// What a list shows only when asked; a single document shows it all.
    struct Expansion {
        var applications = true
        var taxDetails = true
        var attachments = true
        var address = true
    }

    static func day(_ date: String?) -> SandboxJSON { .text(date.map { $0 + "T00:00:00" }) }
    static func decimal(_ value: Int64) -> SandboxJSON { .number(VismaDecimal.text(value)) }

    func answer(_ document: VismaDocument, _ expansion: Expansion = Expansion()) -> SandboxJSON {
        let customer = customer(internalID: document.customerID)
        let method = company.paymentMethods.first { $0.id == document.paymentMethod }
        let branch = company.branches.first { $0.number == document.branch }
        var members: [(String, SandboxJSON)] = [
            ("creditTerms", Self.pair("id", document.creditTerms.id, "description", document.creditTerms.description)),
            ("documentDueDate", Self.day(document.dueDate)), ("cashDiscountDate", Self.day(document.cashDiscountDate)),
            ("externalReference", .text(document.externalReference)),
            ("isRotRutDeductible", .bool(document.isRotRutDeductible)),
            (
                "exchangeRate",
                .number(
                    VismaDecimal.text(document.rate, stored: VismaDecimal.ratePlaces, shown: VismaDecimal.ratePlaces))
            ),
            ("attachments", expansion.attachments ? attachments(document) : .null),
            ("taxDetails", expansion.taxDetails ? taxDetails(document) : .null),
            (document.type == "Invoice" ? "invoiceLines" : "lines", lines(document)),
            ("roundingDiff", Self.decimal(behaviour.roundingDiffIsNegated ? -document.rounding : document.rounding)),
            ("excludeDebtCollection", document.type == "Invoice" ? .bool(document.excludeDebtCollection) : .null),
            ("timeStamp", .string(document.version.stamp)), ("hold", .bool(document.status == "Hold")),
        ]
        members += twins(document.discountTotal, "discountTotal", document)
        members += twins(document.detailTotal, "detailTotal", document)
        members += twins(document.taxableTotal, "vatTaxableTotal", document)
        members += twins(document.exemptTotal, "vatExemptTotal", document)
        members += [
            ("paymentReference", .text(document.paymentReference)),
            ("invoiceAddress", expansion.address ? customer.map(Self.address) ?? .null : .null),
            ("invoiceContact", expansion.address ? customer.map(Self.documentContact) ?? .null : .null),
            ("applications", expansion.applications ? applications(document) : .null),
            ("customer", Self.pair("number", customer?.number, "name", customer?.seed.name)),
            ("documentType", .string(document.type)), ("referenceNumber", .string(document.number)),
            ("postPeriod", .string(VismaTime.period(of: document.date))),
            ("financialPeriod", .string(VismaTime.period(of: document.date))),
            ("documentDate", Self.day(document.date)), ("origInvoiceDate", Self.day(document.date)),
            ("status", .string(document.status)), ("currencyId", .string(document.currency)),
        ]
        members += twins(document.total, "amount", document)
        members += twins(document.balance, "balance", document)
        members += twins(document.cashDiscount, "cashDiscount", document)
        members += twins(document.vatTotal, "vatTotal", document)
        members += [
            ("paymentMethod", method.map { Self.pair("id", $0.id, "description", $0.description) } ?? .null),
            ("customerRefNumber", .text(document.customerRefNumber)), ("invoiceText", .text(document.invoiceText)),
            ("lastModifiedDateTime", .string(VismaTime.text(document.version.modified))),
            ("createdDateTime", .string(VismaTime.text(document.version.created))), ("note", .text(document.note)),
            ("location", Self.location(customer)),
            ("branchNumber", Self.pair("number", branch?.number, "name", branch?.name)),
        ]
        return .object(members)
    }

    static func pair(_ first: String, _ a: String?, _ second: String, _ b: String?) -> SandboxJSON {
        .object([(first, .text(a)), (second, .text(b))])
    }

    /// A bare amount and its `...InCurrency` twin.
    private func twins(_ amount: Int64, _ name: String, _ document: VismaDocument) -> [(String, SandboxJSON)] {
        let base = VismaDecimal.convert(amount, rate: document.rate, to: company.baseCurrency)
        let swapped = behaviour.amountTwinsSwapped
        return [
            (name, Self.decimal(swapped ? amount : base)), (name + "InCurrency", Self.decimal(swapped ? base : amount)),
        ]
    }

    private func lines(_ document: VismaDocument) -> SandboxJSON {
        .array(
            document.lines.enumerated().map { position, line in
                var members: [(String, SandboxJSON)] = [
                    ("lineType", document.type == "Invoice" ? .string("GN") : .null),
                    ("lineNumber", .integer(position + 1)),
                    ("inventoryNumber", .text(line.seed.inventoryNumber)),
                    ("description", .string(line.seed.description)),
                    ("quantity", .number(VismaDecimal.text(line.quantity, shown: 6))),
                ]
                // A price is converted with all its places; only amounts are rounded to the currency.
                let base = VismaDecimal.divide(
                    Int128(line.unitPrice) * Int128(document.rate), by: Int128(VismaDecimal.rateOne))
                let swapped = behaviour.amountTwinsSwapped
                members += [
                    ("unitPrice", .number(VismaDecimal.text(swapped ? line.unitPrice : base, shown: 6))),
                    ("unitPriceInCurrency", .number(VismaDecimal.text(swapped ? base : line.unitPrice, shown: 6))),
                ]
                members += twins(line.amount, "amount", document)
                members += [("discountPercent", .number(VismaDecimal.text(line.discountPercent, shown: 6)))]
                members += twins(line.discount, "discountAmount", document)
                members += [
                    ("vatCode", Self.pair("id", line.seed.vat.code, "description", line.seed.vat.description)),
                    ("uom", .string("PCS")),
                ]
                return .object(members)
            })
    }

    private func taxDetails(_ document: VismaDocument) -> SandboxJSON {
        func shown(_ amount: Int64) -> SandboxJSON {
            guard behaviour.taxDetailsInBaseCurrency else { return Self.decimal(amount) }
            return Self.decimal(VismaDecimal.convert(amount, rate: document.rate, to: company.baseCurrency))
        }
        return .array(
            document.taxes.enumerated().map { position, tax in
                .object([
                    ("taxId", .string(tax.vat.code)), ("recordId", .integer(position + 1)),
                    ("vatId", Self.pair("number", tax.vat.code, "description", tax.vat.description)),
                    ("vatRate", .number(VismaDecimal.text(tax.rate, shown: 6))),
                    ("taxableAmount", shown(tax.taxable)), ("vatAmount", shown(tax.amount)),
                ])
            })
    }

    private func attachments(_ document: VismaDocument) -> SandboxJSON {
        .array(
            document.attachments.map {
                .object([("name", .string($0.name)), ("id", .string($0.id)), ("revision", .integer($0.revision))])
            })
    }

    /// `ArAdjustDto` rows: what pays this document, released or not. A voided one stays, with its counter row.
    private func applications(_ document: VismaDocument) -> SandboxJSON {
        let customer = customer(internalID: document.customerID)?.number
        var rows: [SandboxJSON] = []
        for payment in payments(of: document.key) {
            let isCounter = payment.type.hasPrefix("Void")
            for application in payment.applications where application.key == document.key {
                let open = payment.isReleased && !isCounter ? payment.amount - payment.applied : 0
                rows.append(
                    .object([
                        ("docType", .string(payment.type)), ("customerCD", .text(customer)),
                        ("refNbr", .string(payment.number)),
                        ("amountPaid", Self.decimal(isCounter ? -application.amount : application.amount)),
                        ("cashDiscountTaken", Self.decimal(0)), ("balance", Self.decimal(open)),
                        ("pendingPPD", .bool(false)),
                        ("released", .bool(payment.isReleased || payment.status == "Voided")),
                        ("hold", .bool(payment.status == "Hold")),
                        ("voided", .bool(payment.status == "Voided" || isCounter)),
                        ("paymentRef", .string(payment.reference)), ("status", .string(payment.status)),
                        ("applicationDate", Self.day(payment.date)),
                        ("applicationPeriod", .string(VismaTime.period(of: payment.date))),
                        ("invoiceText", .text(payment.text)),
                    ]))
            }
        }
        for use in creditApplications where "Invoice:" + use.invoice == document.key {
            guard let note = self.document("CreditNote:" + use.creditNote) else { continue }
            rows.append(
                .object([
                    ("docType", .string("CreditNote")), ("customerCD", .text(customer)),
                    ("refNbr", .string(use.creditNote)), ("amountPaid", Self.decimal(use.amount)),
                    ("cashDiscountTaken", Self.decimal(0)), ("balance", Self.decimal(note.balance)),
                    ("pendingPPD", .bool(false)), ("released", .bool(true)), ("hold", .bool(false)),
                    ("voided", .bool(false)), ("status", .string(note.status)), ("applicationDate", Self.day(use.date)),
                    ("applicationPeriod", .string(VismaTime.period(of: use.date))),
                ]))
        }
        return .array(rows)
    }
}
