/// Stripe's search language, as far as customers need it: clauses joined by AND or by OR (never both), `-` for
/// negation, `:` for a match of whole words in order, `~` for a part of at least three characters, `null`.
struct StripeSearchQuery: Sendable {
    enum Field: Sendable, Equatable {
        case created
        case named(String)
        case metadata(String)
    }

    private struct Clause: Sendable {
        var field: Field
        var isNegated: Bool
        var comparison: String
        /// nil stands for the word `null`.
        var value: String?
    }

    static let clausesMax = 10
    private static let names: Set<String> = ["email", "name", "phone"]
    private var clauses: [Clause] = []
    private var isDisjunction = false

    init(_ text: String) throws(StripeFailure) {
        var scanner = Scanner(text)
        while true {
            clauses.append(try Self.clause(&scanner))
            scanner.skipBlanks()
            if scanner.isAtEnd { break }
            let word = scanner.word()
            guard word == "AND" || word == "OR" else { throw Self.refused("expected AND or OR") }
            if clauses.count > 1, isDisjunction != (word == "OR") {
                throw Self.refused("AND and OR cannot be used in one query")
            }
            isDisjunction = word == "OR"
        }
        if clauses.count > Self.clausesMax { throw Self.refused("at most \(Self.clausesMax) clauses") }
    }

    func matches(_ value: (Field) -> String?) -> Bool {
        func holds(_ clause: Clause) -> Bool {
            Self.holds(clause, value(clause.field)) != clause.isNegated
        }
        return isDisjunction ? clauses.contains(where: holds) : clauses.allSatisfy(holds)
    }

    private static func holds(_ clause: Clause, _ value: String?) -> Bool {
        guard let wanted = clause.value else { return value == nil }
        guard let value else { return false }
        if clause.comparison == "~" { return value.lowercased().contains(wanted.lowercased()) }
        guard clause.field == .created else { return contains(words(value), words(wanted)) }
        guard let have = Int64(value), let want = Int64(wanted) else { return false }
        switch clause.comparison {
        case ">": return have > want
        case ">=": return have >= want
        case "<": return have < want
        case "<=": return have <= want
        default: return have == want
        }
    }

    private static func words(_ text: String) -> [String] {
        text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    }

    /// A phrase matches wherever its words follow one another: "one two three" is found in "one two three four".
    private static func contains(_ words: [String], _ phrase: [String]) -> Bool {
        guard !phrase.isEmpty, words.count >= phrase.count else { return false }
        return (0...(words.count - phrase.count)).contains { Array(words[$0..<($0 + phrase.count)]) == phrase }
    }

    private static func clause(_ scanner: inout Scanner) throws(StripeFailure) -> Clause {
        scanner.skipBlanks()
        let isNegated = scanner.take("-")
        let name = scanner.word()
        var field = Field.named(name)
        if name == "metadata" {
            guard scanner.take("["), let key = scanner.quoted(), scanner.take("]") else {
                throw refused("metadata needs a quoted key in brackets")
            }
            field = .metadata(key)
        } else if name == "created" {
            field = .created
        } else if !names.contains(name) {
            throw refused("field `\(name)` is an unsupported search field for resource `customers`")
        }
        guard let comparison = [">=", "<=", ">", "<", ":", "~"].first(where: { scanner.take($0) }) else {
            throw refused("expected an operator after \(name)")
        }
        let quoted = scanner.quoted()
        let value = quoted ?? scanner.word()
        if value.isEmpty { throw refused("expected a value after \(name)") }
        if comparison == "~", value.count < 3 { throw refused("a substring needs at least 3 characters") }
        if [">=", "<=", ">", "<"].contains(comparison), field != .created {
            throw refused("\(name) is not a number")
        }
        let isNull = quoted == nil && value == "null"
        return Clause(field: field, isNegated: isNegated, comparison: comparison, value: isNull ? nil : value)
    }

    private static func refused(_ why: String) -> StripeFailure {
        .parameter("query", "We were unable to parse your search query: \(why).")
    }

    private struct Scanner {
        private let characters: [Character]
        private var place = 0

        init(_ text: String) { characters = Array(text) }

        var isAtEnd: Bool { place >= characters.count }

        mutating func skipBlanks() { while !isAtEnd, characters[place] == " " { place += 1 } }

        mutating func take(_ text: String) -> Bool {
            guard characters[place...].starts(with: text) else { return false }
            place += text.count
            return true
        }

        mutating func word() -> String {
            skipBlanks()
            let start = place
            while !isAtEnd, characters[place].isLetter || characters[place].isNumber || "_.".contains(characters[place])
            {
                place += 1
            }
            return String(characters[start..<place])
        }

        /// A text between single or double quotes, where a backslash escapes; nil when there is none here.
        mutating func quoted() -> String? {
            guard !isAtEnd, characters[place] == "\"" || characters[place] == "'" else { return nil }
            let (quote, start) = (characters[place], place)
            var text = ""
            place += 1
            while !isAtEnd {
                if characters[place] == quote {
                    place += 1
                    return text
                }
                if characters[place] == "\\", place + 1 < characters.count { place += 1 }
                text.append(characters[place])
                place += 1
            }
            place = start
            return nil
        }
    }
}
