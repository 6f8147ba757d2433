package import Domain

/// What a process tells the others that work on the same database.
package enum ChangeNotice: Hashable, Sendable {
    /// Something of the tenant is due.
    case work(TenantID)
    /// The signing secrets of a webhook endpoint are others.
    case secrets(endpointKey: String)

    /// PostgreSQL takes payloads of less than 8,000 bytes.
    private static let payloadBytesMax = 7900

    private var line: String {
        switch self {
        case .work(let tenant): "work \(tenant)"
        case .secrets(let endpointKey): "secrets \(endpointKey)"
        }
    }

    /// Nil for what another version says.
    private init?(line: Substring) {
        let words = line.split(separator: " ", maxSplits: 1)
        guard words.count == 2 else { return nil }
        switch words[0] {
        case "work": self = .work(TenantID(rawValue: String(words[1])))
        case "secrets": self = .secrets(endpointKey: String(words[1]))
        default: return nil
        }
    }

    /// As few texts as hold them all, a line for each.
    static func payloads(_ notices: [ChangeNotice]) -> [String] {
        var payloads: [String] = []
        for line in Set(notices.map(\.line)).sorted() {
            if let last = payloads.last, last.utf8.count + line.utf8.count < payloadBytesMax {
                payloads[payloads.count - 1] = last + "\n" + line
            } else {
                payloads.append(line)
            }
        }
        return payloads
    }

    static func read(_ payload: String) -> [ChangeNotice] {
        payload.split(separator: "\n").compactMap(ChangeNotice.init(line:))
    }
}

/// What comes of listening.
package enum Announcement: Hashable, Sendable {
    case notice(ChangeNotice)
    /// The server cannot be heard. It is tried again; what was announced meanwhile is lost.
    case lost(StorageError)
}
