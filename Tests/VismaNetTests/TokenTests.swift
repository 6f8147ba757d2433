import Domain
import LibCrypto
import Outbound
import Testing
import VismaNet

@Suite("Token of Visma Connect")
struct TokenTests {
    @Test("The form is as documented, escaped, and goes to the token address")
    func form() async throws {
        let rig = try Rig()
        _ = try await rig.token.current()
        let request = try #require(rig.tokens.requests.first)
        #expect(request.url == "http://127.0.0.1:8092/connect/token")
        #expect(request.method == "POST")
        #expect(request.header("content-type") == "application/x-www-form-urlencoded")
        #expect(
            request.bodyText
                == "grant_type=client_credentials&scope=vismanet_erp_service_api%3Aread%20"
                + "vismanet_erp_service_api%3Acreate%20vismanet_erp_service_api%3Aupdate&client_id=isv_app"
                + "&client_secret=s3cr3t%26value%3D&tenant_id=11111111-2222-3333-4444-555555555555")
    }

    @Test("The scope to delete is asked for only where it is needed")
    func deleteScope() async throws {
        for mayDelete in [false, true] {
            let rig = try Rig(mayDelete: mayDelete)
            _ = try await rig.token.current()
            #expect(rig.tokens.requests.first?.bodyText.contains("api%3Adelete") == mayDelete)
        }
    }

    @Test("A token is good for what its answer says, or else for what was asked for")
    func scopes() async throws {
        let usual = try Rig()
        #expect(try await usual.client.grantedScopes() == Set(VismaToken.scopes))
        let narrow = try Rig(tokens: { _, _ in
            answer(200, #"{"access_token":"t","expires_in":3600,"scope":"vismanet_erp_service_api:read"}"#)
        })
        #expect(try await narrow.client.grantedScopes() == ["vismanet_erp_service_api:read"])
        let one = usual.client.trial(scopes: ["vismanet_erp_service_api:create"])
        _ = try await one.grantedScopes()
        #expect(usual.tokens.requests.last?.bodyText.contains("scope=vismanet_erp_service_api%3Acreate&") == true)
    }

    @Test("Twenty callers at once cause one call")
    func singleFlight() async throws {
        let rig = try Rig(tokens: { request, index throws(TransportFailure) in
            // The others get their turn while the answer is under way.
            for _ in 0..<2000 { await Task.yield() }
            return try await Rig.goodToken(request, index)
        })
        let texts = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<20 { group.addTask { try await rig.token.current().secret.withText { $0 } } }
            return try await group.reduce(into: [String]()) { $0.append($1) }
        }
        #expect(texts == Array(repeating: "token-number-1", count: 20))
        #expect(rig.tokens.requests.count == 1)
    }

    @Test("A token is used until a minute before its end, by what the answer says")
    func expiry() async throws {
        let rig = try Rig()
        _ = try await rig.token.current()
        rig.clock.advance(seconds: 3539)
        _ = try await rig.token.current()
        #expect(rig.tokens.requests.count == 1)
        rig.clock.advance(seconds: 1)
        #expect(try await rig.token.current().secret.withText { $0 } == "token-number-2")
        #expect(rig.tokens.requests.count == 2)
    }

    @Test("After a failure the next caller tries again, and all who waited hear of the failure")
    func failureIsShared() async throws {
        let rig = try Rig(tokens: { request, index throws(TransportFailure) in
            for _ in 0..<500 { await Task.yield() }
            guard index > 0 else { throw TransportFailure(kind: .unknownEffect, text: "reset") }
            return try await Rig.goodToken(request, index)
        })
        let failures = await withTaskGroup(of: ConnectorError?.self) { group in
            for _ in 0..<5 {
                group.addTask { await rig.failure { _ in _ = try await rig.token.current() } }
            }
            return await group.reduce(into: [ConnectorError]()) { if let error = $1 { $0.append(error) } }
        }
        #expect(!failures.isEmpty)
        #expect(failures.allSatisfy { $0.disposition == .retry(afterSeconds: nil) })
        #expect(try await rig.token.current().secret.withText { $0 } == "token-number-2")
    }

    @Test(
        "Each refusal has its code, its remedy and no secret",
        arguments: [
            (400, #"{"error":"invalid_client"}"#, "visma.invalid_client", "Developer Portal"),
            (401, #"{"error":"invalid_client"}"#, "visma.invalid_client", "client id and secret"),
            (400, #"{"error":"invalid_scope"}"#, "visma.invalid_scope", "Integration Administrator"),
            (
                400, #"{"error":"invalid_request","error_description":"INVALID_TENANT"}"#, "visma.invalid_tenant",
                "Company Tenant ID"
            ),
            (400, "invalid_tenant", "visma.invalid_tenant", "Customer Tenant ID"),
            (403, "<html><title>Forbidden</title></html>", "visma.token_refused", "Forbidden"),
            (400, #"{"error":"client_secret=s3cr3t&value= is odd"}"#, "visma.token_refused", "redacted"),
        ])
    func refusals(_ status: Int, _ body: String, _ code: String, _ word: String) async throws {
        let rig = try Rig(tokens: { _, _ in answer(status, body) })
        let error = await rig.failure { _ = try await $0.organization() }
        #expect(error?.code == code)
        #expect(error?.disposition == .reauthorise)
        #expect(error?.text.contains(word) == true)
        #expect(error?.text.contains("s3cr3t") == false)
        #expect(rig.api.requests.isEmpty)
    }

    @Test("A busy or broken Visma Connect is tried again later", arguments: [429, 500, 503])
    func busy(_ status: Int) async throws {
        let rig = try Rig(tokens: { _, _ in answer(status, "", [("retry-after", "20")]) })
        let error = await rig.failure { _ = try await $0.organization() }
        #expect(error?.disposition == .retry(afterSeconds: 20))
    }

    @Test("An answer that is no token, or one that would break the header, is not used")
    func unreadable() async throws {
        for body in ["<html>", "{}", #"{"access_token":"a\r\nx: y","expires_in":3600}"#] {
            let rig = try Rig(tokens: { _, _ in answer(200, body) })
            #expect(await rig.failure { _ = try await $0.organization() }?.code == "visma.answer_unreadable")
        }
    }

    @Test("A 401 fetches one new token and sends the same bytes once more")
    func unauthorisedOnce() async throws {
        let rig = try Rig(api: { request, _ in
            request.header("authorization") == "Bearer token-number-2"
                ? answer(200, #"[{"name":"Nord AS"}]"#) : answer(401)
        })
        #expect(try await rig.client.organization().name == "Nord AS")
        #expect(rig.tokens.requests.count == 2)
        #expect(
            rig.api.requests.map { $0.header("authorization") } == ["Bearer token-number-1", "Bearer token-number-2"])
        #expect(rig.counter.total(.visma) == 4)
    }

    @Test("A second 401 is a matter of configuration, and says where the right tenant id is found")
    func unauthorisedTwice() async throws {
        let rig = try Rig(answering: answer(401))
        let error = await rig.failure { _ = try await $0.organization() }
        #expect(error?.code == "visma.unauthorised")
        #expect(error?.disposition == .reauthorise)
        #expect(error?.text.contains("Company Tenant ID") == true)
        #expect(error?.text.contains("Customer Tenant ID") == true)
        #expect(rig.api.requests.count == 2)
        #expect(rig.tokens.requests.count == 2)
    }

    @Test("Twenty calls refused at once fetch one new token between them")
    func unauthorisedTogether() async throws {
        let rig = try Rig(api: { request, _ in
            for _ in 0..<500 { await Task.yield() }
            return request.header("authorization") == "Bearer token-number-1"
                ? answer(401) : answer(200, #"[{"name":"N"}]"#)
        })
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { _ = try await rig.client.organization() } }
            try await group.waitForAll()
        }
        #expect(rig.tokens.requests.count == 2)
    }
}
