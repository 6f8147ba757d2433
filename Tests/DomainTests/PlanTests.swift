import Foundation
import Testing

@testable import Domain

@Suite("The plan")
struct PlanTests {
    private func check(_ sample: PlanCase) {
        let actions = Plan.actions(for: sample.situation)
        #expect(actions.map(PlanCase.sketch) == sample.expected, "\(sample.name)")
        #expect(Plan.actions(for: sample.situation) == actions, "the same situation, the same actions")
        for case .review(let review) in actions {
            #expect(!review.found.isEmpty && !review.proposals.isEmpty)
        }
    }

    @Test("Before anything is in Stripe", arguments: PushCases.before)
    func before(_ sample: PlanCase) { check(sample) }

    @Test("The customer", arguments: PushCases.customers)
    func customers(_ sample: PlanCase) { check(sample) }

    @Test("The draft", arguments: PushCases.drafts)
    func drafts(_ sample: PlanCase) { check(sample) }

    @Test("What was refused", arguments: PushCases.refusals)
    func refusals(_ sample: PlanCase) { check(sample) }

    @Test("The finalized invoice", arguments: StandingCases.finalized)
    func finalized(_ sample: PlanCase) { check(sample) }

    @Test("Payments", arguments: StandingCases.payments)
    func payments(_ sample: PlanCase) { check(sample) }

    @Test("Several payments, and too much", arguments: StandingCases.several)
    func several(_ sample: PlanCase) { check(sample) }

    @Test("Failures, disputes, refunds", arguments: StandingCases.incidents)
    func incidents(_ sample: PlanCase) { check(sample) }

    private func draft(_ change: (inout Situation) -> Void = { _ in }) throws -> InvoiceDraft {
        var situation = Samples.before()
        change(&situation)
        guard case .createInvoice(let draft, _, _)? = Plan.actions(for: situation).first else {
            throw ConnectorError(code: "test", text: "no invoice is created", disposition: .reject)
        }
        return draft
    }

    @Test("The draft carries the customer, the dates of the company's zone, the number and our marks")
    func invoiceDraft() throws {
        #expect(
            try draft()
                == InvoiceDraft(
                    customer: Samples.customer, currency: .nok,
                    dueAt: Samples.date("2026-12-20").endOfDay(in: Samples.policy().zone),
                    effectiveAt: Samples.date("2026-11-20").noon(in: Samples.policy().zone), number: "N-000224",
                    memo: nil, customFields: [],
                    metadata: [
                        "mlc_tenant": "demo", "mlc_company": "company-1", "mlc_document": "Invoice:000224",
                        "mlc_revision": "1",
                    ]))
    }

    @Test("A past due date is moved, and the true one is shown")
    func pastDue() throws {
        let draft = try draft { $0.receivable?.dueDate = Samples.date("2026-11-01") }
        #expect(draft.dueAt.description == "2026-11-25T22:59:59Z")
        #expect(draft.customFields == [.init(name: "Original due date", value: "2026-11-01")])
    }

    @Test("Due today is not past due until the last quarter of an hour")
    func dueToday() throws {
        let midnight = Samples.date("2026-11-22").endOfDay(in: Samples.policy().zone)
        let early = try draft {
            $0.receivable?.dueDate = Samples.date("2026-11-22")
            $0.now = midnight.adding(seconds: -900)
        }
        #expect(early.dueAt == midnight && early.customFields.isEmpty)
        let late = try draft {
            $0.receivable?.dueDate = Samples.date("2026-11-22")
            $0.now = midnight.adding(seconds: -600)
            $0.policy.invoice.pastDueGraceDays = 0
        }
        #expect(late.dueAt == Samples.date("2026-11-23").endOfDay(in: Samples.policy().zone))
        #expect(late.customFields.map(\.value) == ["2026-11-22"])
    }

    @Test("A document without a due date is due on its own date")
    func withoutDueDate() throws {
        let draft = try draft {
            $0.receivable?.dueDate = nil
            $0.receivable?.documentDate = Samples.date("2026-11-30")
        }
        #expect(draft.dueAt == Samples.date("2026-11-30").endOfDay(in: Samples.policy().zone))
        #expect(draft.effectiveAt == Samples.now, "no document is effective in the future")
    }

    @Test("A second push has a number of its own")
    func secondRevision() throws {
        let draft = try draft { $0.link?.revision = 2 }
        #expect(draft.number == "N-000224-2")
        #expect(draft.metadata["mlc_revision"] == "2")
    }

    @Test("The new customer carries Visma's contact and our marks")
    func customerDraft() throws {
        var situation = Samples.before()
        situation.customer = .unknown(Samples.visma())
        let expected = CustomerDraft(
            name: "Fjord Handel AS", email: "faktura@fjord.test", phone: "+47 22 00 00 00",
            address: Samples.visma().address, description: "Fjord Handel AS",
            metadata: [
                "mlc_tenant": "demo", "mlc_company": "company-1", "mlc_customer": "77", "mlc_customer_number": "10001",
            ])
        #expect(Plan.actions(for: situation) == [.createCustomer(expected)])
    }

    @Test("The payment is booked on the invoice's customer, location and branch, on the day it was paid")
    func paymentDraft() {
        var situation = Samples.paid()
        // Half past eleven at night in UTC is the next day in Oslo.
        situation.collection?.payments[0].paidAt = Timestamp(unixSeconds: 1_795_390_200)
        let expected = PaymentDraft(
            customer: VismaCustomerNumber("10001"), location: "Main", branch: "1", paymentMethod: "10",
            cashAccount: "1512", currency: .nok, amount: Samples.kroner(1250), applied: Samples.kroner(1250),
            document: Samples.document, applicationDate: Samples.date("2026-11-23"), reference: "pi_of_inpay_1",
            text: "Stripe 000224", isOnHold: false)
        #expect(Plan.actions(for: situation) == [.post(.payment(expected), cause: "inpay_1")])
    }

    @Test("The policy's hold is in the payment itself, and a charge without an intent is its reference")
    func heldPayment() throws {
        var situation = Samples.paid()
        situation.policy.posting.booking = .hold
        situation.collection?.payments[0].source = .charge(ChargeID("py_1"))
        guard case .post(.payment(let draft), _)? = Plan.actions(for: situation).first else {
            Issue.record("no payment is booked")
            return
        }
        #expect(draft.isOnHold)
        #expect(draft.reference == "py_1")
    }

    @Test("What is open counts each booking once: before Visma shows it, and not after")
    func available() {
        var receivable = Samples.receivable()
        let booking = Samples.booking(.releasing, amount: Samples.kroner(1000))
        #expect(PaymentPlan.available(receivable, [booking]) == Samples.kroner(250))
        receivable.applications = [Samples.application("P1", Samples.kroner(1000))]
        receivable.balance = Samples.kroner(250)
        #expect(PaymentPlan.available(receivable, [booking]) == Samples.kroner(250))
        #expect(PaymentPlan.available(receivable, [Samples.booking(.voided)]) == Samples.kroner(250))
    }

    @Test("The cause of a push changes with everything that shapes it")
    func pushCause() {
        let changes: [(inout Receivable) -> Void] = [
            { $0.balance = Samples.kroner(1) }, { $0.total = Samples.kroner(1) }, { $0.vatTotal = Samples.kroner(1) },
            { $0.rounding = Samples.kroner(1) }, { $0.dueDate = nil }, { $0.lines[0].amount = Samples.kroner(1) },
            { $0.lines[0].vatCode = nil }, { $0.taxes[0].rate = 15 }, { $0.taxes[0].amount = Samples.kroner(1) },
            { $0.customer.number = VismaCustomerNumber("2") }, { $0.document.number = "2" },
            { $0.documentDiscount = Samples.kroner(1) },
        ]
        var causes: Set<String> = [PushPlan.pushCause(Samples.receivable())]
        for change in changes {
            var receivable = Samples.receivable()
            change(&receivable)
            causes.insert(PushPlan.pushCause(receivable))
        }
        #expect(causes.count == changes.count + 1)
        var touched = Samples.receivable()
        touched.note = "written by us"
        touched.etag = "\"2\""
        #expect(PushPlan.pushCause(touched) == PushPlan.pushCause(Samples.receivable()), "our own note is no change")
    }

    @Test("Every case of the tables has a name of its own")
    func names() {
        let all =
            PushCases.before + PushCases.customers + PushCases.drafts + PushCases.refusals + StandingCases.finalized
            + StandingCases.payments + StandingCases.several + StandingCases.incidents
        #expect(Set(all.map(\.name)).count == all.count)
    }
}
