import Domain
import LibCrypto
import Outbound
import Stripe
import Testing

@Suite("What Stripe's refusals mean")
struct ErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var method: String
        var status: Int
        var error: String
        var headers: [(String, String)] = []
        var code: String
        var disposition: Disposition
        var testDescription: String { "\(method) \(status) \(code) \(headers)" }
    }

    private static func failing(_ step: ScriptedTransport.Step, method: String) async -> ConnectorError? {
        let call = OutboundCall(
            system: .stripe, method: method, path: "/v1/invoices", idempotencyKey: method == "POST" ? "k" : nil)
        do throws(ConnectorError) {
            _ = try await client(ScriptedTransport([step])).perform(call)
            return nil
        } catch {
            return error
        }
    }

    static let table: [Case] = [
        Case(
            method: "POST", status: 402, error: #"{"type":"card_error","code":"card_declined","message":"No."}"#,
            code: "stripe.card_declined", disposition: .reject),
        Case(
            method: "POST", status: 400, error: #"{"type":"idempotency_error","message":"Keys ..."}"#,
            code: "stripe.idempotency_conflict", disposition: .uncertain),
        Case(
            method: "POST", status: 400, error: #"{"type":"idempotency_error","message":"Keys ..."}"#,
            headers: [("Stripe-Should-Retry", "true")], code: "stripe.idempotency_conflict", disposition: .uncertain),
        Case(
            method: "POST", status: 409,
            error: #"{"type":"idempotency_error","code":"idempotency_key_in_use","message":"Busy"}"#,
            code: "stripe.idempotency_key_in_use", disposition: .uncertain),
        Case(
            method: "POST", status: 400,
            error: #"{"type":"invalid_request_error","code":"parameter_unknown","param":"bogus","message":"No"}"#,
            code: "stripe.parameter_unknown", disposition: .reject),
        Case(
            method: "POST", status: 400, error: #"{"type":"invalid_request_error","message":"No"}"#,
            headers: [("Stripe-Should-Retry", "true")], code: "stripe.invalid_request_error",
            disposition: .retry(afterSeconds: nil)),
        Case(
            method: "GET", status: 401, error: #"{"type":"invalid_request_error","message":"Invalid API Key"}"#,
            code: "stripe.unauthorised", disposition: .reauthorise),
        Case(
            method: "GET", status: 401, error: #"{"code":"api_key_expired","message":"Expired"}"#,
            code: "stripe.api_key_expired", disposition: .reauthorise),
        Case(
            method: "GET", status: 403, error: #"{"type":"invalid_request_error","message":"No."}"#,
            code: "stripe.permission_missing", disposition: .reauthorise),
        Case(
            method: "GET", status: 404, error: #"{"code":"resource_missing","message":"No such invoice: 'in_x'"}"#,
            code: "stripe.resource_missing", disposition: .reject),
        Case(
            method: "GET", status: 404,
            error:
                #"{"code":"resource_missing","#
                + #""message":"No such invoice: 'in_x'; a similar object exists in live mode,"#
                + #" but a test mode key was used to make this request."}"#,
            code: "stripe.mode_mismatch", disposition: .reauthorise),
        Case(
            method: "POST", status: 409, error: #"{"type":"invalid_request_error","message":"Busy"}"#,
            code: "stripe.invalid_request_error", disposition: .retry(afterSeconds: nil)),
        Case(
            method: "POST", status: 409, error: #"{"message":"Busy"}"#, headers: [("Stripe-Should-Retry", "false")],
            code: "stripe.http_409", disposition: .reject),
        Case(
            method: "POST", status: 409, error: #"{"code":"idempotency_key_in_use","message":"Busy"}"#,
            code: "stripe.idempotency_key_in_use", disposition: .uncertain),
        Case(
            method: "POST", status: 429, error: #"{"code":"lock_timeout","message":"Locked"}"#,
            headers: [("Stripe-Should-Retry", "true")], code: "stripe.lock_timeout",
            disposition: .retry(afterSeconds: 1)),
        Case(
            method: "GET", status: 429, error: #"{"message":"Slow down"}"#, code: "stripe.rate_limited",
            disposition: .retry(afterSeconds: 1)),
        Case(
            method: "GET", status: 429, error: #"{"message":"Slow down"}"#, headers: [("Retry-After", "7")],
            code: "stripe.rate_limited", disposition: .retry(afterSeconds: 7)),
        // exampleNow is Wed, 18 Nov 2026 11:06:40 GMT.
        Case(
            method: "GET", status: 429, error: #"{"message":"Slow down"}"#,
            headers: [("Retry-After", "Wed, 18 Nov 2026 11:07:00 GMT")], code: "stripe.rate_limited",
            disposition: .retry(afterSeconds: 20)),
        Case(
            method: "GET", status: 429, error: #"{"message":"Slow down"}"#, headers: [("Retry-After", "99999999999")],
            code: "stripe.rate_limited", disposition: .retry(afterSeconds: 3600)),
        Case(
            method: "GET", status: 429, error: #"{"message":"Slow down"}"#,
            headers: [("Stripe-Should-Retry", "false")], code: "stripe.rate_limited",
            disposition: .retry(afterSeconds: 10)),
        Case(
            method: "GET", status: 500, error: #"{"type":"api_error","message":"Oops"}"#, code: "stripe.api_error",
            disposition: .retry(afterSeconds: nil)),
        Case(
            method: "POST", status: 500, error: #"{"type":"api_error","message":"Oops"}"#,
            headers: [("Stripe-Should-Retry", "true")], code: "stripe.api_error", disposition: .uncertain),
        Case(
            method: "POST", status: 500, error: #"{"type":"api_error","message":"Oops"}"#,
            headers: [("Idempotent-Replayed", "true"), ("Stripe-Should-Retry", "true")],
            code: "stripe.replayed_failure", disposition: .uncertain),
        Case(
            method: "POST", status: 402, error: #"{"type":"card_error","code":"card_declined","message":"No."}"#,
            headers: [("Idempotent-Replayed", "true")], code: "stripe.card_declined", disposition: .reject),
        Case(
            method: "POST", status: 429, error: #"{"code":"lock_timeout","message":"Locked"}"#,
            code: "stripe.lock_timeout", disposition: .retry(afterSeconds: 1)),
        Case(
            method: "POST", status: 429, error: #"{"code":"rate_limit","message":"Slow down"}"#,
            headers: [("Stripe-Rate-Limited-Reason", "endpoint-rate")], code: "stripe.rate_limited",
            disposition: .retry(afterSeconds: 1)),
        Case(
            method: "GET", status: 400, error: #"{"code":"rate_limit","message":"Slow down"}"#,
            code: "stripe.rate_limited", disposition: .retry(afterSeconds: 1)),
        Case(
            method: "DELETE", status: 503, error: "null", code: "stripe.http_503", disposition: .uncertain),
        Case(method: "POST", status: 302, error: "null", code: "stripe.http_302", disposition: .reject),
    ]

    @Test("by status, type, code and hint", arguments: table)
    func refusals(row: Case) async throws {
        let error = try #require(
            await Self.failing(
                .answer(answer(row.status, #"{"error":\#(row.error)}"#, row.headers + [("request-id", "req_1")])),
                method: row.method))
        #expect(error.code == row.code)
        #expect(error.disposition == row.disposition)
        #expect(error.httpStatus == row.status)
        #expect(error.requestID == "req_1")
        #expect(error.system == .stripe)
    }

    @Test("a body that is not Stripe's still gives an error")
    func foreignBody() async throws {
        let error = try #require(await Self.failing(.answer(answer(502, "<html>Bad gateway")), method: "POST"))
        #expect(error.code == "stripe.http_502")
        #expect(error.disposition == .uncertain)
    }

    @Test(
        "no answer at all",
        arguments: [
            ("POST", TransportFailure.Kind.notSent, "stripe.not_sent", Disposition.retry(afterSeconds: nil)),
            ("POST", .unknownEffect, "stripe.no_answer", .uncertain),
            ("DELETE", .unknownEffect, "stripe.no_answer", .uncertain),
            ("GET", .unknownEffect, "stripe.no_answer", .retry(afterSeconds: nil)),
            ("POST", .answerTooLarge, "stripe.answer_too_large", .uncertain),
            ("GET", .answerTooLarge, "stripe.answer_too_large", .reject),
        ])
    func transport(method: String, kind: TransportFailure.Kind, code: String, disposition: Disposition) async throws {
        let error = try #require(
            await Self.failing(.failure(TransportFailure(kind: kind, text: "reset")), method: method))
        #expect(error.code == code)
        #expect(error.disposition == disposition)
    }

    @Test("no key or secret that Stripe echoes comes through, and the rest of the text does")
    func redaction() async throws {
        let echoed =
            "Invalid API Key provided: sk_test_***********************4242 (or 'rk_live_51Hx...9z'), "
            + "whsec_abc; task_x and rak_invoice_write stay"
        let error = try #require(
            await Self.failing(
                .answer(answer(401, #"{"error":{"type":"invalid_request_error","message":"\#(echoed)"}}"#)),
                method: "GET"))
        #expect(
            error.text.hasSuffix(
                "Invalid API Key provided: [sk_…] (or '[rk_…]'), [whsec_…]; task_x and rak_invoice_write stay"))
        for part in ["4242", "51Hx", "9z", "abc"] { #expect(!error.description.contains(part)) }
    }

    @Test("a missing permission is named")
    func permission() async throws {
        let message =
            "The provided key 'rk_test_51abc' does not have the required permissions for this endpoint "
            + "on account 'acct_1'. Having the 'rak_invoice_write' permission would allow this request "
            + "to continue."
        let error = try #require(
            await Self.failing(.answer(answer(403, #"{"error":{"message":"\#(message)"}}"#)), method: "POST"))
        #expect(error.text.hasPrefix("the API key lacks the permission rak_invoice_write; grant it"))
        #expect(!error.text.contains("51abc"))
    }

    @Test("the parameter and the decline code are part of the text, and a long message is cut")
    func details() async throws {
        let long = String(repeating: "x", count: 5000)
        let error = try #require(
            await Self.failing(
                .answer(
                    answer(
                        402,
                        #"{"error":{"message":"\#(long)","param":"lines[0]","decline_code":"stolen_card"}}"#)),
                method: "POST"))
        #expect(error.text.hasSuffix("x… (parameter lines[0], declined: stolen_card)"))
        #expect(error.text.count < 700)
    }

    @Test("which limit was hit is part of the text")
    func limit() async throws {
        let error = try #require(
            await Self.failing(
                .answer(
                    answer(
                        429, #"{"error":{"message":"Slow down"}}"#,
                        [("Stripe-Rate-Limited-Reason", "resource-specific")])),
                method: "POST"))
        #expect(error.text == "Slow down (limit resource-specific)")
    }

    @Test(
        "the kind and the mode of a key",
        arguments: [
            ("sk_test_51abc", StripeKeyKind(kind: .secret, mode: .test)),
            ("sk_live_51abc", StripeKeyKind(kind: .secret, mode: .live)),
            ("rk_test_51abc", StripeKeyKind(kind: .restricted, mode: .test)),
            ("rk_live_51abc", StripeKeyKind(kind: .restricted, mode: .live)),
        ])
    func keyKinds(key: String, kind: StripeKeyKind) throws {
        #expect(try StripeKeyKind.parse(Secret(key)) == kind)
    }

    @Test(
        "what is no key for a server is refused with its remedy and without the key",
        arguments: [
            ("pk_test_51abc", "publishable"), ("whsec_51abcdefgh", "webhook signing secret"), ("", "too short"),
            ("sk_test_", "too short"), ("51abc51abc51abc", "begins with"), ("sk_test_51abc\n", "paste it again"),
            ("sk_test_51 abc", "paste it again"), ("sk_test_51abc\r\nX-Evil: 1", "paste it again"),
        ])
    func badKeys(key: String, hint: String) throws {
        let error = try #require(throws: ConnectorError.self) { try StripeKeyKind.parse(Secret(key)) }
        #expect(error.code == "stripe.unusable_key")
        #expect(error.disposition == .reauthorise)
        #expect(error.text.contains(hint))
        #expect(!error.text.contains("51abc"))
    }
}
