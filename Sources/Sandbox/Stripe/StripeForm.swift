/// The parameters of a request: form pairs with bracketed names, as a tree.
indirect enum StripeForm: Sendable {
    case text(String)
    case branch([(key: String, value: StripeForm)])

    /// Parses `a=1&b[c]=2&d[]=3&e[0][f]=4`. Percent signs and plus signs are decoded in names and values.
    static func parse(_ encoded: [UInt8]) -> StripeForm {
        build(pairs(encoded))
    }

    /// The tree of names and values that are not encoded.
    static func build(_ pairs: [(name: String, value: String)]) -> StripeForm {
        var root = StripeForm.branch([])
        for pair in pairs { root.insert(pair.value, at: ArraySlice(path(pair.name))) }
        return root
    }

    static func pairs(_ encoded: [UInt8]) -> [(name: String, value: String)] {
        encoded.split(separator: UInt8(ascii: "&")).map { pair in
            let cut = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            let rest = cut == pair.endIndex ? pair[cut...] : pair[(cut + 1)...]
            return (decode(pair[..<cut]), decode(rest))
        }
    }

    /// The parameters regardless of their order and of how they were escaped: what an idempotency key is bound to.
    static func canonical(_ encoded: [UInt8]) -> String {
        pairs(encoded).map { "\($0.name)\u{0}\($0.value)" }.sorted().joined(separator: "\u{1}")
    }

    private static func decode(_ bytes: ArraySlice<UInt8>) -> String {
        var output = [UInt8]()
        var position = bytes.startIndex
        while position < bytes.endIndex {
            let byte = bytes[position]
            if byte == UInt8(ascii: "%"), position + 2 < bytes.endIndex,
                let value = UInt8(String(decoding: bytes[(position + 1)...(position + 2)], as: UTF8.self), radix: 16)
            {
                output.append(value)
                position += 3
            } else {
                output.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                position += 1
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func path(_ name: String) -> [String] {
        guard let first = name.firstIndex(of: "["), name.hasSuffix("]") else { return [name] }
        let inner = name[name.index(after: first)...].dropLast()
        return [String(name[..<first])]
            + inner.split(separator: "][", omittingEmptySubsequences: false).map(String.init)
    }

    private mutating func insert(_ value: String, at path: ArraySlice<String>) {
        guard let first = path.first else {
            self = .text(value)
            return
        }
        var members: [(key: String, value: StripeForm)] = []
        if case .branch(let existing) = self { members = existing }
        let key = first.isEmpty ? String(members.count) : first
        let index = members.firstIndex { $0.key == key } ?? members.count
        if index == members.count { members.append((key, .branch([]))) }
        members[index].value.insert(value, at: path.dropFirst())
        self = .branch(members)
    }
}

/// Reading parameters that have passed their shape.
extension StripeForm {
    var members: [(key: String, value: StripeForm)] {
        if case .branch(let members) = self { members } else { [] }
    }

    subscript(name: String) -> StripeForm? { members.first { $0.key == name }?.value }

    /// The text of `name`; nil when absent or empty, as Stripe takes an empty text for "no value".
    func text(_ name: String) -> String? {
        guard case .text(let value) = self[name], !value.isEmpty else { return nil }
        return value
    }

    func whole(_ name: String) -> Int64? { text(name).flatMap { Int64($0) } }

    func flag(_ name: String) -> Bool? { text(name).map { $0 == "true" || $0 == "1" } }

    func list(_ name: String) -> [StripeForm] { self[name]?.members.map(\.value) ?? [] }

    func texts(_ name: String) -> [String] {
        list(name).compactMap { if case .text(let value) = $0 { value } else { nil } }
    }

    /// The string members of `name`; an empty value stands for "remove this key".
    func map(_ name: String) -> [String: String] {
        var values: [String: String] = [:]
        for member in self[name]?.members ?? [] {
            if case .text(let value) = member.value { values[member.key] = value }
        }
        return values
    }

    /// Whether `name` was given as an empty text, which clears the field.
    func isCleared(_ name: String) -> Bool {
        if case .text(let value) = self[name] { value.isEmpty } else { false }
    }

    func has(_ name: String) -> Bool { self[name] != nil }
}
