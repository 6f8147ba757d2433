import Domain
import Storage

/// Our own side of a situation: what the database remembers of a document.
enum Memory {
    struct Remembered: Sendable {
        var link: Link?
        var bookings: [Booking]
        var settlements: [Settlement]
        var requests: [Request]
        var effects: [Effect]
        var ability: RecordAbility
        var pushed = PushTally()
        var pushHold = PushHold.none
        var settledByWordAt: Timestamp?
    }

    static func read(
        _ db: any SQLConnection, tenant: TenantID, document: DocumentRef, now: Timestamp
    ) throws -> Remembered {
        var remembered = try read(db, tenant: tenant, document: document)
        // What is out is not held back any more.
        guard remembered.link?.invoice == nil else { return remembered }
        remembered.pushed = try PushesTable.tally(
            db, tenant: tenant, since: now.adding(seconds: -PushCap.hourSeconds))
        remembered.pushHold = try PushConfirmation.hold(db, tenant: tenant, document: document)
        return remembered
    }

    static func read(_ db: any SQLConnection, tenant: TenantID, document: DocumentRef) throws -> Remembered {
        let ability = try AbilitiesTable.get(db, tenant: tenant, name: EffectOutcome.recordAbility)
        let link = try LinksTable.find(db, tenant: tenant, document: document)
        let words = try ReviewsTable.decided(db, tenant: tenant, subject: .document(document))
        return Remembered(
            link: link,
            bookings: try CollectedTable.list(db, tenant: tenant, subject: .document(document)),
            settlements: try SettlementsTable.list(
                db, tenant: tenant, document: document, revision: link?.revision ?? 1),
            requests: try RequestsTable.list(db, tenant: tenant, subject: .document(document)),
            effects: try JournalTable.list(db, tenant: tenant, subject: .document(document)),
            ability: ability.flatMap { RecordAbility(rawValue: $0.value) } ?? .note,
            settledByWordAt: words.filter { $0.decision == .markSettled }.compactMap(\.resolvedAt).max())
    }
}
