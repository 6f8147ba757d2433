import Domain
import Foundation
import Sandbox
import Simulation
import Storage
import Sync
import Synchronization
import Testing

@Suite("What is written on the Visma invoice")
struct RecordTests {
    private func ability(_ world: World) async throws -> String? {
        let tenant = world.nord.tenant
        return try await world.database.read {
            try AbilitiesTable.get($0, tenant: tenant, name: "invoice_record")?.value
        }
    }

    private func attachments(_ world: World, _ document: DocumentRef) -> [String] {
        world.vismaDocument(document)?["attachments"]?.elements?.compactMap { $0["text"]?.stringValue } ?? []
    }

    @Test("A Visma that refuses edits gets an attachment, and is not asked for a note again")
    func refuses() async throws {
        let world = try await World(seed: 4, recordEdits: .refused)
        let customer = try world.addCustomer()
        let first = try world.addInvoice(of: customer)
        try await world.quiet()
        #expect(attachments(world, first).count == 1)
        #expect(attachments(world, first).first?.contains("Payment link https://") == true)
        #expect(try await ability(world) == "attachment")
        let puts = world.visma.calls(of: world.nord.vismaTenant)["PUT customerinvoice/*"]
        let second = try world.addInvoice(of: customer)
        try await world.quiet()
        #expect(attachments(world, second).count == 1)
        #expect(world.visma.calls(of: world.nord.vismaTenant)["PUT customerinvoice/*"] == puts)
        #expect(try await world.openReviews().isEmpty)
    }

    @Test("A Visma that accepts notes gets one block, and the accountant's words stay as they are")
    func accepts() async throws {
        let world = try await World(seed: 4, recordEdits: .noteAllowed)
        let document = try world.addInvoice { $0.note = "Ring kunden.\nAvtalt med Åse." }
        try await world.quiet()
        let note = try #require(try world.visma.note(of: document.number, in: world.nord.vismaTenant))
        #expect(note.hasPrefix("Ring kunden.\nAvtalt med Åse.\n[Stripe]\nPayment link https://"))
        #expect(try await ability(world) == "note")
        try world.visma.editNote(of: document.number, to: note + "\nPurret.", in: world.nord.vismaTenant)
        let charge = try world.stripe.failCard(invoice: world.live(document).id)
        try await world.quiet()
        let after = try #require(try world.visma.note(of: document.number, in: world.nord.vismaTenant))
        #expect(after.hasPrefix("Ring kunden.\nAvtalt med Åse.\n[Stripe]\n"))
        #expect(after.hasSuffix("\n[/Stripe]\nPurret."))
        #expect(after.contains(charge))
        #expect(after.contains("1250.00 NOK failed: card_declined"))
        #expect(after.components(separatedBy: "[Stripe]").count == 2)
        #expect(attachments(world, document).isEmpty)
        try await Soundness.expect(world, "a failure noted")
    }

    @Test("A note that somebody edits at the very moment is observed anew, and both texts are there")
    func conflict() async throws {
        let world = try await World(seed: 4, recordEdits: .noteAllowed)
        let document = try world.addInvoice()
        let edits = Countdown(2)
        world.transport.aim { [weak world] request in
            if request.step == Step.writeNote, let world, edits.next() {
                let old = try? world.visma.note(of: document.number, in: world.nord.vismaTenant)
                try? world.visma.editNote(
                    of: document.number, to: "Ny linje.\n" + ((old ?? nil) ?? ""), in: world.nord.vismaTenant)
            }
            return nil
        }
        try await world.turn(world.nord.tenant)
        let note = try #require(try world.visma.note(of: document.number, in: world.nord.vismaTenant))
        #expect(note.hasPrefix("Ny linje.\nNy linje.\n"))
        #expect(note.contains("[Stripe]"))
        #expect(try await world.openReviews().isEmpty)
        #expect(try await ability(world) == "note")
    }

    @Test("A note that changes under every attempt ends with a review after five, and only the note is missing")
    func conflictLoop() async throws {
        let world = try await World(seed: 4, recordEdits: .noteAllowed)
        let document = try world.addInvoice()
        let attempts = Asked()
        world.transport.aim { [weak world] request in
            guard request.step == Step.writeNote, let world else { return nil }
            attempts.note("note")
            try? world.visma.editNote(
                of: document.number, to: "Redigert \(attempts.count)", in: world.nord.vismaTenant)
            return nil
        }
        try await world.turn(world.nord.tenant)
        #expect(attempts.count == 6)
        #expect(try await Soundness.reviewCodes(world) == ["conflict_loop"])
        #expect(try world.live(document).status == "open")
        world.transport.aim(nil)
        try await world.admin().syncNow(world.nord.tenant, document: document)
        try await world.quiet()
        #expect(try await world.openReviews().isEmpty)
        #expect(try world.visma.note(of: document.number, in: world.nord.vismaTenant)?.contains("[Stripe]") == true)
    }

    @Test("When both are refused, a person is told what would have been written, and only when it matters")
    func bothRefused() async throws {
        let world = try await World(seed: 4, recordEdits: .refused)
        try world.visma.changeBehaviour(of: world.nord.vismaTenant) { $0.attachmentsAllowed = false }
        let document = try world.addInvoice()
        try await world.quiet()
        #expect(try await ability(world) == "none")
        // A payment link alone needs nobody.
        #expect(try await world.openReviews().isEmpty)
        let charge = try world.stripe.failCard(invoice: world.live(document).id)
        try await world.quiet()
        let reviews = try await world.openReviews()
        #expect(reviews.map(\.code) == ["record_refused"])
        #expect(reviews.first?.found.contains(charge) == true)
    }
}
