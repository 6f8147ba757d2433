import Domain
import LibCrypto
import Outbound
import Synchronization
import VismaNet

/// A network in memory: a function from requests to answers that remembers what it was asked.
final class ScriptedTransport: Transport {
    typealias Script = @Sendable (OutboundRequest, _ index: Int) async throws(TransportFailure) -> OutboundResponse

    private let script: Script
    private let seen = Mutex<[OutboundRequest]>([])

    init(_ script: @escaping Script) { self.script = script }

    var requests: [OutboundRequest] { seen.withLock { $0 } }
    var paths: [String] { requests.map { String($0.url.dropFirst(Rig.apiBase.count)) } }

    func send(_ request: OutboundRequest) async throws(TransportFailure) -> OutboundResponse {
        let index = seen.withLock { requests in
            requests.append(request)
            return requests.count - 1
        }
        return try await script(request, index)
    }
}

func answer(
    _ status: Int = 200, _ body: String = "", _ headers: [(name: String, value: String)] = []
) -> OutboundResponse {
    OutboundResponse(status: status, headers: headers, body: Array(body.utf8))
}

extension OutboundRequest {
    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    var bodyText: String { String(decoding: body, as: UTF8.self) }
}

/// A client on two scripted networks, one for tokens and one for the API, and a clock that stands.
struct Rig {
    static let apiBase = "http://127.0.0.1:8091"
    static let start = Timestamp(unixSeconds: 1_790_000_000)

    let clock: Clock
    let tokens: ScriptedTransport
    let api: ScriptedTransport
    let token: VismaToken
    let client: VismaClient
    let redaction = Redaction()
    let counter = CallCounter()
    let budgets = Budgets()

    final class Clock: Sendable {
        private let value = Mutex(Rig.start)
        var now: Timestamp { value.withLock { $0 } }
        func advance(seconds: Int64) { value.withLock { $0 = $0.adding(seconds: seconds) } }
    }

    final class Budgets: Sendable {
        private let values = Mutex<[RateBudget]>([])
        var all: [RateBudget] { values.withLock { $0 } }
        func add(_ budget: RateBudget) { values.withLock { $0.append(budget) } }
    }

    static let goodToken: ScriptedTransport.Script = { _, index in
        answer(200, #"{"access_token":"token-number-\#(index + 1)","expires_in":3600,"token_type":"Bearer"}"#)
    }

    init(
        companyID: String? = nil, pageSize: Int = 500, mayDelete: Bool = false,
        tokens tokenScript: @escaping ScriptedTransport.Script = goodToken,
        api apiScript: @escaping ScriptedTransport.Script = { _, _ in answer(200, "[]") }
    ) throws {
        let rules = try HostRules()
        var settings = VismaSettings(
            api: try rules.baseURL(Self.apiBase), connect: try rules.baseURL("http://127.0.0.1:8092"),
            companyID: companyID, vismaTenant: "11111111-2222-3333-4444-555555555555", pageSize: pageSize)
        settings.mayDelete = mayDelete
        let clock = Clock()
        self.clock = clock
        tokens = ScriptedTransport(tokenScript)
        api = ScriptedTransport(apiScript)
        token = VismaToken(
            settings: settings, clientID: { Secret("isv_app") }, clientSecret: { Secret("s3cr3t&value=") },
            transport: tokens, now: { clock.now }, redaction: redaction, counter: counter)
        let budgets = budgets
        client = VismaClient(
            settings: settings, transport: api, token: token, now: { clock.now }, redaction: redaction,
            counter: counter, rateObserver: { budgets.add($0) })
    }

    /// A client whose API always gives this answer.
    init(answering response: OutboundResponse, pageSize: Int = 500) throws {
        try self.init(pageSize: pageSize, api: { _, _ in response })
    }

    /// What the call fails with.
    func failure(_ body: (VismaClient) async throws -> Void) async -> ConnectorError? {
        do {
            try await body(client)
            return nil
        } catch {
            return error as? ConnectorError
        }
    }
}
