import Domain
import Outbound
import Simulation
import Storage
import Stripe
import Testing
import Synchronization

@testable import Sync

/// Stripe's answers to reads by path, whatever the query, and what was asked. For what the sandbox does not make.
final class CannedStripe: Transport {
    private struct State {
        var answers: [String: (Int, String)] = [:]
        var asked: [String] = []
        var queries: [String] = []
        var failing: (path: String, after: Int)?
    }

    private let state = Mutex(State())

    init(_ answers: [String: String] = [:]) { for (path, body) in answers { self[path] = (200, body) } }

    subscript(path: String) -> (Int, String)? {
        get { state.withLock { $0.answers[path] } }
        set { state.withLock { $0.answers[path] = newValue } }
    }

    /// The next question for `path` behind `count` others is not answered, once.
    func failAfter(_ count: Int, path: String) { state.withLock { $0.failing = (path, count) } }

    /// The queries of what was asked for since the last time.
    func takeQueries() -> [String] {
        state.withLock { state in
            defer { state.queries = [] }
            return state.queries
        }
    }

    /// The paths that were asked for since the last time.
    func takeAsked() -> [String] {
        state.withLock { state in
            defer { state.asked = [] }
            return state.asked
        }
    }

    func send(_ request: OutboundRequest) async throws(TransportFailure) -> OutboundResponse {
        let (status, body) = state.withLock { state in
            state.asked.append(request.path)
            let query = request.url.split(separator: "?").dropFirst().joined()
            state.queries.append(query.replacing("%5B", with: "[").replacing("%5D", with: "]"))
            if let failing = state.failing, failing.path == request.path {
                state.failing = failing.after > 0 ? (failing.path, failing.after - 1) : nil
                if failing.after == 0 { return (500, "{}") }
            }
            return state.answers[request.path] ?? (404, #"{"error":{"code":"resource_missing","message":"none"}}"#)
        }
        return OutboundResponse(status: status, body: Array(body.utf8))
    }

    static func list(_ rows: [String]) -> String {
        #"{"object":"list","has_more":false,"data":[\#(rows.joined(separator: ","))]}"#
    }

    static func invoicePayment(_ id: String, of invoice: String, intent: String) -> String {
        #"{"id":"\#(id)","object":"invoice_payment","invoice":"\#(invoice)","status":"paid","currency":"nok","#
            + #""amount_requested":100,"amount_paid":100,"status_transitions":{"paid_at":1795338000},"#
            + #""payment":{"type":"payment_intent","payment_intent":"\#(intent)"}}"#
    }

    static func event(
        _ id: String, _ type: String, _ object: String, live: Bool = false, created: Int64 = 1_795_338_000,
        apiVersion: String = "2026-08-26.dahlia"
    ) -> String {
        #"{"id":"\#(id)","object":"event","type":"\#(type)","api_version":"\#(apiVersion)","livemode":\#(live),"#
            + #""created":\#(created),"data":{"object":\#(object)}}"#
    }

    static func thin(_ id: String, _ type: String, _ kind: String, _ object: String) -> String {
        #"{"id":"\#(id)","object":"v2.core.event","type":"v1.\#(type)","livemode":false,"#
            + #""created":"2026-11-22T09:00:00.000Z","related_object":{"id":"\#(object)","type":"\#(kind)"}}"#
    }
}

/// One tenant's event tables with two pushed documents, its Stripe canned.
struct EventBench {
    static let first = DocumentRef(type: .invoice, number: "000101")
    static let second = DocumentRef(type: .invoice, number: "000102")

    let world: World
    let stripe: CannedStripe
    let environment: SyncEnvironment
    let context: TenantContext
    var tenant: TenantID { context.id }

    init(_ answers: [String: String] = [:]) async throws {
        world = try await World(seed: 9)
        stripe = CannedStripe(answers)
        var environment = try world.environment()
        environment.transport = stripe
        // One turn for the length of the test, however far its clock goes.
        environment.leaseSeconds = 1_000_000_000
        let (tenant, plain) = (world.nord.tenant, environment)
        let lease = try await world.database.write { db in
            try LeasesTable.acquire(
                db, tenant: tenant, owner: plain.node, now: plain.now(), ttlSeconds: plain.leaseSeconds)
        }
        self.environment = environment.holding(try #require(lease))
        context = try await TenantContext.make(tenant, environment: environment)
        try await link(Self.first, "in_a")
        try await link(Self.second, "in_b")
    }

    func link(_ document: DocumentRef, _ invoice: String, state: Link.State = .collecting) async throws {
        let link = Link(
            document: document, state: state, revision: 1, vismaCustomer: VismaCustomerNumber("10001"),
            currency: .nok, stripeCustomer: StripeCustomerID("cus_1"), invoice: StripeInvoiceID(invoice),
            pushedAmount: 100)
        let now = world.now()
        try await world.database.write { [tenant] db in try LinksTable.upsert(db, tenant: tenant, link, now: now) }
    }

    func know(_ ids: [String], _ document: DocumentRef) async throws {
        try await world.database.write { [tenant] db in
            try StripeObjectsTable.put(db, tenant: tenant, objectIDs: ids, subject: .document(document))
        }
    }

    /// Stores the events and resolves what is unread.
    @discardableResult
    func resolve(_ bodies: String...) async throws -> EventResolver.Outcome { try await resolve(bodies) }

    func resolve(_ bodies: [String]) async throws -> EventResolver.Outcome {
        for body in bodies {
            let envelope = try EventEnvelope.parse(Array(body.utf8))
            let event = StoredEvent(
                eventID: envelope.id, type: envelope.type, objectID: envelope.objects.id, isLive: envelope.livemode,
                body: Array(body.utf8), receivedAt: world.now())
            try await world.database.write { [tenant] db in _ = try EventsTable.insert(db, tenant: tenant, event) }
        }
        return try await EventResolver(tenant: context, environment: environment).resolve()
    }

    func dirty() async throws -> [Subject] {
        try await world.database.read { [tenant] db in
            try WorkTable.dirtyList(db, tenant: tenant, limit: 100).map(\.subject).filter { $0 != .endpoint }.sorted()
        }
    }

    func known(_ id: String) async throws -> [Subject] {
        try await world.database.read { [tenant] db in
            try StripeObjectsTable.subjects(db, tenant: tenant, of: [id])[id] ?? []
        }
    }

    func event(_ id: String) async throws -> StoredEvent? {
        try await world.database.read { [tenant] db in try EventsTable.find(db, tenant: tenant, eventID: id) }
    }

    func work(_ document: DocumentRef) async throws -> WorkItem? {
        try await world.database.read { [tenant] db in
            try WorkTable.find(db, tenant: tenant, subject: .document(document))
        }
    }
}

extension EventsTable {
    /// One event as it is delivered.
    static func insert(_ db: any SQLConnection, tenant: TenantID, _ event: StoredEvent) throws -> StoredEvent.Outcome {
        try #require(try insertMany(db, [(tenant, event)]).first)
    }
}
