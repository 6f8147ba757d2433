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
        stripe = try (stage.companies.stripe.books() + stage.companies.stripe.ledgers()).map {
            try SandboxJSON.parse($0)
        }
        var pairs: [BookPair] = []
        var apart: [BookApart] = []
        for company in stage.companies.all {
            let manifest = try Manifest(yaml: company.manifest)
            pairs.append(Self.pair(company, manifest.policy))
            apart += try await Self.apart(manifest.id, company.vismaTenant, stage.assembly.database)
        }
        self.pairs = pairs
        self.apart = apart
        report = Drift.compute(visma: visma, stripe: stripe, pairs: pairs, apart: apart)
    }

    /// What the company has decided to book, as the comparison asks it.
    private static func pair(_ company: DemoCompanies.Company, _ policy: Policy) -> BookPair {
        var pair = BookPair(
            vismaTenant: company.vismaTenant, stripeAccount: company.account,
            startDate: policy.startDate.description, timeZone: policy.timeZone)
        let posting = policy.posting
        pair.holds = posting.booking == .hold
        pair.postsFees = posting.fees == .post
        pair.postsDisputes = posting.disputes == .post
        pair.postsPayouts = posting.payouts == .journal
        pair.cashAccounts = posting.cashAccounts.mapValues { [$0] }
        for accounts in posting.branchCashAccounts.values {
            for (currency, account) in accounts { pair.cashAccounts[currency, default: []].append(account) }
        }
        pair.bankAccounts = posting.bankLedgerAccounts
        pair.exchangeAccount = posting.exchangeLedgerAccount
        return pair
    }

    /// Subjects that a person must decide on, and those that wait for something: a credit note, say.
    private static func apart(
        _ tenant: TenantID, _ vismaTenant: String, _ database: any Database
    ) async throws -> [BookApart] {
        try await database.read { db in
            let reviews = try ReviewsTable.list(db, tenant: tenant, state: .open, limit: 1000)
                .map { ($0.subject, "review: \($0.code)") }
            let waiting = try WorkTable.dirtyList(db, tenant: tenant, limit: 1000)
                .map { ($0.subject, "waits: \($0.lastError ?? $0.cause)") }
            return (reviews + waiting).compactMap { subject, reason in
                // The comparison names documents and payouts; the look at a customer's refunds hides nothing.
                switch subject {
                case .document(let document):
                    BookApart(vismaTenant: vismaTenant, document: document.description, reason: reason)
                case .payout: BookApart(vismaTenant: vismaTenant, document: subject.key, reason: reason)
                case .customer, .endpoint: nil
                }
            }
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
