import Domain
import Outbound
import Testing

@Suite("Host rules")
struct HostRulesTests {
    let rules: HostRules

    init() throws { rules = try HostRules() }

    @Test(
        "The real hosts and loopback pass",
        arguments: [
            ("https://api.finance.visma.net", "https://api.finance.visma.net"),
            ("https://api.finance.visma.net/", "https://api.finance.visma.net"),
            ("HTTPS://API.Stripe.com:443", "https://api.stripe.com"),
            ("https://connect.visma.com", "https://connect.visma.com"),
            ("http://127.0.0.1:8090", "http://127.0.0.1:8090"), ("http://127.3.2.1:1", "http://127.3.2.1:1"),
            ("http://localhost:8090/", "http://localhost:8090"), ("http://[::1]:9", "http://[::1]:9"),
        ])
    func passes(_ text: String, _ canonical: String) throws {
        #expect(try rules.baseURL(text).text == canonical)
    }

    @Test(
        "Everything else is refused with its own code",
        arguments: [
            ("https://integration.visma.net/API/controller/api", "host.legacy_visma"),
            ("https://Integration.Visma.Net", "host.legacy_visma"),
            ("https://api.finance.visma.net/erp/service", "host.token_audience"),
            ("https://api.finance.visma.net/erp/service/", "host.token_audience"),
            ("https://api.finance.visma.net/API/controller/api", "host.has_path"),
            ("https://evil.example", "host.not_allowed"), ("https://api.stripe.com:8443", "host.not_allowed"),
            ("http://api.stripe.com", "host.plain_http"), ("http://127.0.0.1.evil.example", "host.plain_http"),
            ("http://1270.0.0.1", "host.plain_http"), ("http://127.0.0.1@evil.example", "host.malformed"),
            ("ftp://api.stripe.com", "host.malformed"), ("api.stripe.com", "host.malformed"),
            ("https://api.stripe.com:0", "host.malformed"), ("https://api.stripe.com\\@evil.example", "host.malformed"),
        ])
    func refuses(_ text: String, _ code: String) {
        let error = #expect(throws: ConnectorError.self) { try rules.baseURL(text) }
        #expect(error?.code == code)
        #expect(error?.disposition == .reject)
    }

    @Test("The legacy host is refused with the reason and the remedy, in the allow-list too")
    func legacy() {
        let error = #expect(throws: ConnectorError.self) {
            try HostRules(allowed: ["https://integration.visma.net"])
        }
        #expect(error?.text.contains("2026-02-01") == true)
        #expect(error?.text.contains("500 calls an hour") == true)
        #expect(error?.text.contains("https://api.finance.visma.net") == true)
    }

    @Test("A path can not move a call to another host")
    func paths() throws {
        let base = try rules.baseURL("https://api.stripe.com")
        #expect(try base.url(path: "/v1/invoices?x=1") == "https://api.stripe.com/v1/invoices?x=1")
        for path in [
            "v1", "//evil.example/v1", ".evil.example/v1", "@evil.example/", "/a b", "/a\r\nhost: x", ":8443/",
        ] {
            let failure = #expect(throws: TransportFailure.self) { try base.url(path: path) }
            #expect(failure?.kind == .notSent)
        }
    }

    @Test("Loopback can be shut out")
    func withoutLoopback() throws {
        let strict = try HostRules(allowsLoopback: false)
        #expect(!strict.admits("http://127.0.0.1:8090/x"))
        #expect(strict.admits("https://api.stripe.com/v1/x"))
        #expect(!strict.admits("https://api.stripe.com.evil.example/v1/x"))
    }
}
