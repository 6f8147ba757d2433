package import Domain
package import Logging
package import Outbound
package import Storage
package import Stripe
package import Vault
package import VismaNet

/// What every part of Sync is given and nobody makes for itself: storage, keys, time, ids, the network.
package struct SyncEnvironment: Sendable {
    package var database: any Database
    package var vault: Vault
    package var now: @Sendable () -> Timestamp
    /// Fresh identifiers: lower-case letters and digits, unguessable in production.
    package var makeID: @Sendable () -> String
    package var transport: any Transport
    package var endpoints: Endpoints
    package var log: Logger
    /// Knows the secrets in use by value and keeps them out of error texts.
    package var redaction: Redaction
    package var reached: CheckpointReached
    /// Names this process in leases.
    package var node: String
    /// How long a lease holds that nobody prolongs. A turn prolongs its own with each step, and `NodeMembership` all of
    /// this process.
    package var leaseSeconds: Int64 = TenantSync.leaseSeconds
    /// What the turn was given whose environment this is; nil outside of a turn.
    var lease: Lease?
    /// Asked between two looks: whether this process lets go of its turns.
    package var isLeaving: @Sendable () -> Bool = { false }
    /// Visma works on a request for four minutes; a look-up that began earlier after the deadline proves nothing.
    package var lateEffectSeconds: Int64
    /// How often active tenants are pinged in their turns; nil: only when somebody asks.
    package var pingEverySeconds: Int64?
    /// No outside write while false.
    package var writesOn: Bool
    /// `https://host` under which Stripe reaches us; nil registers no webhook endpoint.
    package var publicURL: String?

    package static let lateEffectSecondsDefault: Int64 = 240
    package static let pingEverySecondsDefault: Int64 = 86_400

    package init(
        database: any Database, vault: Vault, now: @escaping @Sendable () -> Timestamp,
        makeID: @escaping @Sendable () -> String, transport: any Transport, endpoints: Endpoints, log: Logger,
        reached: @escaping CheckpointReached = { _ in }, node: String,
        lateEffectSeconds: Int64 = lateEffectSecondsDefault, writesOn: Bool = true, publicURL: String? = nil,
        redaction: Redaction = Redaction()
    ) {
        self.database = database
        self.vault = vault
        self.now = now
        self.makeID = makeID
        self.transport = transport
        self.endpoints = endpoints
        self.log = log
        self.redaction = redaction
        self.reached = reached
        self.node = node
        self.lateEffectSeconds = lateEffectSeconds
        self.writesOn = writesOn
        self.publicURL = publicURL
    }

    /// Where the two systems are. The only difference between the sandbox and the real ones.
    package struct Endpoints: Sendable {
        package var vismaAPI: BaseURL
        package var vismaConnect: BaseURL
        package var stripe: BaseURL
        package var vismaTimeoutMilliseconds: Int64
        package var stripeTimeoutMilliseconds: Int64

        package init(
            vismaAPI: BaseURL, vismaConnect: BaseURL, stripe: BaseURL, vismaTimeoutMilliseconds: Int64 = 60_000,
            stripeTimeoutMilliseconds: Int64 = 30_000
        ) {
            self.vismaAPI = vismaAPI
            self.vismaConnect = vismaConnect
            self.stripe = stripe
            self.vismaTimeoutMilliseconds = vismaTimeoutMilliseconds
            self.stripeTimeoutMilliseconds = stripeTimeoutMilliseconds
        }
    }
}

/// One tenant as its turns see it: made when its policy or credentials change, thrown away when they change again.
package struct TenantContext: Sendable {
    package let id: TenantID
    /// Visma's tenant id of the company.
    package let company: String
    package let isLive: Bool
    package let policy: Policy
    package let policyVersion: Int
    package let visma: VismaClient
    package let stripe: StripeClient
    package let audit: AuditTrail
    /// Nil for a look that a person asks for, which is to see the systems themselves.
    let gates: TenantGates?
}
