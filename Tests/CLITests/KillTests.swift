import Domain
import Foundation
import Sync
import Testing

/// The real server is killed at every labelled place and started again; both simulators' books must then agree.
/// The places of one company are visited one after the other; the two companies, each with simulators, a database
/// and a server of its own, share nothing and may run at the same time: most of it is waiting for the next poll.
@Suite("Killed at any labelled place and started again, the server ends in the same books")
struct KillTests {
    /// Some places, and the scene that makes a server come by them.
    struct Act {
        var scene: KillPlay.Scene
        var places: [Checkpoint]

        init(_ scene: KillPlay.Scene, at places: [Checkpoint] = [], effects steps: [String] = []) {
            self.scene = scene
            self.places =
                places
                + steps.flatMap { step -> [Checkpoint] in
                    [.effectSent(step), .effectAnswered(step), .effectSettled(step)]
                }
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

    /// Places that no scene reaches, each with its reason.
    static let unreached: [Checkpoint: String] = [:]

    private func play(_ acts: [Act], _ options: [String]) async throws {
        let play = try await KillPlay(options)
        for act in acts {
            for place in act.places { try await play.run(act.scene, dyingAt: place.name) }
        }
        try play.finish()
    }

    @Test("Where Visma refuses notes: customers, pushes, attachments, webhook registration")
    func pushing() async throws {
        try await play(Self.pushes, ["--invoices", "6"])
    }

    @Test("Where Visma takes notes and releases late: polls, turns, events, payments, notes, wrong totals")
    func collecting() async throws {
        try await play(Self.collections, ["--invoices", "12", "--record-edits", "note", "--release-delay", "1"])
    }

    @Test("Every checkpoint of the code is in the matrix, or on a list with a reason")
    func completeness() {
        let played = Set((Self.pushes + Self.collections).flatMap(\.places))
        #expect(played.union(Self.unreached.keys) == Set(Checkpoint.all))
        #expect(played.isDisjoint(with: Self.unreached.keys))
        #expect(Self.unreached.values.allSatisfy { !$0.isEmpty })
    }
}
