import Foundation
import Testing

@testable import Domain

@Suite("How the Stripe invoice looks and goes out")
struct InvoiceStyleTests {
    private func draft(_ change: (inout Situation) -> Void) throws -> InvoiceDraft {
        var situation = Samples.before()
        change(&situation)
        let first = Plan.actions(for: situation).first
        guard case .createInvoice(let draft, _, _)? = first else {
            throw ConnectorError(code: "test", text: "\(String(describing: first))", disposition: .reject)
        }
        return draft
    }

    @Test("Memo and footer are the policy's")
    func texts() throws {
        let draft = try draft {
            $0.policy.invoice.memo = "Thank you"
            $0.policy.invoice.footer = "Nord AS, 999 999 999 MVA"
        }
        #expect(draft.memo == "Thank you")
        #expect(draft.footer == "Nord AS, 999 999 999 MVA")
    }

    @Test("Documents of other types that have an invoice's number get another one in Stripe")
    func numbers() throws {
        let number = try draft {
            $0.receivable?.document.type = .debitNote
            $0.policy.selection.documentTypes = [.debitNote]
        }.number
        #expect(number == "N-D000224")
    }

    @Test("Due by the policy's days after the document's date; a day that has passed is moved as any other")
    func dueDays() throws {
        let due = try draft { $0.policy.invoice.dueDays = 14 }
        #expect(due.dueAt == Samples.date("2026-12-04").endOfDay(in: Samples.policy().zone))
        let past = try draft { $0.policy.invoice.dueDays = 0 }
        #expect(past.dueAt == Samples.date("2026-11-25").endOfDay(in: Samples.policy().zone))
        #expect(past.customFields == [.init(name: "Original due date", value: "2026-11-20")])
    }

    @Test("The custom fields that the policy names, in a fixed order, with its labels; none without a value")
    func customFields() throws {
        let fields = try draft {
            $0.policy.invoice.customFields = [
                "payment_reference": "KID", "customer_number": "Kundenr.", "customer_reference": "Deres ref.",
                "original_due_date": "Forfall",
            ]
            $0.receivable?.customerReference = String(repeating: "å", count: 150)
            $0.receivable?.dueDate = Samples.date("2026-11-01")
        }.customFields
        #expect(fields.map(\.name) == ["Forfall", "Kundenr.", "Deres ref."])
        #expect(fields.map(\.value) == ["2026-11-01", "10001", String(repeating: "å", count: 140)])
        let branch = try draft {
            $0.policy.invoice.customFields = ["branch": "Avdeling", "payment_reference": "KID"]
            $0.receivable?.paymentReference = "2345676"
        }.customFields
        #expect(branch.map(\.name) == ["Avdeling", "KID"])
        #expect(branch.map(\.value) == ["1", "2345676"])
    }

    @Test("A customer that is made has the language of its country, else the policy's; another is another cause")
    func language() throws {
        func draft(_ change: (inout InvoiceStyle) -> Void) throws -> CustomerDraft {
            var situation = Samples.before()
            situation.customer = .unknown(Samples.visma())
            change(&situation.policy.invoice)
            guard case .createCustomer(let draft)? = Plan.actions(for: situation).first else {
                throw ConnectorError(code: "test", text: "no customer is made", disposition: .reject)
            }
            return draft
        }
        let none = try draft { _ in }
        let usual = try draft { $0.language = "en" }
        let byCountry = try draft {
            $0.language = "en"
            $0.languages = ["NO": "nb", "SE": "sv"]
        }
        #expect([none, usual, byCountry].map(\.language) == [nil, "en", "nb"])
        #expect(Set([none, usual, byCountry].map(PushPlan.customerCause)).count == 3)
    }

    @Test("VAT codes without VAT carry the policy's reason to the lines, before the draft and after it")
    func treatments() throws {
        var situation = Samples.drafted()
        situation.collection?.lineCount = 0
        situation.policy.invoice.vatTreatments = ["6": .exempt]
        situation.receivable?.lines.append(Samples.line(2, Samples.kroner(0), vat: "6"))
        situation.receivable?.taxes.append(Samples.tax("6", 0, taxable: Samples.kroner(0), Samples.kroner(0)))
        guard case .addLines(_, let lines)? = Plan.actions(for: situation).first else {
            Issue.record("no lines are added")
            return
        }
        #expect(lines.map { $0.taxes.map(\.treatment) } == [[nil], [.exempt]])
        situation.policy.invoice.vatTreatments = ["3": .exempt]
        situation.link = Samples.link(.seen, hasInvoice: false)
        #expect(Plan.actions(for: situation).map(PlanCase.sketch) == ["review amounts_disagree"])
    }

    /// Finalized just now.
    private func finalized(_ effects: [Effect] = [], state: Link.State = .drafted, sends: Bool = true) -> Situation {
        var situation = Samples.collecting()
        situation.link = Samples.link(state)
        situation.policy.invoice.sendsEmail = sends
        situation.effects = effects
        return situation
    }

    private func sending(_ situation: Situation) throws -> (Action?, Review?) {
        let (collection, link) = (try #require(situation.collection), try #require(situation.link))
        return (
            PushPlan.sending(collection, link, situation), PushPlan.sendingRefused(collection, link, situation)
        )
    }

    @Test("Stripe mails a finalized invoice once, by policy, and nobody is mailed because the policy changed")
    func email() throws {
        func sent(_ state: Effect.State, revision: Int = 1) -> Effect {
            // Its cause is that of the moment of sending; the balance has changed since.
            Samples.effect(Step.sendInvoice, cause: "earlier", state, revision: revision, failure: "no such mailbox")
        }
        let send = Action.sendInvoice(Samples.invoice)
        #expect(try sending(finalized()) == (send, nil))
        #expect(try sending(finalized(sends: false)) == (nil, nil))
        #expect(try sending(finalized(state: .collecting)) == (nil, nil))
        #expect(try sending(finalized([sent(.done)])) == (nil, nil))
        #expect(try sending(finalized([sent(.absent)], state: .collecting)) == (send, nil))
        #expect(try sending(finalized([sent(.done, revision: 0)])) == (send, nil))
        var paid = finalized()
        paid.collection?.status = "paid"
        #expect(try sending(paid) == (nil, nil))
    }

    @Test("A refused e-mail is a review, and is tried again when a person asks")
    func emailRefused() throws {
        let failed = Samples.effect(Step.sendInvoice, cause: "c", .failed, failure: "no such mailbox")
        var situation = finalized([failed], state: .collecting)
        let (action, review) = try sending(situation)
        #expect(action == nil)
        #expect(review?.code == .effectRefused)
        #expect(review?.found.contains("no such mailbox") == true)
        situation.forgivesBefore = situation.now.adding(seconds: 1)
        let again = try sending(situation)
        #expect(again.0 == .sendInvoice(Samples.invoice) && again.1 == nil)
    }
}
