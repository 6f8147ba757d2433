import Domain
import LibCrypto
import Outbound
import Synchronization
import Testing

@Suite("Redaction")
struct RedactionTests {
    @Test(
        "What looks like a key goes",
        arguments: [
            "key sk_test_51Habcdef end", "key rk_live_51Habcdef end", "(whsec_abcDEF123/+=)",
            "Authorization: Bearer abc.def-ghi_123", "token eyJhbGciOi.eyJpc3MiOi.c2lnbmF0dXJl",
            "client_id=app&client_secret=hunter22&x=1", #"{"client_secret": "hunter22"}"#,
            #"{"access_token":"hunter22"}"#,
        ])
    func patterns(_ text: String) {
        let redacted = Redaction.byPattern(text)
        #expect(redacted.contains("[redacted]"))
        for secret in ["51Habcdef", "abcDEF123", "abc.def", "eyJ", "hunter22", "c2lnbmF0dXJl"] {
            #expect(!redacted.contains(secret))
        }
    }

    @Test("Ordinary words stay")
    func words() {
        let text = "task_list_0001 and risk_scores of invoice 000224 for in_1Qabc, basic settings, client_id=app"
        #expect(Redaction.byPattern(text) == text)
    }

    @Test("A registered value goes wherever it stands, until it is forgotten")
    func values() {
        let redaction = Redaction()
        redaction.register(Secret("correct horse"))
        redaction.register(Secret("abc"))
        #expect(redaction.redact("xcorrect horsey abc") == "x[redacted]y abc")
        redaction.forget(Secret("correct horse"))
        #expect(redaction.redact("correct horse") == "correct horse")
    }
}

@Suite("Rate budget")
struct RateBudgetTests {
    private func budget(_ headers: [(name: String, value: String)]) -> RateBudget {
        RateBudget(OutboundResponse(status: 200, headers: headers), now: Timestamp(unixSeconds: 1_800_000_000))
    }

    @Test("The reset is read as seconds left, and as an epoch when it is one")
    func reset() {
        let seconds = budget([
            ("X-RateLimit-Limit", "500"), ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "411"),
        ])
        #expect(seconds == RateBudget(limit: 500, remaining: 0, resetSeconds: 411))
        #expect(seconds.waitSeconds == 411)
        #expect(budget([("x-ratelimit-reset", "1800000030")]).resetSeconds == 30)
        #expect(budget([("x-ratelimit-reset", "1799999999")]).resetSeconds == 0)
    }

    @Test("Retry-After counts before the reset; what is no number counts for nothing")
    func retryAfter() {
        #expect(budget([("retry-after", "7"), ("x-ratelimit-reset", "411")]).waitSeconds == 7)
        #expect(budget([("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")]).retryAfterSeconds == nil)
        #expect(budget([("retry-after", "-1"), ("x-ratelimit-remaining", "12")]).waitSeconds == nil)
    }
}

@Suite("Call counter")
struct CallCounterTests {
    @Test("Calls are counted by system and by template, and the observer hears of each")
    func counts() {
        let heard = Mutex<[String]>([])
        let counter = CallCounter { kind in heard.withLock { $0.append(kind.description) } }
        counter.record(CallKind(system: .visma, method: "GET", path: "/v1/customer/ACME?x=1"))
        counter.record(CallKind(system: .visma, method: "GET", path: "/v1/customer/10002"))
        counter.record(CallKind(system: .stripe, method: "POST", path: "/v1/invoices/in_1Q2/finalize"))
        counter.record(CallKind(system: .stripe, method: "GET", path: "/v1/customers/search?query=a"))
        #expect(counter.total(.visma) == 2)
        #expect(counter.total(.stripe) == 2)
        #expect(counter.byKind[CallKind(system: .visma, method: "GET", path: "/v1/customer/x")] == 2)
        #expect(heard.withLock { $0 }[2] == "stripe POST /v1/invoices/{id}/finalize")
        #expect(heard.withLock { $0 }[3] == "stripe GET /v1/customers/search")
        #expect(
            CallKind.template(of: "/v1/customerinvoice/000224/attachment", system: .visma)
                == "/v1/customerinvoice/{id}/attachment")
    }
}

@Suite("Error classifier")
struct ErrorClassifierTests {
    @Test("A read may always be repeated; a write that may have arrived is uncertain")
    func failures() {
        func disposition(_ kind: TransportFailure.Kind, _ method: String) -> Disposition {
            ErrorClassifier.disposition(of: TransportFailure(kind: kind, text: ""), method: method)
        }
        #expect(disposition(.notSent, "POST") == .retry(afterSeconds: nil))
        #expect(disposition(.notSent, "GET") == .retry(afterSeconds: nil))
        #expect(disposition(.unknownEffect, "GET") == .retry(afterSeconds: nil))
        for method in ["POST", "PUT", "DELETE"] { #expect(disposition(.unknownEffect, method) == .uncertain) }
        #expect(disposition(.answerTooLarge, "GET") == .reject)
        #expect(disposition(.answerTooLarge, "POST") == .uncertain)
    }

    @Test("Statuses")
    func statuses() {
        func disposition(_ status: Int, _ method: String, _ budget: RateBudget = RateBudget()) -> Disposition {
            ErrorClassifier.disposition(status: status, method: method, budget: budget)
        }
        #expect(disposition(500, "GET") == .retry(afterSeconds: nil))
        #expect(disposition(503, "GET", RateBudget(retryAfterSeconds: 9)) == .retry(afterSeconds: 9))
        for status in [500, 502, 503, 504, 408] { #expect(disposition(status, "POST") == .uncertain) }
        #expect(disposition(412, "PUT") == .conflict)
        #expect(disposition(401, "GET") == .reauthorise)
        #expect(disposition(403, "POST") == .reauthorise)
        #expect(disposition(429, "POST", RateBudget(retryAfterSeconds: 30)) == .retry(afterSeconds: 30))
        #expect(disposition(429, "POST", RateBudget(resetSeconds: 411)) == .retry(afterSeconds: 411))
        for status in [302, 400, 404, 409, 422] { #expect(disposition(status, "POST") == .reject) }
    }

    @Test("The text of a transport failure is redacted")
    func text() {
        let failure = TransportFailure(kind: .unknownEffect, text: "reset while sending Bearer abcdefghijkl")
        let error = ErrorClassifier.error(failure, system: .stripe, method: "POST")
        #expect(error.code == "stripe.no_answer")
        #expect(!error.description.contains("abcdefghijkl"))
    }
}
