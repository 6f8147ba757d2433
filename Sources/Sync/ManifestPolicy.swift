import Domain
import Foundation

/// The `policy` of a manifest: one flat list of keys, each with its default, and what goes together checked.
struct ManifestPolicy {
    let map: ManifestReader

    static let keys =
        [
            "time_zone", "start_date", "poll_seconds", "poll_overlap_seconds", "quiet_hours", "weight",
            "write_invoice_record", "push_cap",
        ]
        + selectionKeys + invoiceKeys + customerKeys + postingKeys

    func policy() throws(ConnectorError) -> Policy {
        try map.only(Self.keys)
        let zone = try map.text("time_zone")
        guard TimeZone(identifier: zone) != nil else {
            throw Manifest.error("policy.time_zone '\(zone)' is not a known zone; write it like Europe/Oslo")
        }
        var policy = Policy(timeZone: zone, startDate: try map.date("start_date"), posting: try posting())
        policy.selection = try selection()
        policy.invoice = try invoice()
        if let rules = try map.optionalTexts("customer_rules") { policy.customerRules = try self.rules(rules) }
        policy.createsCustomers = try map.flag("create_customers", default: policy.createsCustomers)
        policy.pollSeconds = try map.number("poll_seconds", 1...86_400, default: policy.pollSeconds)
        policy.pollOverlapSeconds = try map.number(
            "poll_overlap_seconds", 0...604_800, default: policy.pollOverlapSeconds)
        if let text = try map.optionalText("quiet_hours") {
            guard let hours = QuietHours(text) else {
                throw Manifest.error("policy.quiet_hours '\(text)' is not like \"22:00-06:00\"; quote it")
            }
            policy.quietHours = hours
        }
        policy.weight = try map.number("weight", 1...10, default: policy.weight)
        policy.pushCap = try pushCap(policy.pushCap)
        policy.writesInvoiceRecord = try map.flag("write_invoice_record", default: policy.writesInvoiceRecord)
        return policy
    }

    private func pushCap(_ preset: PushCap) throws(ConnectorError) -> PushCap {
        var cap = preset
        guard let own = try map.optionalMap("push_cap") else { return cap }
        try own.only(["invoices_per_hour", "amount_per_hour"])
        cap.invoicesPerHour = try own.number("invoices_per_hour", 0...1_000_000, default: cap.invoicesPerHour)
        cap.amountsPerHour = try amounts("amount_per_hour", of: own)
        return cap
    }

    // MARK: Which documents

    private static let selectionKeys = [
        "document_types", "collect", "marked_payment_methods", "include", "exclude", "skip", "minimum_amounts",
        "maximum_amounts",
    ]

    private func selection() throws(ConnectorError) -> Selection {
        var selection = Selection()
        if let types = try map.optionalTexts("document_types") {
            guard !types.isEmpty else {
                throw Manifest.error("policy.document_types is empty; write at least [Invoice], or leave it out")
            }
            selection.documentTypes = Set(try types.map { text throws(ConnectorError) in try documentType(text) })
        }
        selection.mode = try map.choice("collect", default: selection.mode)
        selection.markedPaymentMethods = Set(try map.texts("marked_payment_methods"))
        if selection.mode == .all, !selection.markedPaymentMethods.isEmpty {
            throw Manifest.error("policy.marked_payment_methods marks nothing without 'collect: marked'")
        }
        let include = try map.optionalMap("include")
        let exclude = try map.optionalMap("exclude")
        for list in [include, exclude] { try list?.only(["customers", "branches", "currencies"]) }
        selection.includedCustomers = Set(try include?.texts("customers") ?? [])
        selection.includedBranches = Set(try include?.texts("branches") ?? [])
        selection.includedCurrencies = try currencies(include)
        selection.excludedCustomers = Set(try exclude?.texts("customers") ?? [])
        selection.excludedBranches = Set(try exclude?.texts("branches") ?? [])
        selection.excludedCurrencies = try currencies(exclude)
        if let skips = try map.choices("skip", of: Selection.Skip.self) { selection.skips = Set(skips) }
        selection.minimumAmounts = try amounts("minimum_amounts")
        selection.maximumAmounts = try amounts("maximum_amounts")
        for (code, maximum) in selection.maximumAmounts.sorted(by: { $0.key < $1.key }) {
            guard let minimum = selection.minimumAmounts[code], minimum.minorUnits > maximum.minorUnits else {
                continue
            }
            throw Manifest.error("policy.minimum_amounts.\(code) is over policy.maximum_amounts.\(code)")
        }
        return selection
    }

    /// Only what a customer owes; the sign of the others is the other way round.
    private static let documentTypes = ["Invoice", "DebitNote", "FinCharge"]

    private func documentType(_ text: String) throws(ConnectorError) -> DocumentType {
        guard Self.documentTypes.contains(text) else {
            throw Manifest.error(
                "policy.document_types: '\(text)' cannot be collected; known are "
                    + Self.documentTypes.joined(separator: ", "))
        }
        return DocumentType(text)
    }

    private func currencies(_ list: ManifestReader?) throws(ConnectorError) -> Set<Currency> {
        guard let list else { return [] }
        var result: Set<Currency> = []
        for code in try list.texts("currencies") { result.insert(try list.currency(code, in: "currencies")) }
        return result
    }

    private func amounts(_ key: String, of map: ManifestReader? = nil) throws(ConnectorError) -> [String: Money] {
        var result: [String: Money] = [:]
        let map = map ?? self.map
        guard let amounts = try map.optionalMap(key) else { return result }
        for code in amounts.keys {
            let currency = try map.currency(code, in: key)
            result[code] = try amounts.amount(code, in: currency)
        }
        return result
    }

    // MARK: How the invoice looks

    private static let invoiceKeys = [
        "number_prefix", "past_due_grace_days", "due_days", "send_email", "memo", "footer", "custom_fields",
        "vat_treatments",
    ]

    private func invoice() throws(ConnectorError) -> InvoiceStyle {
        var style = InvoiceStyle()
        style.numberPrefix = try map.limitedText("number_prefix", max: 10, as: "Stripe's numbers have 26") ?? ""
        style.pastDueGraceDays = try map.number("past_due_grace_days", 1...90, default: style.pastDueGraceDays)
        style.dueDays = try map.optionalNumber("due_days", 0...365)
        style.sendsEmail = try map.flag("send_email", default: style.sendsEmail)
        style.memo = try map.limitedText("memo", max: 1500, as: "Stripe takes no more")
        style.footer = try map.limitedText("footer", max: 5000, as: "Stripe takes no more")
        style.language = try map.optionalText("language")
        if let language = style.language { try requireLocale(language, "language") }
        if let languages = try map.optionalMap("languages") {
            for country in languages.keys {
                guard country.wholeMatch(of: /[A-Z]{2}/) != nil else {
                    throw Manifest.error(
                        "policy.languages: '\(country)' is not a country; write two capital letters, like SE")
                }
                let language = try languages.text(country)
                try requireLocale(language, "languages.\(country)")
                style.languages[country] = language
            }
        }
        style.customFields = try customFields()
        if let treatments = try map.optionalMap("vat_treatments") {
            for code in treatments.keys {
                style.vatTreatments[code] = try treatments.choice(code, of: VATTreatment.self)
            }
        }
        return style
    }

    private func requireLocale(_ text: String, _ key: String) throws(ConnectorError) {
        guard text.wholeMatch(of: /[a-z]{2,3}(-[A-Za-z0-9]{2,4})?/) == nil else { return }
        throw Manifest.error("policy.\(key) '\(text)' is not a language; write it like nb, sv or en-GB")
    }

    private func customFields() throws(ConnectorError) -> [String: String] {
        let known = InvoiceStyle.Field.allCases.map(\.rawValue)
        let fields = try map.optionalMap("custom_fields")
        try fields?.only(known)
        var labels: [String: String] = [:]
        for name in fields?.keys ?? [] {
            labels[name] = try fields?.limitedText(name, max: 40, as: "Stripe takes no more")
        }
        let others = labels.keys.filter { $0 != InvoiceStyle.Field.originalDueDate.rawValue }.count
        guard others < InvoiceStyle.customFieldsMax else {
            throw Manifest.error(
                "policy.custom_fields has \(others) fields; an invoice has \(InvoiceStyle.customFieldsMax), and one is "
                    + "kept for the original due date")
        }
        return labels
    }

    // MARK: The customer

    private static let customerKeys = ["customer_rules", "create_customers", "language", "languages"]

    private func rules(_ texts: [String]) throws(ConnectorError) -> [Policy.CustomerRule] {
        var result: [Policy.CustomerRule] = []
        for text in texts {
            guard let rule = Policy.CustomerRule(text) else {
                throw Manifest.error(
                    "policy.customer_rules: '\(text)' is not a rule; write 'description', 'email' or 'metadata:FIELD'")
            }
            result.append(rule)
        }
        return result
    }

    // MARK: What is posted

    private static let postingKeys = [
        "cash_accounts", "branch_cash_accounts", "payment_method", "booking", "booking_date", "closed_period",
        "refunds", "refund_review_days", "disputes", "dispute_entry_type", "stop_dunning", "fees", "fee_entry_type",
        "payouts", "bank_ledger_accounts", "clearing_ledger_accounts", "exchange_ledger_account", "write_offs",
        "stripe_credits",
    ]

    private func posting() throws(ConnectorError) -> PostingPolicy {
        guard let cashAccounts = try accounts(try map.map("cash_accounts"), "cash_accounts"), !cashAccounts.isEmpty
        else {
            throw Manifest.error("policy.cash_accounts needs at least one line, like 'NOK: \"1580\"'")
        }
        var posting = PostingPolicy(cashAccounts: cashAccounts, paymentMethod: try map.text("payment_method"))
        if let branches = try map.optionalMap("branch_cash_accounts") {
            for branch in branches.keys {
                let own = try branches.map(branch)
                posting.branchCashAccounts[branch] = try accounts(own, "branch_cash_accounts.\(branch)")
            }
        }
        posting.booking = try map.choice("booking", default: posting.booking)
        posting.bookingDate = try map.choice("booking_date", default: posting.bookingDate)
        posting.closedPeriod = try map.choice("closed_period", default: posting.closedPeriod)
        posting.refunds = try map.choice("refunds", default: posting.refunds)
        posting.refundReviewDays = try map.number("refund_review_days", 0...365, default: posting.refundReviewDays)
        posting.disputes = try map.choice("disputes", default: posting.disputes)
        posting.disputeEntryType = try map.optionalText("dispute_entry_type")
        posting.stopsDunning = try map.flag("stop_dunning", default: posting.stopsDunning)
        posting.fees = try map.choice("fees", default: posting.fees)
        posting.feeEntryType = try map.optionalText("fee_entry_type")
        posting.payouts = try map.choice("payouts", default: posting.payouts)
        posting.bankLedgerAccounts =
            try accounts(try map.optionalMap("bank_ledger_accounts"), "bank_ledger_accounts") ?? [:]
        posting.clearingLedgerAccounts =
            try accounts(try map.optionalMap("clearing_ledger_accounts"), "clearing_ledger_accounts") ?? [:]
        posting.exchangeLedgerAccount = try map.optionalText("exchange_ledger_account")
        posting.writeOffs = try map.choice("write_offs", default: posting.writeOffs)
        posting.stripeCredits = try map.choice("stripe_credits", default: posting.stripeCredits)
        try checkTogether(posting)
        return posting
    }

    private func accounts(
        _ accounts: ManifestReader?, _ key: String
    ) throws(ConnectorError) -> [String: String]? {
        guard let accounts else { return nil }
        var result: [String: String] = [:]
        for code in accounts.keys {
            _ = try map.currency(code, in: key)
            result[code] = try accounts.text(code)
        }
        return result
    }

    /// What would only be found missing when something is to be posted.
    private func checkTogether(_ posting: PostingPolicy) throws(ConnectorError) {
        if posting.fees == .post, posting.feeEntryType == nil {
            throw Manifest.error("policy.fee_entry_type is missing: 'fees: post' books fees by it")
        }
        if posting.disputes == .post, posting.disputeEntryType == nil {
            throw Manifest.error("policy.dispute_entry_type is missing: 'disputes: post' books lost disputes by it")
        }
        guard posting.payouts == .journal else {
            guard posting.exchangeLedgerAccount == nil else {
                throw Manifest.error("policy.exchange_ledger_account books nothing without 'payouts: journal'")
            }
            return
        }
        guard posting.branchCashAccounts.isEmpty else {
            throw Manifest.error(
                "policy.payouts 'journal' cannot go with branch_cash_accounts: a payout is of all branches together; "
                    + "write 'payouts: report'")
        }
        for code in posting.cashAccounts.keys.sorted() {
            for (key, accounts) in [
                ("bank_ledger_accounts", posting.bankLedgerAccounts),
                ("clearing_ledger_accounts", posting.clearingLedgerAccounts),
            ] where accounts[code] == nil {
                throw Manifest.error("policy.\(key).\(code) is missing: 'payouts: journal' books payouts in \(code)")
            }
        }
        let others = Array(posting.bankLedgerAccounts.values) + posting.clearingLedgerAccounts.values
        if let account = posting.exchangeLedgerAccount, others.contains(account) {
            throw Manifest.error(
                "policy.exchange_ledger_account '\(account)' is a bank or clearing account too; name one that is kept "
                    + "in no single currency")
        }
    }
}
