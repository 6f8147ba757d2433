import Domain
import Foundation
import Sync
import Testing

/// The real server is killed at every labelled place and started again; both simulators' books must then agree.
/// The places of one company are visited one after the other; the four companies, each with simulators, a database
/// and a server of its own, share nothing and may run at the same time: most of it is waiting for the next poll.
@Suite("Killed at any labelled place and started again, the server ends in the same books")
struct KillTests {
    /// A scene, and where the servers die that come by it. Each course plays it anew; in one course the server that
    /// comes after one that died dies at the next place.
    struct Act {
        var scene: KillPlay.Scene
        var courses: [[Checkpoint]]

        init(_ scene: KillPlay.Scene, at places: [Checkpoint] = [], effects steps: [String] = []) {
            self.init(scene, courses: (places + steps.flatMap(Self.places)).map { [$0] })
        }

        init(_ scene: KillPlay.Scene, courses: [[Checkpoint]]) {
            self.scene = scene
            self.courses = courses
        }

        private static func places(of step: String) -> [Checkpoint] {
            [.effectSent(step), .effectAnswered(step), .effectSettled(step)]
        }

        /// Writes in Visma, in one course: what was not sent is made by the next server once it is sure of that, and
        /// what was made is found by the one after.
        static func visma(_ scene: KillPlay.Scene, _ steps: String...) -> Act {
            Act(scene, courses: [steps.flatMap(places)])
        }

        /// Writes in Stripe, in two courses: whether it was sent or answered, the next server sends it again under its
        /// key and so settles it.
        static func stripe(_ scene: KillPlay.Scene, _ steps: String...) -> Act {
            Act(
                scene,
                courses: [
                    steps.flatMap { [.effectAnswered($0), .effectSettled($0)] },
                    steps.map { .effectSent($0) },
                ])
        }
    }

    static let pushes = [
        Act(.newCustomer, effects: [Step.createCustomer]),
        Act(.invoice, effects: [Step.createInvoice, Step.addLines, Step.finalizeInvoice]),
        Act(.failCard, effects: [Step.attachRecord]),
        Act(.newAddress, effects: [Step.createEndpoint]),
        Act(.lostRegistration, effects: [Step.deleteEndpoint]),
    ]

    static let collections = [
        Act(.invoice, at: [.pageStored, .cursorMoved, .observed, .noted, .workSettled]),
        Act(.pay, at: [.eventStored, .eventsResolved, .observed]),
        Act(.pay, effects: [Step.createPayment, Step.releasePayment]),
        Act(.dispute, effects: [Step.writeNote]),
        Act(.failCard, at: [.eventsResolved]),
        Act(.lateCreditBalance, effects: [Step.voidInvoice]),
        Act(.creditBalance, effects: [Step.deleteDraft]),
    ]

    static let settlements: [Act] = [
        .stripe(.invoice, Step.sendInvoice),
        .stripe(.paidElsewhere, Step.payOutOfBand),
        .stripe(.partPaidElsewhere, Step.reportPayment, Step.attachPayment),
        .stripe(.credited, Step.creditInvoice),
        .stripe(.writtenOff, Step.markUncollectible),
        .visma(.refund, Step.voidPayment),
    ]

    static let postings: [Act] = [
        .visma(.disputeOnOpen, Step.createCashEntry, Step.releaseCashEntry, Step.setDunning),
        .visma(
            .partRefund, Step.createCreditNote, Step.releaseCreditNote, Step.createRefund,
            Step.releaseRefund),
        .visma(.refundFails, Step.voidRefund),
        .visma(.oddRefund, Step.deleteCreditNote),
        .visma(.payout, Step.createJournalEntry, Step.releaseJournalEntry),
    ]

    /// Places that no scene reaches, each with its reason.
    static let unreached: [Checkpoint: String] = [:]

    private func play(
        _ acts: [Act], _ options: [String], _ policy: KillBench.Policy = .usual, paidCount: Int = 0
    ) async throws {
        let play = try await KillPlay(options, policy, paidCount: paidCount)
        for act in acts {
            for course in act.courses { try await play.run(act.scene, dyingAt: course.map(\.name)) }
        }
        try play.finish()
    }

    @Test("Where Visma refuses notes: customers, pushes, attachments, webhook registration")
    func pushing() async throws {
        try await play(Self.pushes, ["--invoices", "6"])
    }

    @Test(
        "Where Visma takes notes and releases late: polls, turns, events, payments, notes, wrong totals"
    )
    func collecting() async throws {
        try await play(
            Self.collections, ["--invoices", "12", "--record-edits", "note", "--release-delay", "1"])
    }

    @Test(
        "Where invoices are mailed and payments voided: what is settled in Visma, as Stripe is told of it"
    )
    func settling() async throws {
        try await play(Self.settlements, ["--invoices", "10"], .mailsAndVoids, paidCount: 1)
    }

    @Test("Where everything is posted: fees, credit notes, refunds, disputes, payouts")
    func posting() async throws {
        try await play(
            Self.postings, ["--invoices", "6", "--record-edits", "note"], .postsAll, paidCount: 2)
    }

    @Test("Every checkpoint of the code is in the matrix, or on a list with a reason")
    func completeness() {
        let acts = Self.pushes + Self.collections + Self.settlements + Self.postings
        let played = Set(acts.flatMap(\.courses).joined())
        #expect(played.union(Self.unreached.keys) == Set(Checkpoint.all))
        #expect(played.isDisjoint(with: Self.unreached.keys))
        #expect(Self.unreached.values.allSatisfy { !$0.isEmpty })
    }
}
