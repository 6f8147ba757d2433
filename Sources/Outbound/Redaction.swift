import Foundation
package import LibCrypto
import Synchronization

/// Takes secrets out of text that is about to be logged, stored or shown: by the form that keys and tokens have, and by
/// value for those that have been registered.
package final class Redaction: Sendable {
    /// Shorter values would black out ordinary words.
    package static let valueLengthMin = 6
    package static let valuesMax = 1000
    package static let mark = "[redacted]"

    private final class Held: Sendable {
        let secret: Secret
        init(_ secret: consuming Secret) { self.secret = secret }

        func equals(_ other: borrowing Secret) -> Bool {
            secret.withBytes { mine in other.withBytes { theirs in constantTimeEqual(mine, theirs) } }
        }
    }

    private let values = Mutex<[Held]>([])

    package init() {}

    /// From now on this value is taken out wherever it stands. The oldest registered value gives way to the 1001st.
    package func register(_ secret: borrowing Secret) {
        guard secret.count >= Self.valueLengthMin else { return }
        let copy = Held(secret.duplicate())
        values.withLock { held in
            guard !held.contains(where: { $0.equals(copy.secret) }) else { return }
            held.append(copy)
            if held.count > Self.valuesMax { held.removeFirst() }
        }
    }

    /// The value is not in use any more.
    package func forget(_ secret: borrowing Secret) {
        let copy = Held(secret.duplicate())
        values.withLock { held in held.removeAll { $0.equals(copy.secret) } }
    }

    /// `text` without registered values and without anything that looks like a key or a token.
    package func redact(_ text: String) -> String {
        let held = values.withLock { $0 }
        var result = text
        for value in held {
            value.secret.withText { result = result.replacingOccurrences(of: $0, with: Self.mark) }
        }
        return Self.byPattern(result)
    }

    /// Stripe's keys and endpoint secrets, bearer and basic credentials, JSON web tokens, and fields
    /// named like secrets.
    package static func byPattern(_ text: String) -> String {
        // The expressions are made anew for each use: Regex is not Sendable, so none can be kept in a static.
        var result = text.replacing(
            /(?i)(client_secret|access_token|refresh_token|client_assertion|password)("?\s*[=:]\s*"?)[^&\s",}<]+/
        ) { "\($0.output.1)\($0.output.2)\(mark)" }
        result = result.replacing(/(?i)(bearer)\s+[a-z0-9._~+\/=-]{6,}/) { "\($0.output.1) \(mark)" }
        result = result.replacing(/(?i)(basic)\s+[a-z0-9+\/=]{16,}/) { "\($0.output.1) \(mark)" }
        result = result.replacing(/eyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,4}/) { _ in mark }
        // `rk_test_` alone is a prefix that an advice names, not a key.
        return result.replacing(/(sk|rk|whsec)_(?!(?:test|live)_(?![A-Za-z0-9]))[A-Za-z0-9_+\/=-]{4,}/) { match in
            // `task_list` and `risk_score` end in the same letters as a key begins with.
            let start = match.range.lowerBound
            let isWord = start > result.startIndex && result[result.index(before: start)].isLetter
            return isWord ? String(match.output.0) : "\(match.output.1)_\(mark)"
        }
    }
}
