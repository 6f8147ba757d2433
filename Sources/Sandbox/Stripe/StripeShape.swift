/// What a parameter may look like. Stripe refuses what it does not know, so every route states its parameters.
indirect enum StripeShape: Sendable {
    /// At most so many characters; empty means "no value".
    case text(Int)
    /// A non-empty id or name.
    case id
    case whole
    case flag
    case decimal
    case choice([String])
    /// A Unix moment, or `gt`, `gte`, `lt`, `lte` bounds on one.
    case bounds
    /// At most 50 keys of 40 characters with values of 500.
    case metadata
    case list(StripeShape, max: Int)
    case object([StripeField])
    /// The shape, or an empty text that clears the field.
    case clearable(StripeShape)

    static let metadataKeysMax = 50
    static let metadataKeyCharactersMax = 40
    static let metadataValueCharactersMax = 500
}

struct StripeField: Sendable {
    var name: String
    var shape: StripeShape
    var isRequired = false

    init(_ name: String, _ shape: StripeShape) {
        self.name = name
        self.shape = shape
    }

    static func required(_ name: String, _ shape: StripeShape) -> StripeField {
        var field = StripeField(name, shape)
        field.isRequired = true
        return field
    }
}

extension StripeShape {
    func check(_ form: StripeForm, at path: String) throws(StripeFailure) {
        switch self {
        case .object(let fields): try Self.check(form, against: fields, at: path)
        case .list(let element, let max): try Self.check(form, listOf: element, max: max, at: path)
        case .metadata: try Self.checkMetadata(form, at: path)
        case .bounds:
            if case .text = form { return try StripeShape.whole.check(form, at: path) }
            let fields = ["gt", "gte", "lt", "lte"].map { StripeField($0, .whole) }
            try Self.check(form, against: fields, at: path)
        case .clearable(let shape):
            if case .text("") = form { return }
            try shape.check(form, at: path)
        case .text, .id, .whole, .flag, .decimal, .choice:
            guard case .text(let value) = form else {
                throw .parameter(path, "Invalid string: \(path) was given as an object or an array")
            }
            try checkScalar(value, at: path)
        }
    }

    private func checkScalar(_ value: String, at path: String) throws(StripeFailure) {
        switch self {
        case .text(let max):
            if value.count > max {
                throw .parameter(
                    path, "Invalid string: \(value.prefix(12))...; must be at most \(max) characters",
                    code: "parameter_invalid_string_too_long")
            }
        case .id:
            if value.isEmpty {
                throw .parameter(
                    path, "You passed an empty string for '\(path)', and '\(path)' cannot be unset.",
                    code: "parameter_invalid_empty")
            }
        case .whole:
            if Int64(value) == nil || value.hasPrefix("+") {
                throw .parameter(path, "Invalid integer: \(value)", code: "parameter_invalid_integer")
            }
        case .flag:
            if !["true", "false", "1", "0"].contains(value) {
                throw .parameter(path, "Invalid boolean: \(value)")
            }
        case .decimal:
            let parts = value.split(separator: ".", omittingEmptySubsequences: false)
            let digits = parts.first?.hasPrefix("-") == true ? parts[0].dropFirst() + "" : parts.first ?? ""
            let whole = ([digits] + parts.dropFirst()).allSatisfy { part in
                !part.isEmpty && part.allSatisfy { $0.isASCII && $0.isNumber }
            }
            if parts.count > 2 || !whole { throw .parameter(path, "Invalid decimal: \(value)") }
        case .choice(let choices):
            if !choices.contains(value) {
                let known = choices.dropLast().joined(separator: ", ") + (choices.count > 1 ? ", or " : "")
                throw .parameter(path, "Invalid \(path): must be one of \(known)\(choices.last ?? "")")
            }
        case .metadata, .list, .object, .clearable, .bounds: break
        }
    }

    /// Members against their fields: what is unknown first, then what is missing, then each value.
    static func check(
        _ form: StripeForm, against fields: [StripeField], at path: String = ""
    ) throws(StripeFailure) {
        guard case .branch(let members) = form else { throw .parameter(path, "Invalid object") }
        func full(_ name: String) -> String { path.isEmpty ? name : "\(path)[\(name)]" }
        for member in members where !fields.contains(where: { $0.name == member.key }) {
            throw .unknown(full(member.key))
        }
        for field in fields where field.isRequired && form[field.name] == nil {
            throw .missing(full(field.name))
        }
        for member in members {
            guard let field = fields.first(where: { $0.name == member.key }) else { continue }
            try field.shape.check(member.value, at: full(member.key))
        }
    }

    private static func check(
        _ form: StripeForm, listOf element: StripeShape, max: Int, at path: String
    ) throws(StripeFailure) {
        guard case .branch(let members) = form, members.allSatisfy({ Int($0.key) != nil }) else {
            throw .parameter(path, "Invalid array")
        }
        if members.count > max {
            throw .parameter(path, "Array \(path) exceeded maximum \(max) allowed elements.")
        }
        for member in members { try element.check(member.value, at: "\(path)[\(member.key)]") }
    }

    private static func checkMetadata(_ form: StripeForm, at path: String) throws(StripeFailure) {
        if case .text("") = form { return }
        guard case .branch(let members) = form else { throw .parameter(path, "Invalid object") }
        if members.count > metadataKeysMax {
            throw .parameter(path, "Metadata can have at most \(metadataKeysMax) keys.")
        }
        for member in members {
            guard case .text(let value) = member.value else {
                throw .parameter("\(path)[\(member.key)]", "Metadata values must be strings.")
            }
            if member.key.count > metadataKeyCharactersMax || value.count > metadataValueCharactersMax {
                throw .parameter(
                    "\(path)[\(member.key)]",
                    "Metadata keys can have up to \(metadataKeyCharactersMax) characters and values up to "
                        + "\(metadataValueCharactersMax) characters.")
            }
        }
    }
}
