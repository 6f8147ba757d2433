package import Domain
package import LibCrypto

/// Why a webhook request is not taken. It says nothing about secrets or contents.
package enum WebhookFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// No `Stripe-Signature`, or an empty one: this is not Stripe calling.
    case noHeader
    /// The header has no time stamp or is not a list of `name=value`.
    case malformedHeader
    /// Well formed, but without any `v1`.
    case noExpectedScheme
    /// None of the `v1` codes belongs to a secret that we know.
    case noMatch
    case tooOld(ageSeconds: Int64, toleranceSeconds: Int64)
    case emptyBody
    case notJSON
    /// JSON, but not the form of event that was asked for, or no event at all.
    case wrongForm(String)
    /// The secret on our side is blank.
    case unusableSecret

    package var description: String {
        switch self {
        case .noHeader: "the Stripe-Signature header is missing or empty"
        case .malformedHeader: "the Stripe-Signature header has no time stamp or is not a list of name=value"
        case .noExpectedScheme: "the Stripe-Signature header has no v1 signature"
        case .noMatch: "no v1 signature matches an endpoint secret over the raw body; was the body altered on its way?"
        case .tooOld(let age, let tolerance): "signed \(age) s ago, which is more than \(tolerance) s"
        case .emptyBody: "the request has no body"
        case .notJSON: "the body is signed but is not JSON"
        case .wrongForm(let what): "the body is not the expected event: \(what)"
        case .unusableSecret: "the endpoint secret is empty or blank"
        }
    }
}

/// The signing secret of a webhook endpoint, `whsec_...`.
package enum WebhookSecret {
    /// The key schedule of the whole secret, prefix and any surrounding blanks included, as Stripe's own libraries
    /// use it. A blank secret is refused, since anyone could sign with it.
    package static func key(_ secret: borrowing Secret) throws(WebhookFailure) -> HMACKey {
        let isBlank = secret.withBytes { $0.allSatisfy { $0 == 32 || (9...13).contains($0) } }
        guard !isBlank else { throw .unusableSecret }
        do throws(CryptoFailure) {
            return try HMACKey(secret)
        } catch {
            throw .unusableSecret
        }
    }
}

/// A webhook request taken apart once, so that it can be tried against many secrets: `Stripe-Signature` is
/// `t=<unix seconds>,v1=<hex>[,v1=<hex>...]`, each code being HMAC-SHA256 of `<t>.<raw body>`.
/// Source: docs.stripe.com/webhooks and the behaviour of Stripe's own libraries (facts: webhooks).
package struct SignedPayload: Hashable, Sendable {
    package static let defaultToleranceSeconds: Int64 = 300
    /// Stripe sends one code per live secret; more than this is somebody making us work.
    package static let candidatesMax = 16
    /// Twelve digits of seconds last for 30,000 years and cannot overflow as microseconds.
    private static let timeDigitsMax = 12

    /// Seconds since 1970, by Stripe's clock; set anew at each delivery of the same event.
    package let signedAtSeconds: Int64
    /// The `v1` codes that are 32 bytes in hexadecimal; others are passed over.
    package let candidates: [[UInt8]]
    package let body: [UInt8]
    /// `<t>.`, with the digits as they came.
    private let head: [UInt8]

    /// Reads the header over bytes: with strings it costs more than the signature itself.
    ///
    /// Items are divided at commas, without trimming, and at their first `=`; an item without `=` makes the header
    /// malformed, an unknown name is passed over, as a later scheme may well have `=` in its value.
    package static func parse(header: [UInt8]?, body: [UInt8]) throws(WebhookFailure) -> SignedPayload {
        guard let header, !header.isEmpty else { throw .noHeader }
        var time: ArraySlice<UInt8>?
        var candidates = [[UInt8]]()
        var schemes = 0
        for item in header.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            guard let equals = item.firstIndex(of: UInt8(ascii: "=")) else { throw .malformedHeader }
            let (name, value) = (item[..<equals], item[(equals + 1)...])
            if name.elementsEqual("t".utf8) {
                guard time == nil else { throw .malformedHeader }
                time = value
            } else if name.elementsEqual("v1".utf8) {
                schemes += 1
                guard schemes <= candidatesMax else { throw .malformedHeader }
                if let code = code(hexadecimal: value) { candidates.append(code) }
            }
        }
        guard let time, let seconds = seconds(time) else { throw .malformedHeader }
        guard schemes > 0 else { throw .noExpectedScheme }
        guard !body.isEmpty else { throw .emptyBody }
        return SignedPayload(
            signedAtSeconds: seconds, candidates: candidates, body: body, head: time + [UInt8(ascii: ".")])
    }

    private init(signedAtSeconds: Int64, candidates: [[UInt8]], body: [UInt8], head: ArraySlice<UInt8>) {
        self.signedAtSeconds = signedAtSeconds
        self.candidates = candidates
        self.body = body
        self.head = Array(head)
    }

    /// False when no secret whatever could fit.
    package var hasCandidates: Bool { !candidates.isEmpty }

    /// Whether one of the codes was made with this key. Every candidate is compared, in constant time.
    package func matches(_ key: HMACKey) throws(CryptoFailure) -> Bool {
        guard !candidates.isEmpty else { return false }
        return try key.withCode(over: head, body) { expected in
            var isFound = false
            for candidate in candidates where constantTimeEqual(expected, candidate) { isFound = true }
            return isFound
        }
    }

    /// Refuses what was signed more than `toleranceSeconds` before `now`; nil or zero asks for no check. A time in
    /// the future is accepted, as by Stripe's own libraries: clocks differ, and the signature covers the time.
    package func checkAge(
        now: Timestamp, toleranceSeconds: Int64? = SignedPayload.defaultToleranceSeconds
    ) throws(WebhookFailure) {
        guard let toleranceSeconds, toleranceSeconds != 0 else { return }
        let signedAt = Timestamp(unixSeconds: signedAtSeconds)
        guard now > signedAt.adding(seconds: toleranceSeconds) else { return }
        throw .tooOld(ageSeconds: now.seconds(since: signedAt), toleranceSeconds: toleranceSeconds)
    }

    /// The whole check against the secrets of one endpoint, old and new: signature first, then age.
    package func verify(
        keys: [HMACKey], now: Timestamp, toleranceSeconds: Int64? = SignedPayload.defaultToleranceSeconds
    ) throws {
        guard try keys.contains(where: { try matches($0) }) else { throw WebhookFailure.noMatch }
        try checkAge(now: now, toleranceSeconds: toleranceSeconds)
    }

    private static func seconds(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard (1...timeDigitsMax).contains(digits.count) else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard (48...57).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - 48)
        }
        return value
    }

    private static func code(hexadecimal text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.count == 64 else { return nil }
        var result = [UInt8]()
        result.reserveCapacity(32)
        var high: UInt8?
        for byte in text {
            let nibble: UInt8
            switch byte {
            case 48...57: nibble = byte - 48
            case 65...70: nibble = byte - 55
            case 97...102: nibble = byte - 87
            default: return nil
            }
            if let first = high {
                result.append(first << 4 | nibble)
                high = nil
            } else {
                high = nibble
            }
        }
        return result
    }
}
