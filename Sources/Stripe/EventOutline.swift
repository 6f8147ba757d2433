/// The few fields by which a delivered event is stored. Everything else of it is read after the answer.
package struct EventOutline: Hashable, Sendable {
    package var id: String
    package var type: String
    package var livemode: Bool
    package var objectID: String?

    /// What `EventEnvelope.parse` would say of these fields, at a twentieth of its cost for a body of the usual form.
    /// Throws `.notJSON` or `.wrongForm`.
    package static func read(_ body: [UInt8]) throws(WebhookFailure) -> EventOutline {
        let seen = body.withUnsafeBufferPointer { bytes in
            var scan = EventScan(bytes: bytes)
            return scan.outline()
        }
        if let seen { return seen }
        let envelope = try EventEnvelope.parse(body)
        return EventOutline(
            id: envelope.id, type: envelope.type, livemode: envelope.livemode, objectID: envelope.objects.id)
    }
}

/// One pass over an event's JSON. It checks the whole text but keeps nothing of it beyond the outline, and it gives up
/// (nil) at whatever is not plain: escapes in a name or a field that is kept, a name twice, deep nesting, anything that
/// is not JSON. `EventEnvelope` decides then, so that there is one opinion of what an event is.
private struct EventScan {
    private static let depthMax = 64

    let bytes: UnsafeBufferPointer<UInt8>
    private var at = 0
    private var isASCII = true

    private struct Found {
        var id: Range<Int>?
        var type: Range<Int>?
        var form: Range<Int>?
        var livemode: Bool?
        var ofData: Range<Int>?
        var ofRelated: Range<Int>?
    }

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func outline() -> EventOutline? {
        var found = Found()
        guard object(depth: 0, { $0.member(of: &found, named: $1) }) else { return nil }
        skipSpace()
        guard at == bytes.count, let id = found.id, let type = found.type, let livemode = found.livemode,
            let form = found.form, isASCII || String(validating: bytes, as: UTF8.self) != nil
        else { return nil }
        let objectID: Range<Int>? =
            if equal(form, "event") { found.ofData } else if equal(form, "v2.core.event") { found.ofRelated } else {
                nil
            }
        guard let objectID, !id.isEmpty, !type.isEmpty, !objectID.isEmpty else { return nil }
        return EventOutline(
            id: text(id), type: EventType.canonical(text(type)), livemode: livemode, objectID: text(objectID))
    }

    private mutating func member(of found: inout Found, named name: Range<Int>) -> Bool {
        switch name.count {
        case 2 where equal(name, "id"): return keep(&found.id)
        case 4 where equal(name, "type"): return keep(&found.type)
        case 4 where equal(name, "data"): return data(&found.ofData)
        case 6 where equal(name, "object"): return keep(&found.form)
        case 8 where equal(name, "livemode"):
            guard found.livemode == nil, at < bytes.count else { return false }
            found.livemode = bytes[at] == UInt8(ascii: "t")
            return literal("true") || literal("false")
        case 14 where equal(name, "related_object"): return object(&found.ofRelated, depth: 1)
        default: return value(depth: 1)
        }
    }

    /// `data` is an object with the event's object in it.
    private mutating func data(_ id: inout Range<Int>?) -> Bool {
        var seen: Range<Int>?
        guard id == nil,
            object(
                depth: 1,
                { scan, name in
                    scan.equal(name, "object") ? scan.object(&seen, depth: 2) : scan.value(depth: 2)
                })
        else { return false }
        id = seen
        return true
    }

    /// An object of which the id is kept; it must have one.
    private mutating func object(_ id: inout Range<Int>?, depth: Int) -> Bool {
        guard id == nil else { return false }
        var seen: Range<Int>?
        let isWhole = object(depth: depth) { scan, name in
            scan.equal(name, "id") ? scan.keep(&seen) : scan.value(depth: depth + 1)
        }
        id = seen
        return isWhole && seen != nil
    }

    private mutating func keep(_ field: inout Range<Int>?) -> Bool {
        guard field == nil, let range = string(), !range.isEscaped else { return false }
        field = range.content
        return true
    }

    // MARK: JSON

    /// An object; `member` reads the value of each name.
    private mutating func object(depth: Int, _ member: (inout EventScan, Range<Int>) -> Bool) -> Bool {
        skipSpace()
        guard depth < Self.depthMax, take(UInt8(ascii: "{")) else { return false }
        skipSpace()
        if take(UInt8(ascii: "}")) { return true }
        while true {
            skipSpace()
            guard let name = string(), !name.isEscaped else { return false }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { return false }
            skipSpace()
            guard member(&self, name.content) else { return false }
            skipSpace()
            if take(UInt8(ascii: "}")) { return true }
            guard take(UInt8(ascii: ",")) else { return false }
        }
    }

    private mutating func array(depth: Int) -> Bool {
        guard depth < Self.depthMax, take(UInt8(ascii: "[")) else { return false }
        skipSpace()
        if take(UInt8(ascii: "]")) { return true }
        while true {
            skipSpace()
            guard value(depth: depth + 1) else { return false }
            skipSpace()
            if take(UInt8(ascii: "]")) { return true }
            guard take(UInt8(ascii: ",")) else { return false }
        }
    }

    /// Any value, passed over.
    private mutating func value(depth: Int) -> Bool {
        guard at < bytes.count else { return false }
        switch bytes[at] {
        case UInt8(ascii: "\""): return string() != nil
        case UInt8(ascii: "{"): return object(depth: depth) { scan, _ in scan.value(depth: depth + 1) }
        case UInt8(ascii: "["): return array(depth: depth)
        case UInt8(ascii: "t"): return literal("true")
        case UInt8(ascii: "f"): return literal("false")
        case UInt8(ascii: "n"): return literal("null")
        default: return number()
        }
    }

    private mutating func string() -> (content: Range<Int>, isEscaped: Bool)? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let start = at
        var isEscaped = false
        var all: UInt8 = 0
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            all |= byte
            if byte == UInt8(ascii: "\"") {
                if all >= 0x80 { isASCII = false }
                return (start..<(at - 1), isEscaped)
            }
            if byte == UInt8(ascii: "\\") {
                isEscaped = true
                guard escape() else { return nil }
            } else if byte < 0x20 {
                return nil
            }
        }
        return nil
    }

    /// What follows a backslash.
    private mutating func escape() -> Bool {
        guard at < bytes.count else { return false }
        let kind = bytes[at]
        at += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return true
        case UInt8(ascii: "u"):
            guard at + 4 <= bytes.count else { return false }
            for byte in bytes[at..<(at + 4)] {
                guard (48...57).contains(byte) || (65...70).contains(byte) || (97...102).contains(byte) else {
                    return false
                }
            }
            at += 4
            return true
        default: return false
        }
    }

    private mutating func number() -> Bool {
        _ = take(UInt8(ascii: "-"))
        if take(UInt8(ascii: "0")) {
            guard digits() == 0 else { return false }
        } else if digits() == 0 {
            return false
        }
        if take(UInt8(ascii: ".")) { guard digits() > 0 else { return false } }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            _ = take(UInt8(ascii: "+")) || take(UInt8(ascii: "-"))
            guard digits() > 0 else { return false }
        }
        return true
    }

    private mutating func digits() -> Int {
        let start = at
        while at < bytes.count, (48...57).contains(bytes[at]) { at += 1 }
        return at - start
    }

    private mutating func literal(_ word: StaticString) -> Bool {
        guard equal(at..<min(at + word.utf8CodeUnitCount, bytes.count), word) else { return false }
        at += word.utf8CodeUnitCount
        return true
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard at < bytes.count, bytes[at] == byte else { return false }
        at += 1
        return true
    }

    private mutating func skipSpace() {
        while at < bytes.count {
            switch bytes[at] {
            case 32, 10, 13, 9: at += 1
            default: return
            }
        }
    }

    private func equal(_ range: Range<Int>, _ word: StaticString) -> Bool {
        range.count == word.utf8CodeUnitCount
            && UnsafeBufferPointer(rebasing: bytes[range])
                .elementsEqual(UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)
    }
}
