import Domain
import LibCrypto
import Stripe
import Testing

/// The conformance list of Stripe's own libraries, numbered as in the fact sheet, then what only their code shows.
@Suite("Stripe's webhook signatures")
struct WebhookSignatureTests {
    static let secret = "whsec_test_secret"
    static let body = Array(#"{"id":"evt_1","object":"event","type":"charge.failed","livemode":false}"#.utf8)
    static let signedAt: Int64 = 1_700_000_000

    static func code(_ body: [UInt8] = body, at time: Int64 = signedAt, secret: String = secret) throws -> String {
        hex(try HMACKey(Secret(secret)).code(Array("\(time).".utf8), body))
    }

    static func header(_ body: [UInt8] = body, at time: Int64 = signedAt, secret: String = secret) throws -> String {
        "t=\(time),v1=\(try code(body, at: time, secret: secret))"
    }

    @discardableResult
    private func verify(
        _ header: String?, body: [UInt8] = body, secrets: [String] = [secret], now: Timestamp? = nil,
        tolerance: Int64? = SignedPayload.defaultToleranceSeconds
    ) throws -> SignedPayload {
        let payload = try SignedPayload.parse(header: header.map { Array($0.utf8) }, body: body)
        var keys = [HMACKey]()
        for secret in secrets { keys.append(try WebhookSecret.key(Secret(secret))) }
        try payload.verify(keys: keys, now: now ?? Timestamp(unixSeconds: Self.signedAt), toleranceSeconds: tolerance)
        return payload
    }

    @Test("1: a valid header and body give the event")
    func valid() throws {
        let payload = try verify(try Self.header())
        #expect(payload.signedAtSeconds == Self.signedAt)
        #expect(try EventEnvelope.parse(payload.body).id == "evt_1")
    }

    @Test("2: the body is bytes, also ones that are no text")
    func rawBytes() throws {
        let body: [UInt8] = [0, 255, 254, 10, 13, 0]
        #expect(try verify(try Self.header(body), body: body).body == body)
    }

    @Test("3: a signed body that is not JSON is a parse error and not a signature error")
    func notJSON() throws {
        let body = Array("this is not JSON".utf8)
        let payload = try verify(try Self.header(body), body: body)
        #expect(throws: WebhookFailure.notJSON) { try EventEnvelope.parse(payload.body) }
    }

    @Test("4: an absent or an empty header means not signed", arguments: [nil, ""])
    func noHeader(header: String?) {
        #expect(throws: WebhookFailure.noHeader) { try verify(header) }
    }

    @Test(
        "5: a header that is something else cannot be taken apart",
        arguments: ["bad_header", "i'm not even a real signature header"])
    func badHeader(header: String) {
        #expect(throws: WebhookFailure.malformedHeader) { try verify(header) }
    }

    @Test(
        "6: a name without a value, or a time without digits, is malformed",
        arguments: ["v1,t=1", "t=", "t=1x,v1=00", "v1=00"])
    func malformed(header: String) {
        #expect(throws: WebhookFailure.malformedHeader) { try verify(header) }
    }

    @Test("7: only v0 means that the expected scheme is missing")
    func onlyOldScheme() throws {
        let header = "t=\(Self.signedAt),v0=\(try Self.code())"
        #expect(throws: WebhookFailure.noExpectedScheme) { try verify(header) }
    }

    @Test("8: a wrong v1 does not match")
    func wrongCode() throws {
        var code = Array(try Self.code().utf8)
        code[63] = code[63] == 48 ? 49 : 48
        let header = "t=\(Self.signedAt),v1=\(String(decoding: code, as: UTF8.self))"
        #expect(throws: WebhookFailure.noMatch) { try verify(header) }
        #expect(throws: WebhookFailure.noMatch) { try verify("t=\(Self.signedAt),v1=bad_signature") }
        #expect(throws: WebhookFailure.noMatch) { try verify("t=\(Self.signedAt),v1=") }
    }

    @Test("8: one altered byte of the body, or another time, does not match")
    func altered() throws {
        let header = try Self.header()
        var body = Self.body
        body[body.count - 2] ^= 1
        #expect(throws: WebhookFailure.noMatch) { try verify(header, body: body) }
        let moved = header.replacing("t=\(Self.signedAt)", with: "t=\(Self.signedAt + 1)")
        #expect(throws: WebhookFailure.noMatch) { try verify(moved) }
    }

    @Test("9: a bad v1 beside a good one is passed over", arguments: [",v1=bad_signature", ",v1=potato", ",v1="])
    func badBesideGood(addition: String) throws {
        try verify(try Self.header() + addition)
        let reversed = "t=\(Self.signedAt)" + addition + ",v1=" + (try Self.code())
        try verify(reversed)
    }

    @Test("10: while a secret is rolled, a header with two codes is accepted with the old or the new secret")
    func rolled() throws {
        let header =
            "t=\(Self.signedAt),v1=\(try Self.code(secret: "whsec_old")),v1=\(try Self.code(secret: "whsec_new"))"
        try verify(header, secrets: ["whsec_old"])
        try verify(header, secrets: ["whsec_new"])
        try verify(header, secrets: ["whsec_other", "whsec_new"])
        #expect(throws: WebhookFailure.noMatch) { try verify(header, secrets: ["whsec_other"]) }
        #expect(throws: WebhookFailure.noMatch) { try verify(header, secrets: []) }
    }

    @Test("11: 15 seconds old is too old for a tolerance of 10 and not for 20, by the time that is given")
    func age() throws {
        let now = Timestamp(unixSeconds: Self.signedAt + 15)
        #expect(throws: WebhookFailure.tooOld(ageSeconds: 15, toleranceSeconds: 10)) {
            try verify(try Self.header(), now: now, tolerance: 10)
        }
        try verify(try Self.header(), now: now, tolerance: 20)
    }

    @Test("12: without a tolerance, or with zero, no age is too old", arguments: [nil, 0] as [Int64?])
    func noTolerance(tolerance: Int64?) throws {
        try verify(try Self.header(at: 12345), tolerance: tolerance)
        #expect(throws: WebhookFailure.self) { try verify(try Self.header(at: 12345)) }
    }

    @Test("13: by default 299 and 300 seconds pass, 300 seconds and a millisecond do not")
    func defaultTolerance() throws {
        let header = try Self.header()
        let signed = Timestamp(unixSeconds: Self.signedAt)
        try verify(header, now: signed.adding(seconds: 299))
        try verify(header, now: signed.adding(seconds: 300))
        #expect(throws: WebhookFailure.tooOld(ageSeconds: 300, toleranceSeconds: 300)) {
            try verify(header, now: signed.adding(milliseconds: 300_001))
        }
    }

    @Test(
        "14: an empty or blank secret is refused, even when the body was signed with it",
        arguments: ["", " ", "\t\r\n \u{0B}\u{0C}"])
    func blankSecret(secret: String) throws {
        let header = try Self.header(secret: secret)
        #expect(throws: WebhookFailure.unusableSecret) { try verify(header, secrets: [secret]) }
    }

    @Test("14: blanks around a secret belong to it", arguments: [" whsec_x", "whsec_x\n", "\u{A0}whsec_x", "\u{A0}"])
    func verbatimSecret(secret: String) throws {
        try verify(try Self.header(secret: secret), secrets: [secret])
        if secret != "\u{A0}" {
            #expect(throws: WebhookFailure.noMatch) {
                try verify(try Self.header(secret: secret), secrets: ["whsec_x"])
            }
        }
    }

    @Test("14: the prefix whsec_ is part of the key")
    func wholeSecret() throws {
        let header = try Self.header(secret: "test_secret")
        #expect(throws: WebhookFailure.noMatch) { try verify(header, secrets: ["whsec_test_secret"]) }
    }

    // The other halves of case 15, a parsed object as body and an array as header, are refused by the types.
    @Test("15: an empty body is refused, even when it was signed")
    func emptyBody() throws {
        let header = try Self.header([])
        #expect(throws: WebhookFailure.emptyBody) { try verify(header, body: []) }
    }

    @Test("16: each parser refuses the other's form, and one that may read both tells them apart")
    func forms() throws {
        let thin = Array(
            (#"{"id":"evt_2","object":"v2.core.event","type":"v1.charge.failed","livemode":false,"#
                + #""created":"2026-11-22T10:00:00.000Z"}"#).utf8)
        #expect(throws: WebhookFailure.wrongForm("snapshot was expected, thin came")) {
            try EventEnvelope.parse(thin, expecting: .snapshot)
        }
        #expect(throws: WebhookFailure.wrongForm("thin was expected, snapshot came")) {
            try EventEnvelope.parse(Self.body, expecting: .thin)
        }
        #expect(try EventEnvelope.parse(thin).form == .thin)
        #expect(try EventEnvelope.parse(Self.body).form == .snapshot)
    }

    @Test(
        "17: the version of a body is not checked, as only ids are read from it",
        arguments: [
            #""2026-08-26.dahlia""#, #""2099-10-10.dahlia""#, #""2024-09-30.acacia""#, #""2020-08-27""#, "null",
        ])
    func anyVersion(version: String) throws {
        let body = Array(
            #"{"id":"evt_1","object":"event","api_version":\#(version),"type":"charge.failed","livemode":true}"#.utf8)
        #expect(try EventEnvelope.parse(try verify(try Self.header(body), body: body).body).type == "charge.failed")
    }

    @Test("18: a header has exactly t and v1, with 64 hexadecimal digits; upper case is the same code")
    func shape() throws {
        let header = try Self.header()
        #expect(header.split(separator: ",").map { $0.split(separator: "=")[0] } == ["t", "v1"])
        let code = try Self.code()
        #expect(code.utf8.count == 64)
        let bytesOfCode = try #require(bytes(hex: code))
        let candidates = try verify(header).candidates
        #expect(candidates == [bytesOfCode])
        try verify("t=\(Self.signedAt),v1=\(code.uppercased())")
    }

    @Test("19: a body with other letters is signed as its UTF-8 bytes; the code was computed by another program")
    func unicode() throws {
        let body = Array(#"{"id":"evt_1","object":"event","note":"blåbær 🫐"}"#.utf8)
        try verify("t=1700000000,v1=6c44a3dafb02267e1d093c83f8f31e8cbe833ed5ed35c976aa82883fa709007b", body: body)
    }

    @Test("a time in the future is accepted")
    func future() throws {
        try verify(try Self.header(at: Self.signedAt + 86_400))
    }

    @Test("the signature is checked before the age")
    func order() throws {
        let header = try Self.header(at: 12345, secret: "whsec_other")
        #expect(throws: WebhookFailure.noMatch) { try verify(header) }
    }

    @Test("a value may hold further equals signs, and the names of later schemes are passed over")
    func equalsSigns() throws {
        try verify(try Self.header() + ",v2=YWJj==,a=b=c")
        #expect(throws: WebhookFailure.noMatch) { try verify("t=\(Self.signedAt),v1=\(try Self.code())=x") }
    }

    @Test("blanks after commas are not taken off")
    func blanks() throws {
        let header = "t=\(Self.signedAt), v1=\(try Self.code())"
        #expect(throws: WebhookFailure.noExpectedScheme) { try verify(header) }
    }

    @Test("two times, too many digits, a sign or too many codes are malformed")
    func limits() throws {
        let code = try Self.code()
        for header in [
            "t=\(Self.signedAt),t=\(Self.signedAt),v1=\(code)", "t=1234567890123,v1=\(code)", "t=-1,v1=\(code)",
            "t=+1,v1=\(code)", "t=1,v1=\(code),",
            "t=1" + String(repeating: ",v1=\(code)", count: SignedPayload.candidatesMax + 1),
        ] {
            #expect(throws: WebhookFailure.malformedHeader, "\(header.prefix(40))") { try verify(header) }
        }
        try verify("t=\(Self.signedAt)" + String(repeating: ",v1=\(code)", count: SignedPayload.candidatesMax))
    }
}
