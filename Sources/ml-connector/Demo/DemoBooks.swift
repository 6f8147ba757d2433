import Domain
import Foundation
import Sandbox
import Storage
import Sync

/// What the demo ends with: both simulators' own books, what stands apart, and what they disagree about.
struct DemoBooks: Sendable {
    let visma: [SandboxJSON]
    let stripe: [SandboxJSON]
    let pairs: [BookPair]
    let apart: [BookApart]
    let report: DriftReport

    init(_ stage: DemoStage) async throws {
        visma = stage.companies.visma.books()
        stripe = try stage.companies.stripe.books().map { try SandboxJSON.parse($0) }
        var pairs: [BookPair] = []
        var apart: [BookApart] = []
        for company in stage.companies.all {
            let manifest = try Manifest(yaml: company.manifest)
            pairs.append(
                BookPair(
                    vismaTenant: company.vismaTenant, stripeAccount: company.account,
                    startDate: manifest.policy.startDate.description, timeZone: manifest.policy.timeZone))
            apart += try await Self.apart(manifest.id, company.vismaTenant, stage.assembly.database)
        }
        self.pairs = pairs
        self.apart = apart
        report = Drift.compute(visma: visma, stripe: stripe, pairs: pairs, apart: apart)
    }

    /// Subjects with an open review, a booking on hold or a release that is still queued.
    private static func apart(
        _ tenant: TenantID, _ vismaTenant: String, _ database: any Database
    ) async throws -> [BookApart] {
        try await database.read { db in
            var result: [BookApart] = []
            for review in try ReviewsTable.list(db, tenant: tenant, state: .open, limit: 1000) {
                guard case .document(let document) = review.subject else { continue }
                result.append(
                    BookApart(
                        vismaTenant: vismaTenant, document: document.description, reason: "review: \(review.code)"))
            }
            for booking in try CollectedTable.list(db, tenant: tenant, subject: nil) {
                guard case .document(let document) = booking.subject,
                    booking.state == .held || booking.state == .releasing
                else { continue }
                let reason = booking.state == .held ? "booking on hold" : "release pending"
                result.append(
                    BookApart(vismaTenant: vismaTenant, document: document.description, reason: reason))
            }
            return result
        }
    }

    /// Writes the four files that `ops/drift.py` reads.
    func write(to directory: String) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let files = [
            ("visma.jsonl", visma), ("stripe.jsonl", stripe), ("pairs.jsonl", pairs.map(\.json)),
            ("apart.jsonl", apart.map(\.json)),
        ]
        for (name, rows) in files {
            try Data(Books.lines(rows).utf8).write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
        }
    }
}
