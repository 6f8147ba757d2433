package import Domain
import Foundation
package import LibCrypto
package import Storage

/// Who did what: an HMAC chain per tenant under an audit key of its own. An entry is appended in the transaction of
/// the state that it describes, so that neither exists without the other.
package struct AuditTrail: Sendable {
    private let key: HMACKey
    private let tenant: TenantID

    package init(tenant: TenantID, key: HMACKey) {
        self.tenant = tenant
        self.key = key
    }

    /// What is to be remembered. `details` never holds a secret or a person's data: ids, amounts, states.
    package struct Fact: Hashable, Sendable {
        /// `system`, `cli:NAME`, `operator:NAME`.
        package var actor: String
        /// `payment.create`, `credentials.set`, `review.open`, ...
        package var action: String
        package var subject: String
        package var outcome: String
        package var details: [String: String]

        package init(actor: String, action: String, subject: String, outcome: String, details: [String: String] = [:]) {
            self.actor = actor
            self.action = action
            self.subject = subject
            self.outcome = outcome
            self.details = details
        }
    }

    package func append(_ fact: Fact, at now: Timestamp, _ db: any SQLConnection) throws {
        let head = try AuditTable.head(db, tenant: tenant)
        let sequence = head.sequence + 1
        let previous = head.code
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let details = String(decoding: try encoder.encode(fact.details), as: UTF8.self)
        var entry = AuditEntry(
            sequence: sequence, at: now, actor: fact.actor, action: fact.action, subject: fact.subject,
            outcome: fact.outcome, details: details, previousCode: previous, code: [])
        entry.code = try key.code(Self.canonical(entry, tenant: tenant))
        try AuditTable.append(db, tenant: tenant, entry)
    }

    /// What `verify` found.
    package struct Verification: Hashable, Sendable {
        package var entries: Int
        /// Nil when the chain is whole; else what is wrong, and with which entry.
        package var fault: String?
        package var isWhole: Bool { fault == nil }
    }

    /// Entries read at a time while verifying.
    private static let pageSize = 1000

    package func verify(_ db: any SQLConnection) throws -> Verification {
        var previous = AuditHead.beginning.code
        var sequence: Int64 = 0
        while true {
            let page = try AuditTable.after(db, tenant: tenant, sequence: sequence, limit: Self.pageSize)
            if page.isEmpty { break }
            for entry in page {
                if let fault = try fault(in: entry, after: sequence, previous: previous) {
                    return Verification(entries: Int(sequence), fault: fault)
                }
                sequence = entry.sequence
                previous = entry.code
            }
        }
        let head = try AuditTable.head(db, tenant: tenant)
        guard head.sequence == sequence, constantTimeEqual(head.code, previous) else {
            let fault = "the head names entry \(head.sequence), the last one found is \(sequence): the end was cut off"
            return Verification(entries: Int(sequence), fault: fault)
        }
        return Verification(entries: Int(sequence), fault: nil)
    }

    private func fault(in entry: AuditEntry, after sequence: Int64, previous: [UInt8]) throws -> String? {
        guard entry.sequence == sequence + 1 else {
            return "entry \(sequence + 1) is missing: \(entry.sequence) follows \(sequence)"
        }
        guard constantTimeEqual(entry.previousCode, previous) else {
            return "entry \(entry.sequence) does not follow the entry before it"
        }
        guard constantTimeEqual(try key.code(Self.canonical(entry, tenant: tenant)), entry.code) else {
            return "entry \(entry.sequence) was altered"
        }
        return nil
    }

    /// Every field with its length before it, so that no two entries share their bytes.
    private static func canonical(_ entry: AuditEntry, tenant: TenantID) -> [UInt8] {
        let fields: [[UInt8]] = [
            Array(tenant.rawValue.utf8), Array(String(entry.sequence).utf8), Array(String(entry.at.microseconds).utf8),
            Array(entry.actor.utf8), Array(entry.action.utf8), Array((entry.subject ?? "").utf8),
            Array(entry.outcome.utf8),
            Array(entry.details.utf8), entry.previousCode,
        ]
        return fields.flatMap { Array("\($0.count):".utf8) + $0 }
    }
}
