import Domain
import Foundation
import Sandbox
import Storage
import Sync
import Vault

/// The figures and tables at the demo's end.
struct DemoReport: Sendable {
    let books: DemoBooks
    let rows: [Record]
    let reviews: [Record]
    let auditEntries: Int
    let auditFault: String?
    let summary: Record

    var isGood: Bool { books.report.drift == 0 && auditFault == nil }

    init(_ stage: DemoStage, books: DemoBooks, seconds: Int64) async throws {
        self.books = books
        let tenants = stage.tenants
        let vault = stage.assembly.environment.vault
        var entries = 0
        var fault: String?
        for tenant in tenants {
            let trail = AuditTrail(tenant: tenant, key: try await vault.auditKey(tenant: tenant))
            let verification = try await stage.assembly.database.read { try trail.verify($0) }
            entries += verification.entries
            if let found = verification.fault { fault = "\(tenant): \(found)" }
        }
        auditEntries = entries
        auditFault = fault
        rows = Self.invoices(books, stage)
        let counts = try await stage.assembly.database.read { try Counts($0, tenants) }
        reviews = counts.reviews
        let calls = stage.companies.stripe.calls().values.reduce(0) { $0 + $1.values.reduce(0, +) }
        let vismaCalls = stage.companies.all.reduce(0) { $0 + stage.companies.visma.callCount(of: $1.vismaTenant) }
        let figures = DemoFigures(
            books,
            baseCurrencies: Dictionary(
                uniqueKeysWithValues: stage.companies.all.map { ($0.vismaTenant, $0.baseCurrency) }))
        let begun: Record = [
            "tenants": Value(tenants.count),
            "invoices_seen": Value(counts.seen), "invoices_pushed": Value(counts.pushed),
            "failures_recorded": Value(Self.recorded(books, kind: "charge") { $0["status"]?.stringValue == "failed" }),
            "disputes_recorded": Value(Self.recorded(books, kind: "dispute") { _ in true }),
            "refunds_recorded": Value(Self.recorded(books, kind: "refund") { _ in true }),
        ]
        let ended: Record = [
            "reviews_open": Value(reviews.count), "listed_apart": Value(books.apart.count),
            "differences_apart": Value(books.report.differencesApart.count), "events_received": Value(counts.events),
            "events_duplicate": Value(counts.duplicates), "stripe_calls": Value(calls),
            "visma_calls": Value(vismaCalls), "drift": Value(books.report.drift),
            "audit_entries": Value(entries), "audit_verified": .flag(fault == nil), "seconds": .whole(seconds),
        ]
        summary = Record(begun.fields + figures.record.fields + ended.fields)
    }

    /// What our own tables say: counted, not believed — drift is computed from the simulators' books alone.
    private struct Counts: Sendable {
        var seen = 0
        var pushed = 0
        var events = 0
        var duplicates = 0
        var reviews: [Record] = []

        init(_ db: any SQLConnection, _ tenants: [TenantID]) throws {
            for tenant in tenants {
                let links = try LinksTable.list(db, tenant: tenant, limit: 10_000)
                seen += links.count
                pushed += links.filter { $0.invoice != nil && $0.state != .drafted }.count
                events += try EventsTable.countByState(db, tenant: tenant).values.reduce(0, +)
                duplicates += try EventsTable.duplicates(db, tenant: tenant)
                for review in try ReviewsTable.list(db, tenant: tenant, state: .open, limit: 1000) {
                    reviews.append([
                        "tenant": .text(tenant.rawValue), "subject": .text(review.subject.key),
                        "code": .text(review.code), "found": .text(review.found), "proposals": .json(review.proposals),
                    ])
                }
            }
        }
    }

    /// How many of Stripe's facts of a kind can be read on their Visma document.
    private static func recorded(
        _ books: DemoBooks, kind: String, _ isMeant: (SandboxJSON) -> Bool
    ) -> Int {
        let texts = books.visma.filter { $0["kind"]?.stringValue == "document" }.flatMap { row in
            [row["note"]?.stringValue].compactMap { $0 }
                + (row["attachments"]?.elements ?? []).compactMap { $0["text"]?.stringValue }
        }
        return books.stripe.filter { $0["kind"]?.stringValue == kind && isMeant($0) }.filter { row in
            guard let id = row["id"]?.stringValue else { return false }
            return texts.contains { $0.contains(id) }
        }.count
    }

    /// Every invoice on both sides, from the two books.
    private static func invoices(_ books: DemoBooks, _ stage: DemoStage) -> [Record] {
        let names = Dictionary(
            uniqueKeysWithValues: zip(stage.companies.all.map(\.vismaTenant), stage.tenants.map(\.rawValue)))
        let stripe = books.stripe.filter { $0["kind"]?.stringValue == "invoice" && $0["status"]?.stringValue != "void" }
        return books.visma.filter {
            $0["kind"]?.stringValue == "document" && $0["type"]?.stringValue == "Invoice"
        }.map { row in
            let tenant = row["visma_tenant"]?.stringValue ?? ""
            let number = row["number"]?.stringValue ?? ""
            let invoice = stripe.first {
                $0["metadata"]?["mlc_company"]?.stringValue == tenant
                    && $0["metadata"]?["mlc_document"]?.stringValue == "Invoice:\(number)"
            }
            let currency = Currency(row["currency"]?.stringValue ?? "")
            let remaining = invoice?["amount_remaining"]?.intValue.flatMap { amount in
                currency.map { Money(minorUnits: amount, currency: $0).majorText }
            }
            return [
                "tenant": .text(names[tenant] ?? tenant), "visma": .text(number),
                "currency": Value(currency?.code), "total": Value(row["total"]?.stringValue),
                "open_in_visma": Value(row["balance"]?.stringValue), "in_visma": Value(row["status"]?.stringValue),
                "stripe": Value(invoice?["number"]?.stringValue), "open_in_stripe": Value(remaining),
                "in_stripe": Value(invoice?["status"]?.stringValue),
                "apart": Value(
                    books.apart.first { $0.vismaTenant == tenant && $0.document == "Invoice:\(number)" }?.reason),
            ]
        }
    }

    /// A review in full: a reason that is cut off helps nobody.
    private static func told(_ review: Record) -> String {
        guard case .text(let tenant) = review["tenant"], case .text(let subject) = review["subject"],
            case .text(let code) = review["code"], case .text(let found) = review["found"]
        else { return "" }
        return "\(tenant)  \(subject)  \(code)\n      \(found)"
    }

    func show(_ format: OutputFormat) {
        switch format {
        case .json:
            Terminal.out(JSONWriter.text(.record(summary)))
        case .table:
            Terminal.out(
                TableWriter.table(
                    rows,
                    columns: [
                        "tenant", "visma", "currency", "total", "open_in_visma", "in_visma", "stripe",
                        "open_in_stripe", "in_stripe", "apart",
                    ]))
            Terminal.out("\nREVIEWS: what a person must decide")
            for review in reviews { Terminal.out(Self.told(review)) }
            Terminal.out("\nAPART: what waits, or a person must decide, and how the books differ by it")
            for apart in books.apart { Terminal.out("  \(apart.document)  \(apart.reason)") }
            for difference in books.report.differencesApart {
                Terminal.out("    \(difference.document ?? "-"): \(difference.what)")
            }
            if !books.report.differences.isEmpty {
                Terminal.out("\nDIFFERENCES")
                for difference in books.report.differences {
                    Terminal.out("  \(difference.document ?? "-") of \(difference.vismaTenant): \(difference.what)")
                }
            }
            Terminal.out("\n" + TableWriter.details(summary))
            let audit =
                auditFault.map { "audit chain BROKEN: \($0)" } ?? "audit chain verified, \(auditEntries) entries"
            Terminal.out("\n\(audit)\ndrift \(books.report.drift)")
        }
    }
}
