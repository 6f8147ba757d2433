package import Domain
import Storage

extension TenantAdmin {
    /// Longest reason of an undo, or of a review's resolution.
    package static let reasonCharactersMax = 500

    /// Asks the loop to void what books `cause` in Visma, and makes the document dirty. The reason stands in the trail.
    /// Throws `undo.unknown` when there is no such posting, `undo.invalid` for an unusable reason, and another `undo.`
    /// error when it cannot be taken back; each text names the remedy.
    package func undo(
        _ tenant: TenantID, document: DocumentRef, cause: String, reason: String
    ) async throws {
        try await commit(tenant) { [environment, actor] db in
            let now = environment.now()
            let booking = try undoable(db, tenant, document, cause)
            let subject = Subject.document(document)
            let reason = try Self.usable(reason, of: "undo")
            try RequestsTable.insert(
                db, tenant: tenant, subject: subject,
                Request(kind: .undo, cause: cause, reason: reason, actor: actor, askedAt: now))
            try WorkTable.dirty(
                db, tenant: tenant, subject: subject, cause: Self.askedCause, dueAt: now, askedAt: now, lane: .money)
            try trail(db, tenant).append(
                .init(
                    actor: actor, action: "invoice.undo", subject: document.description, outcome: "asked",
                    details: [
                        "cause": cause, "reason": reason, "kind": booking.kind.rawValue,
                        "number": booking.number.rawValue, "amount": booking.amount.description,
                    ]), at: now, db)
        }
    }

    /// The posting that `undo` would take back; throws as it would.
    package func undoable(_ tenant: TenantID, document: DocumentRef, cause: String) async throws -> Booking {
        try await environment.database.read { try undoable($0, tenant, document, cause) }
    }

    private func undoable(
        _ db: any SQLConnection, _ tenant: TenantID, _ document: DocumentRef, _ cause: String
    ) throws -> Booking {
        try Self.requireActive(db, tenant)
        let subject = Subject.document(document)
        guard let booking = try CollectedTable.find(db, tenant: tenant, subject: subject, cause: cause) else {
            throw Self.refused(
                "unknown",
                "nothing is booked for '\(cause)' on \(document); `ml-connector invoice show \(tenant) \(document)` "
                    + "lists the causes under BOOKINGS")
        }
        let name = "Visma \(BookingPlan.noun(booking.kind)) \(booking.number)"
        guard booking.stands else {
            let what = booking.state == .voided ? "is voided already" : "is being voided already"
            throw Self.refused(
                "voided", "\(name) \(what); `ml-connector invoice trace \(tenant) \(document)` shows by whom and why")
        }
        guard Step.void(booking.kind) != nil else {
            throw Self.refused("kind", "\(name) cannot be taken back over Visma's API: reverse it in Visma.net itself")
        }
        guard booking.origin == .posted else {
            throw Self.refused("matched", "\(name) was made by a person: void it in Visma.net itself")
        }
        let asked = try RequestsTable.list(db, tenant: tenant, subject: subject).last {
            $0.kind == .undo && $0.cause == cause
        }
        if let asked {
            throw Self.refused(
                "asked",
                "\(asked.actor) asked for it at \(asked.askedAt); `ml-connector sync run \(tenant) --document "
                    + "\(document)` tries it again, `ml-connector review list \(tenant)` says what stands in the way")
        }
        guard booking.state == .booked else {
            throw Self.refused(
                "unreleased",
                "\(name) is \(booking.state.rawValue), and Visma voids only what is released: undo it once it is")
        }
        return booking
    }

    /// The reason as it is kept; `area.invalid` when it cannot be used.
    static func usable(_ reason: String, of area: String) throws -> String {
        let isOneLine = reason.allSatisfy { !$0.isNewline && ($0.asciiValue ?? 32) >= 32 }
        let text = reason.trimmingPrefix { $0 == " " }
        guard isOneLine, !text.isEmpty, text.count <= reasonCharactersMax else {
            throw ConnectorError(
                code: "\(area).invalid",
                text: "the reason must be one line of 1 to \(reasonCharactersMax) characters", disposition: .reject)
        }
        return String(text)
    }

    private static func refused(_ what: String, _ text: String) -> ConnectorError {
        ConnectorError(code: "undo.\(what)", text: text, disposition: .reject)
    }
}
