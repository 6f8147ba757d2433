import Testing

@testable import Domain

/// One situation and what the plan must say of it, in the words of `sketch`.
struct PlanCase: Sendable, CustomTestStringConvertible {
    let name: String
    let situation: Situation
    let expected: [String]
    var testDescription: String { name }

    init(
        _ name: String, _ start: Situation, _ expected: [String], change: (inout Situation) -> Void = { _ in }
    ) {
        self.name = name
        var situation = start
        change(&situation)
        self.situation = situation
        self.expected = expected
    }
}

/// The cause that a push effect of the sample document has in the journal.
private func cause(_ situation: Situation) -> String {
    situation.receivable.map(PushPlan.pushCause) ?? ""
}

private func customerCause(_ visma: VismaCustomer) -> String {
    PushPlan.customerCause(
        CustomerDraft(
            name: visma.name, email: visma.email, phone: visma.phone, address: visma.address, description: nil,
            metadata: [:]))
}

enum PushCases {
    static let before: [PlanCase] = [
        PlanCase("an open document with a known customer is pushed", Samples.before(), ["create invoice 1250.00 NOK"]),
        PlanCase("a closed document is left alone", Samples.before(), ["link stopped"]) {
            $0.receivable?.status = "Closed"
        },
        PlanCase("a document on hold is left alone", Samples.before(), ["link stopped"]) {
            $0.receivable?.status = "Hold"
        },
        PlanCase("a status that nobody knows is left alone", Samples.before(), ["link stopped"]) {
            $0.receivable?.status = "Quantum"
        },
        PlanCase("an open document without a balance is left alone", Samples.before(), ["link stopped"]) {
            $0.receivable?.balance = Samples.kroner(0)
        },
        PlanCase("a document that Visma does not have is left alone", Samples.before(), ["link stopped"]) {
            $0.receivable = nil
        },
        PlanCase("a credit note is not pushed", Samples.before(), ["link stopped"]) {
            $0.receivable?.document = DocumentRef(type: .creditNote, number: "1")
        },
        PlanCase("a document from before the start date is not pushed", Samples.before(), ["link stopped"]) {
            $0.receivable?.documentDate = Samples.date("2025-12-31")
        },
        PlanCase("a document of the start date is pushed", Samples.before(), ["create invoice 1250.00 NOK"]) {
            $0.receivable?.documentDate = Samples.date("2026-01-01")
        },
        PlanCase("an excluded customer's document is not pushed", Samples.before(), ["link stopped"]) {
            $0.policy.selection.excludedCustomers = ["10001"]
        },
        PlanCase("an excluded branch's document is not pushed", Samples.before(), ["link stopped"]) {
            $0.policy.selection.excludedBranches = ["1"]
        },
        PlanCase("a document in an excluded currency is not pushed", Samples.before(), ["link stopped"]) {
            $0.policy.selection.excludedCurrencies = [.nok]
        },
        PlanCase("a ROT/RUT deduction is a review", Samples.before(), ["review rot_rut_deductible"]) {
            $0.receivable?.isRotRutDeductible = true
        },
        PlanCase("a balance under Stripe's minimum is a review", Samples.before(), ["review amount_too_small"]) {
            $0.receivable?.balance = Samples.ore(299)
        },
        PlanCase("Stripe's minimum itself is pushed", Samples.before(), ["create invoice 3.00 NOK"]) {
            $0.receivable?.balance = Samples.ore(300)
        },
        PlanCase("lines that do not add up are a review", Samples.before(), ["review amounts_disagree"]) {
            $0.receivable?.lines[0].amount = Samples.ore(99_999)
        },
        PlanCase(
            "a partly settled document is pushed for what is open", Samples.before(), ["create invoice 500.00 NOK"]
        ) { $0.receivable?.balance = Samples.kroner(500) },
    ]

    static let customers: [PlanCase] = [
        PlanCase("nobody has looked for the customer", Samples.before(), ["find customer"]) {
            $0.customer = .notLooked
        },
        PlanCase("a matched customer is used", Samples.before(), ["create invoice 1250.00 NOK"]) {
            $0.customer = .found(Samples.customer, visma: Samples.visma(), rule: "email", hasEmail: true)
        },
        PlanCase("a Stripe customer without e-mail is a review", Samples.before(), ["review customer_email_missing"]) {
            $0.customer = .found(Samples.customer, visma: Samples.visma(), rule: "link", hasEmail: false)
        },
        PlanCase("several candidates are a review", Samples.before(), ["review customer_ambiguous"]) {
            $0.customer = .ambiguous(rule: "email", candidates: [Samples.customer, StripeCustomerID("cus_2")])
        },
        PlanCase("no candidate: the customer is made", Samples.before(), ["create customer Fjord Handel AS"]) {
            $0.customer = .unknown(Samples.visma())
        },
        PlanCase("a new customer without e-mail is a review", Samples.before(), ["review customer_email_missing"]) {
            $0.customer = .unknown(Samples.visma(email: nil))
        },
        PlanCase("the policy makes no customers: a review", Samples.before(), ["review customer_unknown"]) {
            $0.customer = .unknown(Samples.visma())
            $0.policy.createsCustomers = false
        },
        PlanCase("a customer that Visma does not know is a review", Samples.before(), ["review customer_unknown"]) {
            $0.customer = .missingInVisma
        },
        PlanCase("a customer that Stripe refused is not sent again", Samples.before(), ["review effect_refused"]) {
            $0.customer = .unknown(Samples.visma())
            $0.effects = [
                Samples.effect(
                    Step.createCustomer, cause: customerCause(Samples.visma()), .failed, failure: "email_invalid")
            ]
        },
        PlanCase("a customer corrected in Visma is sent again", Samples.before(), ["create customer Fjord Handel AS"]) {
            var corrected = Samples.visma()
            corrected.email = "corrected@fjord.example"
            $0.customer = .unknown(corrected)
            $0.effects = [
                Samples.effect(
                    Step.createCustomer, cause: customerCause(Samples.visma()), .failed, failure: "email_invalid")
            ]
        },
    ]

    static let drafts: [PlanCase] = [
        PlanCase("a draft without lines gets them", Samples.drafted(), ["add 1 lines"]) {
            $0.collection?.lineCount = 0
        },
        PlanCase(
            "a draft without lines that was asked for with another amount goes", Samples.drafted(), ["delete draft"]
        ) {
            $0.collection?.lineCount = 0
            $0.receivable?.balance = Samples.kroner(1000)
        },
        PlanCase("a draft with the open amount is finalized", Samples.drafted(), ["finalize"]),
        PlanCase(
            "a total one unit off is a review, then the draft goes", Samples.drafted(),
            ["review total_mismatch", "delete draft"]
        ) { $0.collection?.total = Samples.ore(125_001) },
        PlanCase(
            "a credit balance that Stripe would spend is a review, then the draft goes", Samples.drafted(),
            ["review credit_balance", "delete draft"]
        ) { $0.collection?.startingBalance = -100 },
        PlanCase(
            "a total in another currency is a review, then the draft goes", Samples.drafted(),
            ["review total_mismatch", "delete draft"]
        ) {
            $0.collection?.total = Money(minorUnits: 125_000, currency: .sek)
        },
        PlanCase("the document was paid meanwhile: the draft goes", Samples.drafted(), ["delete draft"]) {
            $0.receivable?.status = "Closed"
            $0.receivable?.balance = Samples.kroner(0)
        },
        PlanCase("the customer was excluded meanwhile: the draft goes", Samples.drafted(), ["delete draft"]) {
            $0.policy.selection.excludedCustomers = ["10001"]
        },
        PlanCase("the lines add up no longer: the draft goes", Samples.drafted(), ["delete draft"]) {
            $0.collection?.lineCount = 0
            $0.receivable?.lines = []
        },
        PlanCase(
            "lines that Stripe refused: a review, then the draft goes", Samples.drafted(),
            ["review effect_refused", "delete draft"]
        ) {
            $0.collection?.lineCount = 0
            $0.effects = [Samples.effect(Step.addLines, cause: cause($0), .failed)]
        },
        PlanCase(
            "a draft that Stripe does not delete is not tried again", Samples.drafted(),
            ["review total_mismatch", "review effect_refused"]
        ) {
            $0.collection?.total = Samples.ore(125_001)
            $0.effects = [
                Samples.effect(Step.deleteDraft, cause: DraftDeletion.wrongTotal.cause(cause($0)), .failed)
            ]
        },
        PlanCase("a finalize that Stripe refused is not sent again", Samples.drafted(), ["review effect_refused"]) {
            $0.effects = [Samples.effect(Step.finalizeInvoice, cause: cause($0), .failed)]
        },
        PlanCase(
            "a draft that was deleted before it had lines says nothing", Samples.before(),
            ["create invoice 1250.00 NOK"]
        ) {
            $0.effects = [Samples.effect(Step.deleteDraft, cause: cause($0), .done)]
        },
        PlanCase(
            "a draft whose total was wrong was deleted: still a review", Samples.before(), ["review total_mismatch"]
        ) {
            $0.effects = [
                Samples.effect(Step.addLines, cause: cause($0), .done),
                Samples.effect(Step.deleteDraft, cause: DraftDeletion.wrongTotal.cause(cause($0)), .done),
            ]
        },
        PlanCase(
            "a draft that was right was taken back with its mark, which is there again: pushed", Samples.before(),
            ["create invoice 1250.00 NOK"]
        ) {
            $0.effects = [
                Samples.effect(Step.addLines, cause: cause($0), .done),
                Samples.effect(Step.deleteDraft, cause: cause($0), .done),
            ]
        },
        PlanCase(
            "a draft that would have spent a credit balance was deleted: still that review", Samples.before(),
            ["review credit_balance"]
        ) {
            $0.effects = [
                Samples.effect(Step.addLines, cause: cause($0), .done),
                Samples.effect(Step.deleteDraft, cause: DraftDeletion.spendsCredit.cause(cause($0)), .done),
            ]
        },
        PlanCase("another content than the deleted draft's is pushed", Samples.before(), ["create invoice 1250.00 NOK"])
        {
            $0.effects = [
                Samples.effect(Step.addLines, cause: cause($0), .done),
                Samples.effect(Step.deleteDraft, cause: DraftDeletion.wrongTotal.cause(cause($0)), .done),
            ]
            $0.receivable?.lines[0].description = "Corrected"
        },
    ]

    static let refusals: [PlanCase] = [
        PlanCase(
            "a refused invoice is not sent again while the content is the same", Samples.before(),
            ["review effect_refused"]
        ) {
            $0.effects = [Samples.effect(Step.createInvoice, cause: cause($0), .failed, failure: "number is taken")]
        },
        PlanCase(
            "a refused invoice is sent again when its content changed", Samples.before(),
            ["create invoice 1000.00 NOK"]
        ) {
            $0.effects = [Samples.effect(Step.createInvoice, cause: cause($0), .failed, failure: "number is taken")]
            $0.receivable?.balance = Samples.kroner(1000)
        },
        PlanCase(
            "an invoice that certainly had no effect is sent again", Samples.before(),
            ["create invoice 1250.00 NOK"]
        ) {
            $0.effects = [Samples.effect(Step.createInvoice, cause: cause($0), .absent)]
        },
        PlanCase(
            "a currency that the account does not take is a review of its own", Samples.before(),
            ["review currency_unsupported"]
        ) {
            $0.effects = [
                Samples.effect(
                    Step.createInvoice, cause: cause($0), .failed,
                    failure: "Invalid currency: nok. Stripe currently supports these currencies: usd, eur")
            ]
        },
        PlanCase("the later word on an effect counts", Samples.before(), ["create invoice 1250.00 NOK"]) {
            $0.effects = [
                Samples.effect(Step.createInvoice, cause: cause($0), .failed),
                Samples.effect(Step.createInvoice, cause: cause($0), .absent, attempt: 2),
            ]
        },
        PlanCase("a person's request tries again what was refused", Samples.before(), ["create invoice 1250.00 NOK"]) {
            $0.effects = [Samples.effect(Step.createInvoice, cause: cause($0), .failed)]
            $0.forgivesBefore = $0.now.adding(seconds: 1)
        },
    ]
}
