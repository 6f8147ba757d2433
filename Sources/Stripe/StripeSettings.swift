package import Domain
package import LibCrypto

/// The room's fixed numbers and names.
package enum StripeAPI {
    /// Sent with every request, whatever the account's default version is: the answers keep the shape we read.
    package static let version = "2026-08-26.dahlia"
    package static let userAgent = "ml-connector"
    /// Rows of one page; Stripe's own maximum.
    static let pageRowsMax = 100
    /// Pages of one list: 100,000 rows. A list that is longer is an error, never a silently short answer.
    static let pagesMax = 1000
}

/// The two worlds of a Stripe account; objects of one are not visible in the other.
package enum StripeMode: String, Sendable, Codable, CaseIterable {
    case test, live
}

/// Where Stripe is and how long a call may take.
package struct StripeSettings: Hashable, Sendable {
    /// Scheme and host without a trailing slash, like `https://api.stripe.com`; checked by the composition root.
    package var origin: String
    /// For one whole exchange.
    package var timeoutMilliseconds: Int64
    /// A key of the other mode is refused before any call is made.
    package var mode: StripeMode

    package init(origin: String, timeoutMilliseconds: Int64, mode: StripeMode) {
        self.origin = origin
        self.timeoutMilliseconds = timeoutMilliseconds
        self.mode = mode
    }
}

/// What an API key's prefix tells: `sk_test_`, `sk_live_`, `rk_test_`, `rk_live_`.
package struct StripeKeyKind: Hashable, Sendable {
    package enum Kind: String, Sendable {
        /// `sk_`: may do everything.
        case secret
        /// `rk_`: may do what was granted; the kind to recommend.
        case restricted
    }

    package var kind: Kind
    package var mode: StripeMode

    package init(kind: Kind, mode: StripeMode) {
        self.kind = kind
        self.mode = mode
    }

    private static let keyBytesMax = 512

    /// Reads the prefix. Throws `.reauthorise` with the remedy for anything that is not a key for a server; the text
    /// never holds the key. The whole key must be letters, digits and underscores, as it goes into a header.
    package static func parse(_ key: borrowing Secret) throws(ConnectorError) -> StripeKeyKind {
        let plain = key.count <= keyBytesMax && key.withBytes { $0.allSatisfy(isKeyByte) }
        let prefix = key.withBytes { String(decoding: $0.prefix(8), as: UTF8.self) }
        guard plain else {
            throw unusable("it holds blanks, line breaks or other characters that no key has; paste it again")
        }
        guard key.count > 8 else { throw unusable("it is too short; paste the whole key") }
        switch prefix {
        case "sk_test_": return StripeKeyKind(kind: .secret, mode: .test)
        case "sk_live_": return StripeKeyKind(kind: .secret, mode: .live)
        case "rk_test_": return StripeKeyKind(kind: .restricted, mode: .test)
        case "rk_live_": return StripeKeyKind(kind: .restricted, mode: .live)
        case "pk_test_", "pk_live_":
            throw unusable("it is a publishable key; make a restricted key (rk_...) in Stripe's dashboard")
        case _ where prefix.hasPrefix("whsec_"):
            throw unusable("it is a webhook signing secret; an API key begins with rk_ or sk_")
        default: throw unusable("an API key begins with rk_test_, rk_live_, sk_test_ or sk_live_")
        }
    }

    /// Throws `.reauthorise` when the key belongs to the other mode than the tenant.
    package func check(mode wanted: StripeMode) throws(ConnectorError) {
        guard mode != wanted else { return }
        throw ConnectorError(
            code: StripeErrors.modeMismatch,
            text: "the Stripe API key is a \(mode.rawValue) key but the tenant is in \(wanted.rawValue) mode; "
                + "set a key that begins with rk_\(wanted.rawValue)_ or sk_\(wanted.rawValue)_",
            disposition: .reauthorise, system: .stripe)
    }

    private static func isKeyByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 95, 97...122: true
        default: false
        }
    }

    private static func unusable(_ why: String) -> ConnectorError {
        ConnectorError(
            code: "stripe.unusable_key", text: "the Stripe API key cannot be used: \(why)", disposition: .reauthorise,
            system: .stripe)
    }
}
