import Domain
import Foundation
import Sandbox
import Testing

@testable import Sync

/// Situations and effects for the machine alone.
private enum Bench {
    static let now = Timestamp(unixSeconds: 1_795_338_000)
    static let document = DocumentRef(type: .invoice, number: "000101")
    static let customer = VismaCustomer(
        internalID: 7, number: VismaCustomerNumber("10001"), name: "Fjord Handel AS", email: "a@fjord.invalid",
        phone: nil, address: nil)

    static func kroner(_ amount: Int64) -> Money { Money(minorUnits: amount * 100, currency: .nok) }

    /// An open document that nothing has been done with: the plan looks for its customer first.
    static func situation(_ finding: Situation.CustomerFinding = .notLooked) -> Situation {
        let receivable = Receivable(
            document: document, status: "Open",
            customer: .init(number: VismaCustomerNumber("10001"), name: "Fjord Handel AS"), branch: "1",
            location: "Main", currency: .nok, documentDate: LocalDate(daysSince1970: 20_700),
            dueDate: LocalDate(daysSince1970: 20_800), total: kroner(1000), balance: kroner(1000),
            vatTotal: kroner(0), rounding: kroner(0),
            lines: [.init(number: 1, description: "Vare", quantity: 1, amount: kroner(1000), vatCode: nil)],
            taxes: [], version: RowVersion(modified: "2026-11-20T10:00:00", stamp: "AAAA"))
        return Situation(
            tenant: TenantID("nord"), company: "company", document: document, receivable: receivable,
            link: Link(
                document: document, state: .seen, revision: 1, vismaCustomer: VismaCustomerNumber("10001"),
                currency: .nok),
            customer: finding,
            policy: Policy(
                timeZone: "Europe/Oslo", startDate: LocalDate(daysSince1970: 20_000),
                posting: PostingPolicy(cashAccounts: ["NOK": "1"], paymentMethod: "5")), now: now)
    }

    /// Everything is settled with it: nothing to do but to say so.
    static func idle() -> Situation {
        var situation = situation()
        situation.receivable?.status = "Closed"
        situation.link?.state = .stopped
        return situation
    }

    static func effect(_ index: Int) -> Effect {
        Effect(
            key: EffectKey("effect/\(index)"), subject: .document(document), revision: 1, step: Step.createInvoice,
            cause: "c", attempt: index, state: .uncertain, term: 1, sentAt: now, deadlineAt: now)
    }

    static func error(_ disposition: Disposition) -> ConnectorError {
        ConnectorError(code: "test", text: "went wrong", disposition: disposition)
    }
}

/// A subject whose plan is given.
private struct Planned: Plannable {
    var plan: [Action]
    let subject = Subject.document(Bench.document)
    let revision = 1
    let linkState: Link.State? = nil
    let effects: [Effect] = []
    let now = Bench.now
}

@Suite("The course of one look")
struct TurnMachineTests {
    @Test("It resolves, observes, notes, performs and finishes, in this order")
    func order() {
        var machine = TurnMachine<Situation>(unresolved: [Bench.effect(1), Bench.effect(2)])
        #expect(machine.next() == .resolve(Bench.effect(1)))
        machine.resolved(Bench.effect(1))
        #expect(machine.next() == .resolve(Bench.effect(2)))
        machine.resolved(Bench.effect(2))
        #expect(machine.next() == .observe)
        machine.observed(Bench.situation())
        #expect(machine.next() == .perform(.findCustomer))
        // The customer has no address: a fact about ourselves to be noted, then the end.
        var mute = Bench.customer
        mute.email = nil
        let asked = Bench.situation(.unknown(mute))
        machine.performed(now: asked)
        guard case .note(let notes) = machine.next(), case .review(let review) = notes.first else {
            Issue.record("no note of the review")
            return
        }
        #expect(review.code == .customerEmailMissing)
        machine.noted(notes, now: asked)
        #expect(machine.next() == .finish(.settled(reviews: [review])))
    }

    @Test("While an outcome cannot be known it postpones, and nothing else happens")
    func unknown() {
        var machine = TurnMachine<Situation>(unresolved: [Bench.effect(1)])
        let later = Bench.now.adding(seconds: 300)
        machine.unresolvable(until: later, why: "it may still come")
        #expect(machine.next() == .finish(.postponed(until: later, why: "it may still come", reviews: nil)))
    }

    @Test("Of several things that it waits for the earliest decides when it is looked at again")
    func earliest() {
        var machine = TurnMachine<Planned>(unresolved: [])
        let soon = Bench.now.adding(seconds: 5)
        machine.observed(
            Planned(plan: [
                .lookAgain(at: Bench.now.adding(seconds: 21_600), why: "a credit note is awaited"),
                .lookAgain(at: soon, why: "a void is queued"),
                .lookAgain(at: Bench.now.adding(seconds: 600), why: "a payment is under way"),
            ]))
        #expect(machine.next() == .finish(.postponed(until: soon, why: "a void is queued", reviews: [])))
    }

    @Test("So many steps and no more: a document that wants more is looked at again")
    func stepsMax() {
        var machine = TurnMachine<Situation>(unresolved: [])
        var performed = 0
        machine.observed(Bench.situation())
        while case .perform = machine.next() {
            performed += 1
            machine.performed(now: Bench.situation())
        }
        #expect(performed == TurnMachine<Situation>.stepsMax)
        guard case .finish(.postponed) = machine.next() else {
            Issue.record("it did not postpone")
            return
        }
    }

    @Test("A conflict is answered by observing anew, five times; then a person is asked")
    func conflicts() {
        var machine = TurnMachine<Situation>(unresolved: [])
        for _ in 0..<TurnMachine<Situation>.conflictsMax {
            machine.observed(Bench.situation())
            #expect(machine.next() == .perform(.findCustomer))
            machine.failed(Bench.error(.conflict), now: Bench.now)
            #expect(machine.next() == .observe)
        }
        machine.observed(Bench.situation())
        machine.failed(Bench.error(.conflict), now: Bench.now)
        guard case .finish(.stopped(let review, _)) = machine.next() else {
            Issue.record("it went on")
            return
        }
        #expect(review.code == .conflictLoop)
    }

    @Test("A refusal is observed anew, as the journal tells the plan another way")
    func reject() {
        var machine = TurnMachine<Situation>(unresolved: [])
        machine.observed(Bench.situation())
        _ = machine.next()
        machine.refused(Bench.error(.reject), now: Bench.now)
        #expect(machine.next() == .observe)
        machine.observed(Bench.idle())
        #expect(machine.next() == .finish(.settled(reviews: [])))
    }

    @Test("What cannot even be begun leaves no trace in the journal: a review at once, not a loop")
    func notBegun() {
        var machine = TurnMachine<Situation>(unresolved: [])
        machine.observed(Bench.situation())
        machine.failed(Bench.error(.reject), now: Bench.now)
        guard case .finish(.stopped(let review, _)) = machine.next() else {
            Issue.record("it did not end")
            return
        }
        #expect(review.code == .effectRefused)
        #expect(review.found.contains("went wrong"))
    }

    @Test(
        "Whatever else goes wrong with a write is taken as with a read", arguments: [Disposition.conflict, .uncertain])
    func refusedOtherwise(disposition: Disposition) {
        var write = TurnMachine<Situation>(unresolved: [])
        var read = TurnMachine<Situation>(unresolved: [])
        write.observed(Bench.situation())
        read.observed(Bench.situation())
        write.refused(Bench.error(disposition), now: Bench.now)
        read.failed(Bench.error(disposition), now: Bench.now)
        #expect(write.next() == read.next())
    }

    @Test("What cannot be read at all is a review")
    func unreadable() {
        var machine = TurnMachine<Situation>(unresolved: [])
        machine.failed(Bench.error(.reject), now: Bench.now)
        guard case .finish(.stopped(let review, _)) = machine.next() else {
            Issue.record("no end")
            return
        }
        #expect(review.code == .unreadable)
    }

    @Test(
        "After a passing failure the wait is what the other side asks for, and longer with every attempt",
        arguments: [
            (nil, 0, 1), (0, 0, 1), (40, 0, 40), (nil, 3, 8), (2, 3, 8), (nil, 100, 300), (900, 100, 900),
        ] as [(Int?, Int, Int64)])
    func retry(after: Int?, attempts: Int, seconds: Int64) {
        var machine = TurnMachine<Situation>(unresolved: [])
        machine.failed(Bench.error(.retry(afterSeconds: after)), now: Bench.now)
        guard case .finish(.failed(let error)) = machine.next() else {
            Issue.record("it did not end")
            return
        }
        #expect(TenantSync.delaySeconds(after: error, attempts: attempts) == seconds)
    }

    @Test("An unknown outcome and a refused credential end the look", arguments: [Disposition.uncertain, .reauthorise])
    func ends(disposition: Disposition) {
        var machine = TurnMachine<Situation>(unresolved: [])
        machine.observed(Bench.situation())
        machine.failed(Bench.error(disposition), now: Bench.now)
        #expect(machine.next() == .finish(.failed(Bench.error(disposition))))
    }

    @Test("Ten thousand random courses: it always ends, and never acts while anything is unresolved")
    func model() {
        var random = SandboxRandom(seed: 11)
        for round in 0..<10_000 {
            if !course(&random) {
                Issue.record("course \(round) did not hold")
                return
            }
        }
    }

    /// One random course; false when it acted while something was unresolved, or did not end.
    private func course(_ random: inout SandboxRandom) -> Bool {
        var pending = (0..<Int(random.next() % 3)).map(Bench.effect)
        var machine = TurnMachine<Situation>(unresolved: pending)
        let dispositions: [Disposition] = [
            .retry(afterSeconds: nil), .reject, .conflict, .uncertain, .reauthorise, .reject, .conflict,
        ]
        for _ in 0..<400 {
            let step = machine.next()
            if case .finish = step { return true }
            if random.next() % 6 == 0, pending.isEmpty {
                let error = Bench.error(dispositions[Int(random.next() % 7)])
                if random.next() % 2 == 0 {
                    machine.failed(error, now: Bench.now)
                } else {
                    machine.refused(error, now: Bench.now)
                }
                continue
            }
            switch step {
            case .finish: return true
            case .resolve(let effect):
                if random.next() % 4 == 0 {
                    machine.unresolvable(until: Bench.now, why: "not yet")
                    pending = []
                } else {
                    pending.removeAll { $0.key == effect.key }
                    machine.resolved(effect)
                }
            case .observe:
                if !pending.isEmpty { return false }
                machine.observed(random.next() % 5 == 0 ? Bench.idle() : Bench.situation())
            case .note(let actions):
                if !pending.isEmpty { return false }
                machine.noted(actions, now: Bench.situation(.missingInVisma))
            case .perform:
                if !pending.isEmpty { return false }
                machine.performed(now: random.next() % 3 == 0 ? Bench.situation(.missingInVisma) : Bench.situation())
            }
        }
        return false
    }
}
