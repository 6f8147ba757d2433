/// One company in the simulated Visma.net: a tenant of Visma Connect with its own ledger.
package struct VismaCompany: Sendable {
    /// The company's own tenant id (a GUID), the one that works.
    package var tenantID: String
    /// The contract's tenant id. Visma Connect gives a token for it too, which the API then refuses with 401: the
    /// mistake that its own help page describes. Nil: not known to Connect.
    package var contractTenantID: String?
    package var number: String
    package var name: String
    package var clientID: String
    package var clientSecret: String
    package var baseCurrency: String
    /// Minutes east of UTC of the company's wall clock; 0 simulates a server that answers in UTC.
    package var timeZoneOffsetMinutes: Int
    package var corporateID: String
    package var cashAccounts: [CashAccount]
    package var paymentMethods: [PaymentMethod]
    package var branches: [Branch]
    /// The codes that a line can name; the first is what a line without one gets.
    package var vatCodes: [VismaVATSeed]
    /// Scopes that the customer has accepted; any other one asked for fails the whole token request.
    package var grantedScopes: Set<String>
    /// Nil: the simulator's.
    package var behaviour: VismaBehaviour?

    package static let readScope = "vismanet_erp_service_api:read"
    package static let createScope = "vismanet_erp_service_api:create"
    package static let updateScope = "vismanet_erp_service_api:update"
    package static let deleteScope = "vismanet_erp_service_api:delete"

    package init(
        tenantID: String, contractTenantID: String? = nil, number: String, name: String, clientID: String,
        clientSecret: String, baseCurrency: String, timeZoneOffsetMinutes: Int = 60, corporateID: String = "999999999",
        cashAccounts: [CashAccount], paymentMethods: [PaymentMethod],
        branches: [Branch] = [Branch(number: "1", name: "Main")],
        vatCodes: [VismaVATSeed] = [.standard25, .middle15, .zero, .exempt],
        grantedScopes: Set<String> = [readScope, createScope, updateScope, deleteScope],
        behaviour: VismaBehaviour? = nil
    ) {
        self.tenantID = tenantID
        self.contractTenantID = contractTenantID
        self.number = number
        self.name = name
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.baseCurrency = baseCurrency
        self.timeZoneOffsetMinutes = timeZoneOffsetMinutes
        self.corporateID = corporateID
        self.cashAccounts = cashAccounts
        self.paymentMethods = paymentMethods
        self.branches = branches
        self.vatCodes = vatCodes
        self.grantedScopes = grantedScopes
        self.behaviour = behaviour
    }

    /// A cash account has one currency for good.
    package struct CashAccount: Sendable {
        package var number: String
        package var description: String
        package var currency: String
        /// Finance charges on a payment must name one of these.
        package var entryTypes: [EntryType]
        package init(number: String, description: String, currency: String, entryTypes: [EntryType] = []) {
            self.number = number
            self.description = description
            self.currency = currency
            self.entryTypes = entryTypes
        }
    }

    /// What a fee or a cash transaction on a cash account is booked as.
    package struct EntryType: Sendable, ExpressibleByStringLiteral {
        package var id: String
        /// Money in, as against money out.
        package var isReceipt: Bool
        package var offsetAccount: String
        package init(_ id: String, isReceipt: Bool = false, offsetAccount: String = "7770") {
            self.id = id
            self.isReceipt = isReceipt
            self.offsetAccount = offsetAccount
        }

        package init(stringLiteral id: String) { self.init(id) }
    }

    package struct PaymentMethod: Sendable {
        package var id: String
        package var description: String
        package init(id: String, description: String) {
            self.id = id
            self.description = description
        }
    }

    package struct Branch: Sendable {
        package var number: String
        package var name: String
        package init(number: String, name: String) {
            self.number = number
            self.name = name
        }
    }
}

/// What the public facts about Visma.net leave open, or what a test wants to see otherwise.
package struct VismaBehaviour: Sendable {
    /// Which edits a released invoice accepts. Visma's help: an open one takes the cash discount date and the due
    /// date, a closed one nothing. Whether the API holds `note` and the debt collection fields to that is not known,
    /// so both can be simulated.
    package enum RecordEdits: Sendable { case refused, noteAllowed }
    /// A release answers 200 with an action id (2021 specification) or 202 without a body (2025 specification).
    package enum ReleaseAnswer: Sendable { case okWithActionID, acceptedEmpty }

    /// Whether a document dated in a closed period is refused when it is made, or only when it is released.
    package enum ClosedPeriodRefusal: Sendable { case onCreate, onRelease }

    /// What `ipp-company-id` does, of which the public facts disagree: nothing; pages of lists are empty unless it is
    /// the company's number; or they are empty only when it is another.
    package enum CompanyHeader: Sendable { case ignored, needed, optional }

    package var recordEdits = RecordEdits.refused
    package var attachmentsAllowed = true
    package var releaseDelaySeconds: Int64 = 0
    package var releaseAnswer = ReleaseAnswer.okWithActionID
    /// How long after a caller gave up the real server may still take effect (`handleLate`).
    package var workingSeconds: Int64 = 240
    /// Calls per hour of one company; Visma does not publish its figure.
    package var hourlyCallsMax = 15_000
    package var pageSizeMax = 1000
    package var tokenSeconds: Int64 = 3600
    /// `roundingDiff` is what was added to reach the rounded total, or the opposite ("original minus rounded").
    package var roundingDiffIsNegated = false
    /// Bare amounts are in base currency and `...InCurrency` in the document's, or the other way round, as the
    /// specification's text has it.
    package var amountTwinsSwapped = false
    package var taxDetailsInBaseCurrency = false
    /// Whether a payment's release or void changes the paid document's `lastModifiedDateTime` and row version.
    package var paymentsTouchDocuments = true
    /// Financial periods (`202611`) that are closed, in all ledgers at once.
    package var closedPeriods: Set<String> = []
    package var closedPeriodRefusal = ClosedPeriodRefusal.onCreate
    /// Payments and refunds take their numbers from one series, or each type from its own; with the latter one
    /// number can mean two documents.
    package var paymentNumbersAreShared = true
    package var isLicensed = true
    package var companyHeader = CompanyHeader.ignored
    package var paymentReferenceLengthMax = 40
    /// Host in `Location` headers, on purpose not the one that was called.
    package var locationHost = "integration.visma.net"

    package init() {}
}
