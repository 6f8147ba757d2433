import Domain

/// Reads a YAML map key by key; every error names the key by its whole path and says what is expected.
struct ManifestReader {
    private let entries: [String: Any]
    private let path: String

    init(map: [String: Any], path: String) {
        entries = map
        self.path = path
    }

    var keys: [String] { entries.keys.sorted() }

    func only(_ allowed: [String]) throws(ConnectorError) {
        for key in keys where !allowed.contains(key) {
            throw Manifest.error("\(path)\(key) is not known here; known are \(allowed.joined(separator: ", "))")
        }
    }

    /// A number is taken as its text, so that an account may be written 1580 or "1580".
    func optionalText(_ key: String) throws(ConnectorError) -> String? {
        switch entries[key] {
        case nil: return nil
        case let text as String where !text.isEmpty: return text
        case let number as Int: return String(number)
        default: throw Manifest.error("\(path)\(key) must be a text that is not empty")
        }
    }

    func text(_ key: String) throws(ConnectorError) -> String {
        guard let text = try optionalText(key) else { throw Manifest.error("\(path)\(key) is missing") }
        return text
    }

    func choice(_ key: String, _ allowed: [String], default preset: String) throws(ConnectorError) -> String {
        let text = try optionalText(key) ?? preset
        guard allowed.contains(text) else {
            throw Manifest.error("\(path)\(key) is '\(text)'; it must be \(allowed.joined(separator: ", "))")
        }
        return text
    }

    /// One of a policy's values, by its stored name.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, default preset: Choice
    ) throws(ConnectorError) -> Choice where Choice.RawValue == String {
        entries[key] == nil ? preset : try choice(key, of: Choice.self)
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, of type: Choice.Type
    ) throws(ConnectorError) -> Choice where Choice.RawValue == String {
        try choice(try text(key), of: type, in: key)
    }

    func choices<Choice: RawRepresentable & CaseIterable>(
        _ key: String, of type: Choice.Type
    ) throws(ConnectorError) -> [Choice]? where Choice.RawValue == String {
        guard let texts = try optionalTexts(key) else { return nil }
        var result: [Choice] = []
        for text in texts { result.append(try choice(text, of: type, in: key)) }
        return result
    }

    private func choice<Choice: RawRepresentable & CaseIterable>(
        _ text: String, of type: Choice.Type, in key: String
    ) throws(ConnectorError) -> Choice where Choice.RawValue == String {
        guard let choice = Choice(rawValue: text) else {
            let allowed = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw Manifest.error("\(path)\(key) is '\(text)'; it must be \(allowed)")
        }
        return choice
    }

    func limitedText(_ key: String, max: Int, as reason: String) throws(ConnectorError) -> String? {
        guard let text = try optionalText(key) else { return nil }
        guard text.unicodeScalars.count <= max else {
            throw Manifest.error("\(path)\(key) may have \(max) characters at most, as \(reason)")
        }
        return text
    }

    func currency(_ code: String, in key: String) throws(ConnectorError) -> Currency {
        guard let currency = Currency(code), currency.code == code else {
            throw Manifest.error(
                "\(path)\(key): '\(code)' is not a currency; write its three capital letters, like NOK")
        }
        return currency
    }

    /// An amount as text, so that it is taken to the last digit.
    func amount(_ key: String, in currency: Currency) throws(ConnectorError) -> Money {
        guard let text = entries[key] as? String else {
            throw Manifest.error("\(path)\(key) must be an amount in quotes, like \"1000.00\"")
        }
        let amount: Money
        do {
            amount = try Money(ExactAmount(parsing: text), currency: currency)
        } catch {
            throw Manifest.error("\(path)\(key) '\(text)' cannot be used: \(error)")
        }
        guard amount.isPositive else { throw Manifest.error("\(path)\(key) must be more than zero") }
        return amount
    }

    func optionalNumber(_ key: String, _ range: ClosedRange<Int>) throws(ConnectorError) -> Int? {
        entries[key] == nil ? nil : try number(key, range, default: range.lowerBound)
    }

    func number(_ key: String, _ range: ClosedRange<Int>, default preset: Int) throws(ConnectorError) -> Int {
        guard let value = entries[key] else { return preset }
        guard let number = value as? Int, range.contains(number) else {
            throw Manifest.error("\(path)\(key) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func flag(_ key: String, default preset: Bool) throws(ConnectorError) -> Bool {
        guard let value = entries[key] else { return preset }
        guard let flag = value as? Bool else { throw Manifest.error("\(path)\(key) must be true or false") }
        return flag
    }

    func date(_ key: String) throws(ConnectorError) -> LocalDate {
        guard let text = entries[key] as? String, let date = LocalDate(text), text.utf8.count == 10 else {
            throw Manifest.error("\(path)\(key) must be a date in quotes, like \"2026-01-01\"")
        }
        return date
    }

    func optionalTexts(_ key: String) throws(ConnectorError) -> [String]? {
        guard let value = entries[key] else { return nil }
        guard let list = value as? [Any] else { throw Manifest.error("\(path)\(key) must be a list") }
        var texts: [String] = []
        for item in list {
            if let text = item as? String {
                texts.append(text)
            } else if let number = item as? Int {
                texts.append(String(number))
            } else {
                throw Manifest.error("\(path)\(key) must be a list of texts")
            }
        }
        return texts
    }

    func texts(_ key: String) throws(ConnectorError) -> [String] { try optionalTexts(key) ?? [] }

    func optionalMap(_ key: String) throws(ConnectorError) -> ManifestReader? {
        guard let value = entries[key] else { return nil }
        guard let map = value as? [String: Any] else {
            throw Manifest.error("\(path)\(key) must be a map of lines 'name: value' that stand further in")
        }
        return ManifestReader(map: map, path: "\(path)\(key).")
    }

    func map(_ key: String) throws(ConnectorError) -> ManifestReader {
        guard let map = try optionalMap(key) else { throw Manifest.error("\(path)\(key) is missing") }
        return map
    }
}
