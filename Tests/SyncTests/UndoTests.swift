import Domain
import Sandbox
import Simulation
import Storage
import Sync
import Testing

@Suite("A booking is taken back when a person asks, with the reason in the trail")
struct UndoTests {
    /// One invoice, paid and booked; answers what is booked.
    private func booked() async throws -> (World, DocumentRef, Booking) {
        let world = try await World(seed: 41)
        let document = try world.addInvoice()
        try await world.quiet()
        try world.stripe.pay(invoice: world.live(document).id)
        try await world.quiet()
        return (world, document, try #require(try await bookings(world, document).first))
    }

    private func bookings(_ world: World, _ document: DocumentRef) async throws -> [Booking] {
        let tenant = world.nord.tenant
        return try await world.database.read {
            try CollectedTable.list($0, tenant: tenant, subject: .document(document))
        }
    }

    private func refusal(
        _ world: World, _ document: DocumentRef, _ cause: String, reason: String = "by mistake"
    ) async throws -> ConnectorError? {
        let tenant = world.nord.tenant
        let before = try await world.database.read { try AuditTable.head($0, tenant: tenant) }
        let error = await #expect(throws: ConnectorError.self) {
            try await world.admin().undo(tenant, document: document, cause: cause, reason: reason)
        }
        #expect(try await world.database.read { try AuditTable.head($0, tenant: tenant) } == before)
        return error
    }

    @Test("The Visma payment is voided once, the invoice is open again, and nothing books it anew")
    func undo() async throws {
        let (world, document, booking) = try await booked()
        #expect(booking.state == .booked)
        let tenant = world.nord.tenant
        try await world.admin().undo(tenant, document: document, cause: booking.cause, reason: "wrong customer")
        try await world.quiet()
        let after = try await bookings(world, document)
        #expect(after.map(\.state) == [.voided])
        #expect(after.map(\.voidedFor) == [.undo])
        #expect(world.vismaDocument(document)?["status"]?.stringValue == "Open")
        let payments = world.vismaRows("payment").filter { $0["type"]?.stringValue == "Payment" }
        #expect(payments.map { $0["status"]?.stringValue } == ["Voided"])
        let entry = try await world.database.read {
            try AuditTable.list($0, tenant: tenant, subjects: [document.description]).last {
                $0.action == "invoice.undo"
            }
        }
        #expect(entry?.actor == "cli:proof")
        // Nor is a person bothered while it is done.
        let trail = try await world.database.read { try AuditTable.list($0, tenant: tenant, limit: 1000) }
        #expect(!trail.contains { $0.action == "review.open" })
        #expect(entry?.details.contains("wrong customer") == true)
        let error = try await refusal(world, document, booking.cause)
        #expect(error?.code == "undo.voided")
    }

    @Test("An undo that was asked before is not asked twice")
    func asked() async throws {
        let (world, document, booking) = try await booked()
        try await world.admin().undo(world.nord.tenant, document: document, cause: booking.cause, reason: "first")
        let error = try await refusal(world, document, booking.cause)
        #expect(error?.code == "undo.asked")
        #expect(error?.text.contains("sync run") == true)
    }

    @Test(
        "What Visma cannot take back, a person made or is not released is refused",
        arguments: [
            ("kind", Booking.Kind.cashEntry, Booking.Origin.posted, Booking.State.booked, "reverse it"),
            ("kind", .creditNote, .posted, .booked, "reverse it"),
            ("matched", .refund, .matched, .booked, "void it in Visma.net"),
            ("unreleased", .payment, .posted, .held, "once it is"),
            ("unreleased", .payment, .posted, .releasing, "once it is"),
            ("voided", .payment, .posted, .voiding, "invoice trace"),
        ])
    func refused(
        what: String, kind: Booking.Kind, origin: Booking.Origin, state: Booking.State, remedy: String
    ) async throws {
        let (world, document, booking) = try await booked()
        var other = booking
        (other.cause, other.kind, other.origin, other.state) = ("txn_1", kind, origin, state)
        other.number = VismaNumber("X1")
        let (tenant, now, row) = (world.nord.tenant, world.now(), other)
        try await world.database.write { try CollectedTable.insert($0, tenant: tenant, row, now: now) }
        let error = try await refusal(world, document, "txn_1")
        #expect(error?.code == "undo.\(what)")
        #expect(error?.text.contains(remedy) == true)
    }

    @Test("An unknown cause, a reason that is none, and a tenant that is not active")
    func wrongInput() async throws {
        let (world, document, booking) = try await booked()
        #expect(try await refusal(world, document, "inpay_none")?.code == "undo.unknown")
        for reason in ["", "   ", "two\nlines", String(repeating: "x", count: TenantAdmin.reasonCharactersMax + 1)] {
            #expect(try await refusal(world, document, booking.cause, reason: reason)?.code == "undo.invalid")
        }
        try await world.apply(state: "paused")
        #expect(try await refusal(world, document, booking.cause)?.code == "tenant.not_active")
    }
}
