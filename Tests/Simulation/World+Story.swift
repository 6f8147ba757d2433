import Domain
import Sandbox
import Storage

/// What a person wants to see of a document that ended wrong.
extension World {
    /// Our memory of each document that `fault` names, and what both sides' books say of it.
    func noteStory(of company: Company, fault: String) async throws {
        let tenant = company.tenant
        let links = try await database.read { try LinksTable.list($0, tenant: tenant, limit: 10_000) }
        for link in links where fault.contains(link.document.description) {
            let subject = Subject.document(link.document)
            let (bookings, settlements, effects, reviews, work) = try await database.read { db in
                (
                    try CollectedTable.list(db, tenant: tenant, subject: subject),
                    try SettlementsTable.list(db, tenant: tenant, document: link.document, revision: link.revision),
                    try JournalTable.list(db, tenant: tenant, subject: subject),
                    try ReviewsTable.list(db, tenant: tenant, state: .open, limit: 1000),
                    try WorkTable.find(db, tenant: tenant, subject: subject)
                )
            }
            trace.note("now \(clock.now())")
            trace.note("\(link)")
            if let work { trace.note("\(work)") }
            for booking in bookings { trace.note("\(booking)") }
            for settlement in settlements { trace.note("\(settlement)") }
            for effect in effects {
                trace.note("\(effect.sentAt) \(effect.key) \(effect.state.rawValue) \(effect.failure ?? "")")
            }
            for review in reviews where review.subject == subject { trace.note("\(review)") }
            let names = [link.document.number, link.invoice?.rawValue].compactMap { $0 }
            for row in try vismaRows("document", in: company) + vismaRows("payment", in: company)
                + stripeBooks(of: company)
            where names.contains(where: { row.serialised.contains($0) }) {
                trace.note(row.serialised)
            }
        }
    }
}
