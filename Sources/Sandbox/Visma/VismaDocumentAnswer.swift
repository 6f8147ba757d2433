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
        let method = company.paymentMethods.first { $0.id == document.marks.paymentMethod }
        let branch = company.branches.first { $0.number == document.branch }
        var members: [(String, SandboxJSON)] = [
            ("creditTerms", Self.pair("id", document.creditTerms.id, "description", document.creditTerms.description)),
            ("documentDueDate", Self.day(document.dueDate)), ("cashDiscountDate", Self.day(document.cashDiscountDate)),
            ("externalReference", .text(document.externalReference)),
            ("isRotRutDeductible", .bool(document.isRotRutDeductible)),
            ("exchangeRate", Self.rate(document.rate)),
            ("attachments", expansion.attachments ? attachments(document) : .null),
            ("taxDetails", expansion.taxDetails ? taxDetails(document) : .null),
            (document.type == "Invoice" ? "invoiceLines" : "lines", lines(document)),
            ("roundingDiff", Self.decimal(behaviour.roundingDiffIsNegated ? -document.rounding : document.rounding)),
            ("sendToAutoInvoice", .bool(document.marks.sendToAutoInvoice)),
            ("timeStamp", .string(document.version.stamp)), ("hold", .bool(document.status == "Hold")),
        ]
        if document.type == "Invoice" { members += Self.collection(document.marks) }
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
            ("postPeriod", .string(document.period)), ("financialPeriod", .string(document.period)),
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
            ("account", Self.account("1500", type: "Asset")), ("subaccount", Self.subaccount),
        ]
        return .object(members)
    }

    static func pair(_ first: String, _ a: String?, _ second: String = "description", _ b: String? = nil) -> SandboxJSON
    {
        .object([(first, .text(a)), (second, .text(b))])
    }

    static func rate(_ value: Int64) -> SandboxJSON {
        .number(VismaDecimal.text(value, stored: VismaDecimal.ratePlaces, shown: VismaDecimal.ratePlaces))
    }

    private static func account(_ number: String, type: String) -> SandboxJSON {
        .object([("type", .string(type)), ("number", .string(number))])
    }

    /// There is one subaccount, and one account of all receivables: what is posted where is no concern of a client.
    private static var subaccount: SandboxJSON {
        .object([("subaccountNumber", .string("000")), ("subaccountId", .integer(1)), ("active", .bool(true))])
    }

    /// What an invoice alone says about its collection.
    private static func collection(_ marks: VismaInvoiceMarks) -> [(String, SandboxJSON)] {
        let status = SandboxJSON.text(marks.debtCollectionStatus)
        return [
            ("excludeDebtCollection", .bool(marks.excludeDebtCollection)),
            (
                "debtCollection",
                marks.debtCollectionCase.map { .object([("caseNumber", .string($0)), ("caseStatus", status)]) }
                    ?? .null
            ), ("directDebitMandate", marks.directDebitMandate.map { pair("mandateId", $0) } ?? .null),
        ]
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
                    ("lineType", document.type == "Invoice" ? .string(line.seed.lineType) : .null),
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
                if line.seed.manualAmount != nil { members += twins(line.amount, "manualAmount", document) }
                members += twins(line.amount, "amount", document)
                members += [("discountPercent", .number(VismaDecimal.text(line.discountPercent, shown: 6)))]
                members += twins(line.discount, "discountAmount", document)
                members += [
                    ("vatCode", Self.pair("id", line.seed.vat.code, "description", line.seed.vat.description)),
                    ("uom", .string("PCS")), ("account", Self.account(line.seed.account, type: "Income")),
                    ("subaccount", Self.subaccount),
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
}
