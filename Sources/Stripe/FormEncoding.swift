/// `application/x-www-form-urlencoded` text in the order in which it was added. The same calls give the same bytes,
/// which matters because Stripe refuses an idempotency key that comes back with other parameters.
struct FormEncoding: Hashable, Sendable {
    private(set) var text = ""

    /// Adds `name=value`. Brackets in names are escaped too: not every URL parser takes them bare in a query.
    mutating func add(_ name: String, _ value: String) {
        if !text.isEmpty { text += "&" }
        text += Self.escape(name) + "=" + Self.escape(value)
    }

    /// Nothing is added for an absent or empty value: Stripe takes `name=` as an order to clear the field, and
    /// refuses that where there is nothing to clear.
    mutating func add(_ name: String, ifPresent value: String?) {
        guard let value, !value.isEmpty else { return }
        add(name, value)
    }

    mutating func add(_ name: String, _ value: Int64) { add(name, String(value)) }
    mutating func add(_ name: String, _ value: Bool) { add(name, value ? "true" : "false") }

    /// `metadata[key]=value`, sorted by key: a dictionary's own order changes from run to run.
    mutating func add(_ name: String, _ values: [String: String]) {
        for key in values.keys.sorted() { add("\(name)[\(key)]", ifPresent: values[key]) }
    }

    var bytes: [UInt8] { Array(text.utf8) }

    /// Everything but RFC 3986's unreserved characters as `%XX`; a blank becomes `%20`, right in bodies and queries.
    static func escape(_ source: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result = [UInt8]()
        result.reserveCapacity(source.utf8.count)
        for byte in source.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95, 126: result.append(byte)
            default: result += [37, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
