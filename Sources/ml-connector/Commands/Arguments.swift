import ArgumentParser
import Domain
import Foundation
import Storage

/// The tenant that a command is about.
struct TenantArgument: ParsableArguments {
    @Argument(help: "The tenant's id: 2 to 40 lower-case letters, digits and hyphens.")
    var tenant: String

    /// Throws a usage failure for what can be no id.
    var id: TenantID {
        get throws { try TenantArgument.parse(tenant) }
    }

    static func parse(_ text: String) throws -> TenantID {
        guard let id = TenantID(checked: text) else {
            throw Failure(
                .usage,
                "the tenant id '\(text)' must be 2 to 40 lower-case letters, digits and hyphens; "
                    + "`ml-connector tenant list` shows those there are")
        }
        return id
    }
}

/// How much of a list is shown.
struct PageOptions: ParsableArguments {
    static let rowsMax = 10_000

    @Option(name: .long, help: "How many rows at most, 1 to 10000.")
    var limit = 100

    @Option(name: .long, help: "Go on after this row: the `next` of the page before.")
    var after: String?

    func validate() throws {
        guard (1...Self.rowsMax).contains(limit) else {
            throw ValidationError("--limit must be from 1 to \(Self.rowsMax)")
        }
    }

    /// `after` as a number, for lists that are counted.
    func afterNumber() throws -> Int64? {
        guard let after else { return nil }
        guard let number = Int64(after), number >= 0 else {
            throw Failure(.usage, "--after '\(after)' must be the number that ended the page before")
        }
        return number
    }
}

enum Payouts {
    /// Stripe's id, which a review of a payout names.
    static func parse(_ text: String) throws -> PayoutID {
        guard text.wholeMatch(of: /po_[A-Za-z0-9_]+/) != nil else {
            throw Failure(.usage, "the payout '\(text)' must be Stripe's id, like po_1Abc")
        }
        return PayoutID(text)
    }
}

enum Documents {
    /// `Invoice:000123`, or `000123` for an invoice.
    static func parse(_ text: String) throws -> DocumentRef {
        guard text.contains(":") else {
            guard !text.isEmpty else { throw malformed(text) }
            return DocumentRef(type: .invoice, number: text)
        }
        guard let document = DocumentRef(text) else { throw malformed(text) }
        return document
    }

    private static func malformed(_ text: String) -> Failure {
        Failure(.usage, "the document '\(text)' must be written TYPE:NUMBER, like Invoice:000123")
    }
}

extension TenantsTable {
    /// The tenant, or a failure with status 3.
    static func require(_ db: any SQLConnection, _ tenant: TenantID) throws -> TenantRecord {
        guard let record = try find(db, tenant: tenant) else {
            throw Failure(.notFound, "there is no tenant '\(tenant)'; `ml-connector tenant list` shows those there are")
        }
        return record
    }
}

extension Value {
    init(_ time: Timestamp?) { self = time.map { .text($0.description) } ?? .none }
    init(_ id: (some TextID)?) { self = id.map { .text($0.rawValue) } ?? .none }
}

/// A manifest file.
enum ManifestFile {
    static let bytesMax = 262_144

    static func read(_ path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure(.usage, "MANIFEST: cannot read the file '\(path)'")
        }
        guard data.count <= bytesMax else {
            throw Failure(.usage, "MANIFEST: '\(path)' is larger than \(bytesMax) bytes")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw Failure(.usage, "MANIFEST: '\(path)' is not UTF-8 text")
        }
        return text
    }
}
