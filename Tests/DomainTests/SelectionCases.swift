@testable import Domain

enum SelectionCases {
    private static let pushed = ["create invoice 1250.00 NOK"]
    private static let left = ["link stopped"]

    static let lists: [PlanCase] = [
        PlanCase("another type is left alone", Samples.before(), left) {
            $0.receivable?.document = DocumentRef(type: .debitNote, number: "1")
        },
        PlanCase("another type that the policy names is pushed", Samples.before(), pushed) {
            $0.receivable?.document = DocumentRef(type: .debitNote, number: "1")
            $0.policy.selection.documentTypes = [.invoice, .debitNote]
        },
        PlanCase("a customer, branch and currency that are included are pushed", Samples.before(), pushed) {
            $0.policy.selection.includedCustomers = ["10001"]
            $0.policy.selection.includedBranches = ["1", "2"]
            $0.policy.selection.includedCurrencies = [.nok]
        },
        PlanCase("a customer that is not included is left alone", Samples.before(), left) {
            $0.policy.selection.includedCustomers = ["10002"]
        },
        PlanCase("a branch that is not included is left alone", Samples.before(), left) {
            $0.policy.selection.includedBranches = ["2"]
        },
        PlanCase("no branch is none of those included", Samples.before(), left) {
            $0.policy.selection.includedBranches = ["2"]
            $0.receivable?.branch = nil
        },
        PlanCase("a currency that is not included is left alone", Samples.before(), left) {
            $0.policy.selection.includedCurrencies = [.eur]
        },
        PlanCase("an exclusion is stronger than an inclusion", Samples.before(), left) {
            $0.policy.selection.includedCustomers = ["10001"]
            $0.policy.selection.excludedCustomers = ["10001"]
        },
        PlanCase("the policy's minimum itself is pushed", Samples.before(), pushed) {
            $0.policy.selection.minimumAmounts = ["NOK": Samples.kroner(1250)]
        },
        PlanCase("a total under the policy's minimum is left alone", Samples.before(), left) {
            $0.policy.selection.minimumAmounts = ["NOK": Samples.ore(125_001)]
        },
        PlanCase(
            "the minimum is held against the total, not against what is open of it", Samples.before(),
            ["create invoice 10.00 NOK"]
        ) {
            $0.policy.selection.minimumAmounts = ["NOK": Samples.kroner(1250)]
            $0.receivable?.balance = Samples.kroner(10)
        },
        PlanCase("another currency's minimum says nothing", Samples.before(), pushed) {
            $0.policy.selection.minimumAmounts = ["EUR": Money(minorUnits: 999_999_999, currency: .eur)]
        },
        PlanCase("the policy's maximum itself is pushed", Samples.before(), pushed) {
            $0.policy.selection.maximumAmounts = ["NOK": Samples.kroner(1250)]
        },
        PlanCase("a total over the policy's maximum is left alone", Samples.before(), left) {
            $0.policy.selection.maximumAmounts = ["NOK": Samples.ore(124_999)]
        },
        PlanCase("more than Stripe usually takes is a review", large(100_000_000), ["review amount_too_large"]),
        PlanCase("the most that Stripe usually takes is pushed", large(99_999_999), ["create invoice 999999.99 NOK"]),
        PlanCase("more than that is pushed when asked for", large(100_000_000), ["create invoice 1000000.00 NOK"]) {
            $0.requests = [request]
        },
        PlanCase("a ROT/RUT deduction is pushed when asked for", Samples.before(), pushed) {
            $0.receivable?.isRotRutDeductible = true
            $0.requests = [request]
        },
    ]

    static let marks: [PlanCase] = [
        PlanCase("marked mode: a document without a payment method is left alone", marked(nil), left),
        PlanCase("marked mode: another payment method is no mark", marked("5"), left),
        PlanCase("marked mode: a payment method of the set is the mark", marked("10"), pushed),
        PlanCase("marked mode: a person's request is a mark", marked(nil), pushed) { $0.requests = [request] },
        PlanCase("marked mode: a request to undo something is none", marked(nil), left) {
            $0.requests = [Request(kind: .undo, cause: "inpay_1", reason: "r", actor: "a", askedAt: Samples.now)]
        },
        PlanCase("a request does not lift an exclusion", marked(nil), left) {
            $0.requests = [request]
            $0.policy.selection.excludedBranches = ["1"]
        },
        PlanCase("a request does not reach back before the start date", marked(nil), left) {
            $0.requests = [request]
            $0.receivable?.documentDate = Samples.date("2025-12-31")
        },
        PlanCase("the mark taken away: the draft goes", draft { $0.policy.selection.mode = .marked }, ["delete draft"]),
    ]

    static let skips: [PlanCase] = [
        PlanCase("a direct debit mandate: left alone", Samples.before(), left) {
            $0.receivable?.hasDirectDebitMandate = true
        },
        PlanCase("a direct debit mandate that the policy does not skip is pushed", Samples.before(), pushed) {
            $0.receivable?.hasDirectDebitMandate = true
            $0.policy.selection.skips = []
        },
        PlanCase("with a debt collector: left alone", Samples.before(), left) {
            $0.receivable?.isWithDebtCollector = true
        },
        PlanCase("with a debt collector, not skipped: pushed", Samples.before(), pushed) {
            $0.receivable?.isWithDebtCollector = true
            $0.policy.selection.skips = []
        },
        PlanCase("a direct debit mandate, where only debt collectors are skipped: pushed", Samples.before(), pushed) {
            $0.receivable?.hasDirectDebitMandate = true
            $0.policy.selection.skips = [.debtCollector, .cashDiscount]
        },
        PlanCase("with a debt collector, where only mandates are skipped: pushed", Samples.before(), pushed) {
            $0.receivable?.isWithDebtCollector = true
            $0.policy.selection.skips = [.directDebit, .cashDiscount]
        },
        PlanCase("an open cash discount, where only others are skipped: pushed", discount("2026-11-23"), pushed) {
            $0.policy.selection.skips = [.directDebit, .debtCollector]
        },
        PlanCase("a finance charge is left alone", finCharge(), left),
        PlanCase("a finance charge that the policy takes is pushed", finCharge(), pushed) {
            $0.policy.selection.documentTypes = [.invoice, DocumentType("FinCharge")]
        },
        PlanCase("an e-invoice is pushed", Samples.before(), pushed) { $0.receivable?.isEInvoice = true },
        PlanCase("an e-invoice that the policy skips is left alone", Samples.before(), left) {
            $0.receivable?.isEInvoice = true
            $0.policy.selection.skips = [.eInvoice]
        },
        // From one in the afternoon to midnight of the day after.
        PlanCase(
            "an open cash discount: looked at again when it is over", discount("2026-11-23"),
            [
                "link stopped", "look again in \(35 * 3600) s",
            ]),
        PlanCase(
            "the last day of a cash discount counts", discount("2026-11-22"),
            [
                "link stopped", "look again in \(11 * 3600) s",
            ]),
        PlanCase("a cash discount that is over: pushed", discount("2026-11-21"), pushed),
        PlanCase("an open cash discount that the policy does not skip: pushed", discount("2026-11-23"), pushed) {
            $0.policy.selection.skips = []
        },
        PlanCase("handed to a debt collector meanwhile: the draft goes", draft { _ in }, ["delete draft"]) {
            $0.receivable?.isWithDebtCollector = true
        },
    ]

    private static func finCharge() -> Situation {
        var situation = Samples.before()
        situation.receivable?.document = DocumentRef(type: DocumentType("FinCharge"), number: "000224")
        return situation
    }

    private static let request = Request(
        kind: .push, cause: nil, reason: "agreed", actor: "cli:a", askedAt: Samples.now)

    private static func large(_ amount: Int64) -> Situation {
        var situation = Samples.before()
        situation.receivable?.lines = [Samples.line(1, Samples.ore(amount), vat: nil)]
        situation.receivable?.taxes = []
        situation.receivable?.vatTotal = Samples.ore(0)
        situation.receivable?.total = Samples.ore(amount)
        situation.receivable?.balance = Samples.ore(amount)
        return situation
    }

    private static func marked(_ method: String?) -> Situation {
        var situation = Samples.before()
        situation.policy.selection.mode = .marked
        situation.policy.selection.markedPaymentMethods = ["10", "11"]
        situation.receivable?.paymentMethod = method
        return situation
    }

    private static func discount(_ until: String) -> Situation {
        var situation = Samples.before()
        situation.receivable?.cashDiscountUntil = Samples.date(until)
        return situation
    }

    private static func draft(_ change: (inout Situation) -> Void) -> Situation {
        var situation = Samples.drafted()
        change(&situation)
        return situation
    }
}
