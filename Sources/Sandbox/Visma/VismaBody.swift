/// A request body in Visma's writing form: every scalar is wrapped, `{"note":{"value":"text"}}`. Member names are
/// found whatever their case, as the real server does. Source: facts, section 3.5.
struct VismaBody {
    private(set) var members: [(name: String, value: SandboxJSON)]

    init(_ json: SandboxJSON) throws(VismaProblem) {
        guard let members = json.members else { throw .malformed(field: "", text: "An object is expected.") }
        self.members = members.map { ($0.0, $0.1) }
    }

    init(_ bytes: [UInt8]) throws(VismaProblem) {
        let json: SandboxJSON
        do { json = try SandboxJSON.parse(bytes) } catch {
            throw .malformed(field: "", text: "Unexpected character: \(error.description).")
        }
        try self.init(json)
    }

    /// A member as it stands.
    func member(_ name: String) -> SandboxJSON? {
        members.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// An unwrapped text, as `operation` is.
    func plain(_ name: String) -> String? { member(name)?.stringValue }

    /// What is in the wrapper; nil when the member is absent or its value null.
    func wrapped(_ name: String) throws(VismaProblem) -> SandboxJSON? {
        guard let member = member(name), !member.isNull else { return nil }
        guard let inside = member.members else {
            throw .malformed(field: name, text: "Error converting value to type 'DtoValue'. Path '\(name)'.")
        }
        let value = inside.first { $0.0.lowercased() == "value" }?.1
        return value.flatMap { $0.isNull ? nil : $0 }
    }

    func text(_ name: String) throws(VismaProblem) -> String? {
        switch try wrapped(name) {
        case .none: return nil
        case .string(let text): return text
        case .number(let text): return text
        default: throw .malformed(field: name, text: "A text is expected. Path '\(name).value'.")
        }
    }

    func flag(_ name: String) throws(VismaProblem) -> Bool? {
        guard let value = try wrapped(name) else { return nil }
        guard let flag = value.boolValue else {
            throw .malformed(field: name, text: "Could not convert to boolean. Path '\(name).value'.")
        }
        return flag
    }

    /// Ten-thousandths unless other `places` are asked for. A text such as "148.3500" is accepted like a number.
    func amount(_ name: String, places: Int = VismaDecimal.places) throws(VismaProblem) -> Int64? {
        guard let value = try wrapped(name) else { return nil }
        guard let text = value.numberText ?? value.stringValue, let amount = VismaDecimal.parse(text, places: places)
        else {
            throw .malformed(field: name, text: "Could not convert to decimal. Path '\(name).value'.")
        }
        return amount
    }

    /// A day; the hour that may follow it is dropped. Nil when absent.
    func date(_ name: String) throws(VismaProblem) -> String? {
        guard let text = try text(name) else { return nil }
        guard let date = VismaTime.parseDate(text) else {
            throw .malformed(field: name + ".value", text: "Could not convert string to DateTime: \(text).")
        }
        return date
    }

    /// A new line of a new document: whatever else it asks for is refused.
    func insertions(_ name: String) throws(VismaProblem) -> [VismaBody] {
        let lines = try lines(name)
        for line in lines where line.plain("operation")?.lowercased() != "insert" {
            throw .malformed(field: "\(name).operation", text: "Only Insert is possible on a new document.")
        }
        return lines
    }

    func lines(_ name: String) throws(VismaProblem) -> [VismaBody] {
        guard let member = member(name), !member.isNull else { return [] }
        guard let elements = member.elements else {
            throw .malformed(field: name, text: "An array is expected. Path '\(name)'.")
        }
        var lines: [VismaBody] = []
        for element in elements { lines.append(try VismaBody(element)) }
        return lines
    }
}
