import Synchronization

/// Visma Connect and Visma.net ERP as their HTTP looks from outside, written from the facts alone. One lock, no
/// I/O, no waiting: a request is answered at once, and what the real system does later is done when the clock has
/// passed its time. The same seed and requests give the same answers.
package final class VismaSimulator: Sendable {
    private let clock: SandboxClock
    private let world: Mutex<VismaWorld>

    /// `behaviour` holds for every company that brings none of its own.
    package init(clock: SandboxClock, seed: UInt64, behaviour: VismaBehaviour = VismaBehaviour()) {
        self.clock = clock
        world = Mutex(VismaWorld(behaviour: behaviour, random: SandboxRandom(seed: seed)))
    }

    /// Answers one request, to the token endpoint or to the API.
    package func handle(_ request: SandboxRequest) -> SandboxResponse {
        let now = clock.now()
        return world.withLock { world in
            switch request.path.lowercased() {
            case "/connect/token": return world.connect(request, now: now)
            case "/.well-known/openid-configuration":
                return VismaWorld.discovery(host: request.header("Host") ?? "connect.visma.com")
            default: break
            }
            switch world.admit(request, now: now) {
            case .refused(let response): return response
            case .admitted(let tenant): return world.call(request, tenant: tenant)
            }
        }
    }

    /// Accepts a request whose caller will not see an answer and does it `seconds` later (nil: the company's
    /// `workingSeconds`): the server that goes on working after a timeout. Refused requests have no late effect.
    package func handleLate(_ request: SandboxRequest, afterSeconds seconds: Int64? = nil) {
        let now = clock.now()
        world.withLock { world in
            guard case .admitted(let tenant) = world.admit(request, now: now), let ledger = world.ledgers[tenant]
            else { return }
            let delay = seconds ?? ledger.behaviour.workingSeconds
            world.ledgers[tenant]?.schedule(.request(request), afterSeconds: delay)
        }
    }

    // MARK: Companies

    /// A company with the same tenant id takes the place of the former, with an empty ledger.
    package func addCompany(_ company: VismaCompany) {
        world.withLock { world in
            let tenant = company.tenantID.lowercased()
            if world.ledgers[tenant] == nil { world.order.append(tenant) }
            let random = SandboxRandom(seed: world.random.next())
            let behaviour = company.behaviour ?? world.behaviour
            world.ledgers[tenant] = VismaLedger(company: company, behaviour: behaviour, random: random)
        }
    }

    /// Tenant ids in the order of planting.
    package var tenantIDs: [String] { world.withLock { world in world.order } }

    package func changeBehaviour(
        of tenant: String, _ change: sending (inout VismaBehaviour) -> Void
    ) throws(VismaSeedError) {
        try withLedger(tenant) { change(&$0.behaviour) }
    }

    /// Changes the company's own settings: a secret, a scope, a cash account.
    package func changeCompany(
        _ tenant: String, _ change: sending (inout VismaCompany) -> Void
    ) throws(VismaSeedError) {
        try withLedger(tenant) { change(&$0.company) }
    }

    /// All tokens of the company are refused from now on.
    package func revokeTokens(of tenant: String) {
        world.withLock { world in world.tokens = world.tokens.filter { $0.value.tenantID != tenant.lowercased() } }
    }

    /// API calls of a company, those for tokens apart; refused ones count too, those without a good token do not.
    package func callCount(of tenant: String) -> Int { calls(of: tenant).values.reduce(0, +) }

    /// The same by operation, such as `GET customerinvoice/*`.
    package func calls(of tenant: String) -> [String: Int] {
        world.withLock { world in world.ledgers[tenant.lowercased()]?.calls ?? [:] }
    }

    package func tokenCount(of tenant: String) -> Int {
        world.withLock { world in world.tokensIssued[tenant.lowercased()] ?? 0 }
    }

    /// Runs `body` on a company's ledger with everything done that is due.
    func withLedger<Result: Sendable>(
        _ tenant: String, _ body: (inout VismaLedger) throws(VismaSeedError) -> Result
    ) throws(VismaSeedError) -> Result {
        let now = clock.now()
        return try world.withLock { world throws(VismaSeedError) -> Result in
            let key = tenant.lowercased()
            guard var ledger = world.ledgers[key] else { throw VismaSeedError("no company with tenant \(tenant)") }
            world.ledgers[key] = nil
            defer { world.ledgers[key] = ledger }
            ledger.settle(now: now)
            return try body(&ledger)
        }
    }
}
