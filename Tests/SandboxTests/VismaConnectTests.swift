import Sandbox
import Testing

@Suite("The simulated Visma Connect and its gate")
struct VismaConnectTests {
    @Test("a good request gets a token that looks like a JWT and says its lifetime")
    func token() throws {
        let bench = try VismaBench()
        let response = bench.connect()
        let json = try SandboxJSON.parse(response.body)
        #expect(response.status == 200)
        #expect(json["expires_in"]?.numberText == "3600")
        #expect(json["token_type"]?.stringValue == "Bearer")
        #expect(json["access_token"]?.stringValue?.split(separator: ".").count == 3)
        #expect(bench.simulator.tokenCount(of: VismaBench.tenant) == 1)
        #expect(bench.simulator.callCount(of: VismaBench.tenant) == 0)
    }

    @Test("a wrong secret, tenant, scope or grant is a 400 that names it")
    func refusals() throws {
        let bench = try VismaBench()
        func error(_ response: SandboxResponse) throws -> String? {
            #expect(response.status == 400)
            return try SandboxJSON.parse(response.body)["error"]?.stringValue
        }
        #expect(try error(bench.connect(secret: "wrong")) == "invalid_client")
        #expect(try error(bench.connect(tenant: "5b1e7e2a-0000-4000-a000-000000000009")) == "invalid_tenant")
        #expect(try error(bench.connect(scope: "vismanet_erp_service_api:read other:read")) == "invalid_scope")
        #expect(try error(bench.connect(grant: "password")) == "unsupported_grant_type")
    }

    @Test("the API answers 401 to no, an unknown, a revoked and an expired token, and to the contract's tenant")
    func unauthorised() throws {
        let bench = try VismaBench()
        func status(_ token: String?) -> Int {
            let headers = token.map { [(name: "Authorization", value: "Bearer \($0)")] } ?? []
            return bench.simulator.handle(SandboxRequest(method: "GET", path: "/v1/organization", headers: headers))
                .status
        }
        let token = try bench.token()
        #expect(status(token) == 200)
        #expect(status(nil) == 401)
        #expect(status(token + "x") == 401)
        #expect(status(try bench.token(tenant: "9d0d8a60-0000-4000-a000-000000000001")) == 401)
        bench.clock.advance(bySeconds: 3600)
        #expect(status(token) == 401)
        let second = try bench.token()
        bench.simulator.revokeTokens(of: VismaBench.tenant)
        #expect(status(second) == 401)
    }

    @Test("a token of read scope alone cannot write")
    func scopes() throws {
        let bench = try VismaBench()
        let token = try bench.token(scope: "vismanet_erp_service_api:read")
        let request = SandboxRequest(
            method: "POST", path: "/v1/customerPayment",
            headers: [("Authorization", "Bearer \(token)"), ("Content-Type", "application/json")],
            body: Array(VismaBench.payment(nil, amount: "1").utf8))
        #expect(bench.simulator.handle(request).status == 403)
    }

    @Test("the hourly limit shows in headers and ends in 429 with Retry-After until the next window")
    func limit() throws {
        var behaviour = VismaBehaviour()
        behaviour.hourlyCallsMax = 2
        let bench = try VismaBench(behaviour)
        bench.clock.advance(bySeconds: 600)
        #expect(try bench.call("GET", "/v1/organization").header("X-RateLimit-Remaining") == "1")
        #expect(try bench.call("GET", "/v1/organization").header("X-RateLimit-Remaining") == "0")
        let refused = try bench.call("GET", "/v1/organization")
        #expect(refused.status == 429)
        #expect(refused.header("Retry-After") == "3000")
        bench.clock.advance(bySeconds: 3000)
        #expect(try bench.call("GET", "/v1/organization").status == 200)
        #expect(bench.simulator.calls(of: VismaBench.tenant)["GET organization"] == 4)
    }

    @Test("the same seed gives the same answers, another seed other ones")
    func seeded() throws {
        #expect(try VismaBench(seed: 1).token() == VismaBench(seed: 1).token())
        #expect(try VismaBench(seed: 1).token() != VismaBench(seed: 2).token())
    }

    @Test("a company without a licence gets the gateway's own error form")
    func licence() throws {
        var behaviour = VismaBehaviour()
        behaviour.isLicensed = false
        let response = try VismaBench(behaviour).call("GET", "/v1/organization")
        #expect(response.status == 403)
        #expect(try SandboxJSON.parse(response.body)["ExceptionFaultCode"]?.stringValue == "12027")
    }
}
