import Domain
import Storage

/// Our own side of a situation: what the database remembers of a document.
enum Memory {
    struct Remembered: Sendable {
        var link: Link?
        var bookings: [Booking]
        var effects: [Effect]
        var ability: RecordAbility
    }

    static func read(_ db: any SQLConnection, tenant: TenantID, document: DocumentRef) throws -> Remembered {
        let ability = try AbilitiesTable.get(db, tenant: tenant, name: EffectOutcome.recordAbility)
        return Remembered(
            link: try LinksTable.find(db, tenant: tenant, document: document),
            bookings: try CollectedTable.list(db, tenant: tenant, subject: .document(document)),
            effects: try JournalTable.list(db, tenant: tenant, subject: .document(document)),
            ability: ability.flatMap { RecordAbility(rawValue: $0.value) } ?? .note)
    }

    /// `situation` with our own side as it is now.
    static func refresh(
        _ situation: Situation, tenant: TenantContext, database: any Database
    ) async throws -> Situation {
        let document = situation.document
        let remembered = try await database.read { [tenant] db in
            try read(db, tenant: tenant.id, document: document)
        }
        var situation = situation
        situation.link = remembered.link
        situation.bookings = remembered.bookings
        situation.effects = remembered.effects
        situation.recordAbility = remembered.ability
        return situation
    }
}
