/// `PaymentDto`, `CustomerDto` and the company's own settings.
extension VismaLedger {
    func answer(_ payment: VismaPaymentRecord) -> SandboxJSON {
        let customer = customer(internalID: payment.customerID)
        // Of payments the specification says that these twins are in base currency, against the documents' use.
        func inBase(_ amount: Int64) -> SandboxJSON {
            Self.decimal(VismaDecimal.convert(amount, rate: payment.rate, to: company.baseCurrency))
        }
        let method = company.paymentMethods.first { $0.id == payment.method }
        return .object([
            ("type", .string(payment.type)), ("refNbr", .string(payment.number)), ("status", .string(payment.status)),
            ("hold", .bool(payment.status == "Hold")), ("applicationDate", Self.day(payment.date)),
            ("applicationPeriod", .string(payment.period)), ("paymentRef", .string(payment.reference)),
            ("customer", Self.pair("number", customer?.number, "name", customer?.seed.name)),
            ("location", Self.location(customer)),
            ("paymentMethod", method.map { Self.pair("id", $0.id, "description", $0.description) } ?? .null),
            ("cashAccount", .string(payment.cashAccount)), ("currency", .string(payment.currency)),
            ("paymentAmount", Self.decimal(payment.amount)), ("paymentAmountInCurrency", inBase(payment.amount)),
            ("invoiceText", .text(payment.text)),
            ("appliedToDocuments", Self.decimal(payment.applied)), ("appliedToOrders", Self.decimal(0)),
            ("availableBalance", Self.decimal(available(payment))),
            ("availableBalanceInCurrency", inBase(available(payment))),
            ("writeOffAmount", Self.decimal(payment.writtenOff)),
            ("financeCharges", Self.decimal(payment.charged)), ("deductedCharges", Self.decimal(payment.charged)),
            ("branch", .string(payment.branch)),
            ("lastModifiedDateTime", .string(VismaTime.text(payment.version.modified))),
            ("paymentLines", .array(paymentLines(payment))), ("ordersToApply", .array([])),
            ("financialDetails", .object([("paymentDate", Self.day(payment.date))])),
            ("timeStamp", .string(payment.version.stamp)),
        ])
    }

    /// The document that voids a payment shows each application three times, +x, -x, +x, as seen in the forum.
    private func paymentLines(_ payment: VismaPaymentRecord) -> [SandboxJSON] {
        let signs: [Int64] = payment.isCounter ? [1, -1, 1] : [1]
        return payment.applications.flatMap { application in
            signs.map { sign in
                let document = document(application.key)
                return .object([
                    ("documentType", .string(application.type)), ("refNbr", .string(application.number)),
                    ("amountPaid", Self.decimal(sign * application.amount)),
                    ("cashDiscountTaken", Self.decimal(sign * application.cashDiscount)),
                    ("balanceWriteOff", Self.decimal(sign * application.writeOff)),
                    ("writeOffReasonCode", application.writeOffReason.map { Self.pair("id", $0) } ?? .null),
                    ("date", Self.day(document?.date)), ("dueDate", Self.day(document?.dueDate)),
                    ("balance", Self.decimal(open(application.key) ?? 0)), ("currency", .string(payment.currency)),
                    ("crossRate", .number("1.00000000")), ("customerOrder", .text(document?.customerRefNumber)),
                ])
            }
        }
    }

    func answer(_ customer: VismaCustomerRecord) -> SandboxJSON {
        let seed = customer.seed
        return .object([
            ("internalId", .integer(customer.internalID)), ("number", .string(customer.number)),
            ("name", .string(seed.name)), ("status", .string(seed.status)), ("mainAddress", Self.address(customer)),
            ("mainContact", Self.contact(customer, email: seed.mainEmail)),
            ("currencyId", .string(seed.currency ?? company.baseCurrency)), ("invoiceAddress", Self.address(customer)),
            ("invoiceContact", Self.contact(customer, email: seed.invoiceEmail)),
            ("vatRegistrationId", .text(seed.vatRegistrationID)), ("location", Self.location(customer)),
            ("attributes", .array([])),
            ("lastModifiedDateTime", .string(VismaTime.text(customer.version.modified))),
            ("createdDateTime", .string(VismaTime.text(customer.version.created))),
            ("excludeDebtCollection", .bool(customer.excludeDebtCollection)),
            ("timeStamp", .string(customer.version.stamp)),
        ])
    }

    static func address(_ customer: VismaCustomerRecord) -> SandboxJSON {
        .object([
            ("addressId", .integer(customer.internalID * 2)), ("addressLine1", .text(customer.seed.street)),
            ("postalCode", .text(customer.seed.postalCode)), ("city", .text(customer.seed.city)),
            ("country", .object([("id", .string(customer.seed.country))])),
        ])
    }

    private static func contact(_ customer: VismaCustomerRecord, email: String?) -> SandboxJSON {
        .object([
            ("contactId", .integer(customer.internalID * 2 + 1)), ("name", .string(customer.seed.name)),
            ("email", .text(email)), ("phone1", .text(customer.seed.phone)),
        ])
    }

    static func documentContact(_ customer: VismaCustomerRecord) -> SandboxJSON {
        .object([
            ("contactId", .integer(customer.internalID * 2 + 1)), ("businessName", .string(customer.seed.name)),
            ("email", .text(customer.seed.invoiceEmail ?? customer.seed.mainEmail)),
            ("phone1", .text(customer.seed.phone)), ("overrideContact", .bool(false)),
        ])
    }

    static func location(_ customer: VismaCustomerRecord?) -> SandboxJSON {
        .object([
            ("countryId", .text(customer?.seed.country)), ("id", .string("Main")),
            ("name", .string("Primary location")),
        ])
    }

    func answerOrganization(withBranches: Bool) -> SandboxJSON {
        let currency = SandboxJSON.object([
            ("id", .string(company.baseCurrency)), ("description", .string(company.baseCurrency)),
            ("isBaseCurrency", .bool(true)),
            ("decimalPrecision", .integer(VismaDecimal.decimals(of: company.baseCurrency))),
            ("isUsedForAccounting", .bool(true)),
        ])
        let branches = company.branches.map { Self.pair("number", $0.number, "name", $0.name) }
        return .object([
            ("organizationCd", .string(company.number)), ("name", .string(company.name)),
            ("organizationType", .string("WithBranchesNotBalancing")), ("fileTaxByBranches", .bool(false)),
            ("baseCurrency", .string(company.baseCurrency)), ("corporateId", .string(company.corporateID)),
            ("currency", currency), ("branches", withBranches ? .array(branches) : .null),
            ("timeStamp", .string("AAAAAAABhqA=")),
        ])
    }

    func answerBranches(withCurrency: Bool) -> [SandboxJSON] {
        company.branches.enumerated().map { position, branch in
            .object([
                ("branchId", .integer(position + 1)), ("number", .string(branch.number)),
                ("name", .string(branch.name)),
                ("organizationId", .integer(1)), ("isMainBranch", .bool(position == 0)), ("isActive", .bool(true)),
                ("corporateId", .string(company.corporateID)),
                ("currency", withCurrency ? .object([("id", .string(company.baseCurrency))]) : .null),
            ])
        }
    }

    var answerCashAccounts: [SandboxJSON] {
        company.cashAccounts.map { account in
            .object([
                (
                    "entryTypes",
                    .array(
                        account.entryTypes.map {
                            .object([
                                ("entryTypeId", .string($0.id)),
                                ("disableReceipt", .string($0.isReceipt ? "Receipt" : "Disbursement")),
                                ("defaultOffsetAccount", Self.pair("number", $0.offsetAccount)),
                            ])
                        })
                ),
                ("currency", .string(account.currency)),
                ("account", Self.pair("number", account.number, "description", account.description)),
                ("number", .string(account.number)), ("description", .string(account.description)),
            ])
        }
    }

    var answerPaymentMethods: [SandboxJSON] {
        company.paymentMethods.map {
            .object([
                ("paymentMethodID", .string($0.id)), ("active", .bool(true)),
                ("meansOfPayment", .string("CashOrCheck")), ("description", .string($0.description)),
                ("useInAP", .bool(false)),
            ])
        }
    }
}
