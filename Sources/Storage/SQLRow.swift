package import Domain

/// One row of an answer, read by column name. Every reader throws `.unreadableRow` with the column and what it held
/// (its kind, not its content) when the value is not what was asked for.
package struct SQLRow: Sendable {
    private let columns: [String]
    private let values: [SQLValue]

    package init(columns: [String], values: [SQLValue]) {
        self.columns = columns
        self.values = values
    }

    package func value(_ column: String) throws -> SQLValue {
        guard let index = columns.firstIndex(of: column) else {
            throw StorageError(.unreadableRow, "the answer has no column \(column)")
        }
        return values[index]
    }

    package func textOrNull(_ column: String) throws -> String? {
        switch try value(column) {
        case .null: nil
        case .text(let text): text
        case let other: throw mismatch(column, other, expected: "text")
        }
    }

    package func integerOrNull(_ column: String) throws -> Int64? {
        switch try value(column) {
        case .null: nil
        case .integer(let integer): integer
        case let other: throw mismatch(column, other, expected: "an integer")
        }
    }

    package func blobOrNull(_ column: String) throws -> [UInt8]? {
        switch try value(column) {
        case .null: nil
        case .blob(let bytes): bytes
        case let other: throw mismatch(column, other, expected: "bytes")
        }
    }

    package func text(_ column: String) throws -> String { try present(column, textOrNull(column)) }
    package func integer(_ column: String) throws -> Int64 { try present(column, integerOrNull(column)) }
    package func blob(_ column: String) throws -> [UInt8] { try present(column, blobOrNull(column)) }

    package func int(_ column: String) throws -> Int {
        let wide = try integer(column)
        guard let narrow = Int(exactly: wide) else { throw malformed(column, "a number that fits") }
        return narrow
    }

    package func bool(_ column: String) throws -> Bool {
        switch try integer(column) {
        case 0: false
        case 1: true
        default: throw malformed(column, "0 or 1")
        }
    }

    package func timestamp(_ column: String) throws -> Timestamp { Timestamp(microseconds: try integer(column)) }

    package func timestampOrNull(_ column: String) throws -> Timestamp? {
        try integerOrNull(column).map { Timestamp(microseconds: $0) }
    }

    package func id<ID: TextID>(_ column: String) throws -> ID { ID(rawValue: try text(column)) }

    package func idOrNull<ID: TextID>(_ column: String) throws -> ID? {
        try textOrNull(column).map { ID(rawValue: $0) }
    }

    /// One of a closed set of states.
    package func choice<E: RawRepresentable>(_ column: String) throws -> E where E.RawValue == String {
        guard let value = E(rawValue: try text(column)) else { throw malformed(column, "a known \(E.self)") }
        return value
    }

    package func subjectOrNull(_ column: String) throws -> Subject? {
        guard let key = try textOrNull(column) else { return nil }
        guard let subject = Subject(key: key) else { throw malformed(column, "a subject") }
        return subject
    }

    package func subject(_ column: String) throws -> Subject { try present(column, subjectOrNull(column)) }

    package func document(_ column: String) throws -> DocumentRef {
        guard let document = DocumentRef(try text(column)) else { throw malformed(column, "a document") }
        return document
    }

    package func currency(_ column: String) throws -> Currency {
        guard let currency = Currency(try text(column)) else { throw malformed(column, "a currency") }
        return currency
    }

    private func present<T>(_ column: String, _ value: T?) throws -> T {
        guard let value else { throw malformed(column, "a value") }
        return value
    }

    private func mismatch(_ column: String, _ value: SQLValue, expected: String) -> StorageError {
        StorageError(.unreadableRow, "column \(column) holds \(value.kind) where \(expected) was expected")
    }

    private func malformed(_ column: String, _ expected: String) -> StorageError {
        StorageError(.unreadableRow, "column \(column) does not hold \(expected)")
    }
}
