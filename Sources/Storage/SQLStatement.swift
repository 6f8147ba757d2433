package import Domain

/// A value as both engines keep it. Booleans are the integers 0 and 1.
package enum SQLValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])

    /// What may be said of it in an error: never the value itself.
    var kind: String {
        switch self {
        case .null: "null"
        case .integer: "an integer"
        case .text: "text"
        case .blob: "bytes"
        }
    }
}

/// What can be bound to a placeholder.
package protocol SQLBindable {
    var sqlValue: SQLValue { get }
}

extension String: SQLBindable { package var sqlValue: SQLValue { .text(self) } }
extension Int: SQLBindable { package var sqlValue: SQLValue { .integer(Int64(self)) } }
extension Int64: SQLBindable { package var sqlValue: SQLValue { .integer(self) } }
extension Bool: SQLBindable { package var sqlValue: SQLValue { .integer(self ? 1 : 0) } }
extension Array: SQLBindable where Element == UInt8 { package var sqlValue: SQLValue { .blob(self) } }
extension Timestamp: SQLBindable { package var sqlValue: SQLValue { .integer(microseconds) } }
extension Subject: SQLBindable { package var sqlValue: SQLValue { .text(key) } }
extension DocumentRef: SQLBindable { package var sqlValue: SQLValue { .text(description) } }
extension Currency: SQLBindable { package var sqlValue: SQLValue { .text(code) } }

/// SQL with its arguments: the only type that renders SQL text. It is written as a string literal in which every
/// interpolated value becomes a bound argument, never text; an interpolated `SQLStatement` is inserted as SQL.
package struct SQLStatement: ExpressibleByStringInterpolation, Hashable, Sendable {
    /// The text between the arguments: always one more than there are arguments.
    private var pieces: [String]
    package private(set) var arguments: [SQLValue]

    package init(stringLiteral text: String) {
        pieces = [text]
        arguments = []
    }

    package init(stringInterpolation: Interpolation) {
        pieces = stringInterpolation.pieces
        arguments = stringInterpolation.arguments
    }

    /// The text with `placeholder` of each argument's number, from 1: `?` for SQLite, `$1` for PostgreSQL.
    package func text(placeholder: (Int) -> String) -> String {
        var text = pieces[0]
        for (index, piece) in pieces.dropFirst().enumerated() {
            text += placeholder(index + 1)
            text += piece
        }
        return text
    }

    package struct Interpolation: StringInterpolationProtocol {
        fileprivate var pieces: [String] = [""]
        fileprivate var arguments: [SQLValue] = []

        package init(literalCapacity: Int, interpolationCount: Int) {
            pieces.reserveCapacity(interpolationCount + 1)
            arguments.reserveCapacity(interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) { pieces[pieces.count - 1] += literal }

        private mutating func bind(_ value: SQLValue) {
            arguments.append(value)
            pieces.append("")
        }

        package mutating func appendInterpolation(_ value: (some SQLBindable)?) { bind(value?.sqlValue ?? .null) }

        /// Typed ids and states.
        package mutating func appendInterpolation<V: RawRepresentable>(_ value: V?) where V.RawValue == String {
            bind(value.map { .text($0.rawValue) } ?? .null)
        }

        package mutating func appendInterpolation(_ fragment: SQLStatement) {
            appendLiteral(fragment.pieces[0])
            arguments += fragment.arguments
            pieces += fragment.pieces.dropFirst()
        }

        /// The fragments with commas between them, for the rows of `VALUES`.
        package mutating func appendInterpolation(rows fragments: [SQLStatement]) {
            for (index, fragment) in fragments.enumerated() {
                if index > 0 { appendLiteral(", ") }
                appendInterpolation(fragment)
            }
        }

        /// The values with commas between them, for `IN (...)`. No value at all gives NULL, which nothing equals.
        package mutating func appendInterpolation(list values: [some SQLBindable]) {
            guard !values.isEmpty else { return appendLiteral("NULL") }
            for (index, value) in values.enumerated() {
                if index > 0 { appendLiteral(", ") }
                bind(value.sqlValue)
            }
        }
    }
}
