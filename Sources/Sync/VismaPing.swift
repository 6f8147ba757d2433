import Domain
import Outbound
import Synchronization
import VismaNet

/// What a ping reads of Visma.net.
struct VismaPing: Sendable {
    private typealias Finding = PingSteps.Finding

    /// What an answer said last of the calls that are left.
    private final class LastBudget: Sendable {
        private let budget = Mutex<RateBudget?>(nil)
        var value: RateBudget? { budget.withLock { $0 } }
        func note(_ told: RateBudget) { budget.withLock { $0 = told } }
    }

    private static let readScope = "read"
    /// Choices that a remedy lists.
    private static let choicesMax = 20
    /// Of the hour's calls, the last so many in a hundred are kept for money.
    private static let budgetLowPercent = 20

    private static let reads = ["visma.invoices", "visma.company", "visma.cash_accounts", "visma.payment_method"]

    let context: TenantContext
    let known: Ping.Known
    private let budget = LastBudget()

    init(context: TenantContext, known: Ping.Known) {
        self.context = context
        self.known = known
    }

    func steps() async -> [Ping.Step] {
        var steps = PingSteps()
        if let client = await admitted(&steps) {
            let isThere = await steps.attempt("visma.organization") { () async throws(ConnectorError) in
                let organization = try await client.organization()
                return .passed(
                    "\(organization.name), base currency \(organization.baseCurrency?.code ?? "not told")")
            }
            if isThere {
                await lists(client, &steps)
            } else {
                steps.skip(Self.reads, "the company cannot be read")
            }
        } else {
            steps.skip(["visma.organization"] + Self.reads, "there is no token that may read")
        }
        steps.add("visma.invoice_record", invoiceRecord())
        steps.add("visma.rate_limit", rateLimit())
        return steps.all
    }

    // MARK: token and scopes

    /// A client that may read; nil when there is none.
    private func admitted(_ steps: inout PingSteps) async -> VismaClient? {
        let budget = budget
        let whole = context.visma.trial { budget.note($0) }
        let granted: Set<String>
        do throws(ConnectorError) {
            granted = try await self.granted(whole)
        } catch {
            steps.add("visma.token", .failed(error))
            steps.skip(whole.wantedScopes.map(Self.step), "there is no token")
            return nil
        }
        steps.add("visma.token", .passed("Visma Connect knows client, secret and tenant"))
        for scope in whole.wantedScopes {
            steps.add(
                Self.step(scope),
                granted.contains(scope)
                    ? .passed("\(scope) is granted")
                    : .failed("\(scope) is not granted: \(Self.use(of: scope))", remedy: PingRemedy.acceptance))
        }
        let usable = whole.wantedScopes.filter(granted.contains)
        guard usable.contains(where: { Self.name($0) == Self.readScope }) else { return nil }
        return usable == whole.wantedScopes ? whole : whole.trial(scopes: usable)
    }

    /// One scope that is missing fails the whole token, without a word on which: then each is asked for alone.
    private func granted(_ whole: VismaClient) async throws(ConnectorError) -> Set<String> {
        do throws(ConnectorError) {
            return try await whole.grantedScopes()
        } catch {
            guard error.code == VismaErrors.invalidScope else { throw error }
        }
        var granted = Set<String>()
        for scope in whole.wantedScopes {
            do throws(ConnectorError) {
                granted.formUnion(try await whole.trial(scopes: [scope]).grantedScopes())
            } catch {
                guard error.code == VismaErrors.invalidScope else { throw error }
            }
        }
        return granted
    }

    private static func name(_ scope: String) -> String { scope.split(separator: ":").last.map(String.init) ?? scope }

    private static func step(_ scope: String) -> String { "visma.scope." + name(scope) }

    private static func use(of scope: String) -> String {
        switch name(scope) {
        case readScope: "nothing can be read without it"
        case "create": "no payment can be booked without it"
        case "update": "no payment can be released, and nothing noted on an invoice, without it"
        default: "the policy has the connector make credit notes, and discard those that are not wanted any more"
        }
    }

    // MARK: lists

    private func lists(_ client: VismaClient, _ steps: inout PingSteps) async {
        var isEmpty = false
        let isRead = await steps.attempt("visma.invoices") { () async throws(ConnectorError) in
            let page = try await client.invoices(modifiedSince: nil, page: 1)
            isEmpty = page.rows.isEmpty && (page.totalCount ?? 0) == 0
            guard isEmpty else {
                return .passed(page.totalCount.map { "\($0) invoices can be read" } ?? "invoices can be read")
            }
            return .warned(
                "the list of invoices is empty",
                remedy: "if the company has invoices, this is the wrong company or header: compare visma.tenant and "
                    + "visma.company of the manifest with Visma Admin")
        }
        if isRead {
            await steps.attempt("visma.company") { () async throws(ConnectorError) in
                try await companyHeader(client, isEmpty: isEmpty)
            }
        } else {
            steps.skip(["visma.company"], "no list can be read")
        }
        await steps.attempt("visma.cash_accounts") { () async throws(ConnectorError) in
            cashAccounts(try await client.cashAccounts())
        }
        await steps.attempt("visma.payment_method") { () async throws(ConnectorError) in
            paymentMethod(try await client.paymentMethods())
        }
    }

    /// With a wrong header lists are empty where they are not without it.
    private func companyHeader(_ client: VismaClient, isEmpty: Bool) async throws(ConnectorError) -> Finding {
        guard let company = known.company else {
            return .passed("no ipp-company-id is configured: the tenant id alone names the company")
        }
        guard isEmpty else { return .passed("ipp-company-id \(company) is sent, and lists are not empty with it") }
        let bare = try await client.trial(sendsCompany: false).invoices(modifiedSince: nil, page: 1)
        guard bare.rows.isEmpty else {
            return .failed(
                "with ipp-company-id \(company) the list of invoices is empty, without it it is not",
                remedy: "visma.company of the manifest names another company: add this one again under another id with "
                    + "the right number, or without one, as it cannot be changed")
        }
        return .passed("ipp-company-id \(company) is sent; the list is as empty without it")
    }

    private func cashAccounts(_ accounts: [VismaCashAccount]) -> Finding {
        let posting = context.policy.posting
        let named = ([("", posting.cashAccounts)] + posting.branchCashAccounts.sorted { $0.key < $1.key })
            .flatMap { branch, accounts in
                accounts.sorted { $0.key < $1.key }.map { (currency: $0.key, number: $0.value, branch: branch) }
            }
        let problems = named.compactMap { entry -> String? in
            let place = entry.branch.isEmpty ? entry.currency : "\(entry.currency) of branch \(entry.branch)"
            guard let account = accounts.first(where: { $0.number == entry.number }) else {
                return "\(place): there is no cash account \(entry.number)"
            }
            guard let currency = account.currency, currency.code != entry.currency else { return nil }
            return "\(place): cash account \(entry.number) is in \(currency.code)"
        }
        guard problems.isEmpty else {
            let choices = accounts.prefix(Self.choicesMax).map {
                "\($0.number) (\($0.currency?.code ?? "base currency"), \($0.name))"
            }
            return .failed(
                problems.joined(separator: "; "),
                remedy: "name in cash_accounts of the manifest accounts that the company has, and apply it; there are: "
                    + "\(choices.isEmpty ? "none" : choices.joined(separator: ", "))")
        }
        return .passed(named.map { "\($0.currency) \($0.number)" }.joined(separator: ", "))
    }

    private func paymentMethod(_ methods: [VismaPaymentMethod]) -> Finding {
        let wanted = context.policy.posting.paymentMethod
        if let found = methods.first(where: { $0.id == wanted && $0.isActive }) {
            return .passed("\(found.id) \(found.name)")
        }
        let isThere = methods.contains { $0.id == wanted }
        let choices = methods.filter(\.isActive).prefix(Self.choicesMax).map { "\($0.id) (\($0.name))" }
        return .failed(
            "payment method \(wanted) \(isThere ? "is not active" : "is not there")",
            remedy: "name in payment_method of the manifest an active one, and apply it; there are: "
                + "\(choices.isEmpty ? "none" : choices.joined(separator: ", "))")
    }

    // MARK: without a call

    /// Whether Visma takes a note on a released invoice shows only when one is written: what was learned then is told.
    private func invoiceRecord() -> Finding {
        guard context.policy.writesInvoiceRecord else {
            return .skipped("the policy has nothing written on invoices")
        }
        return switch known.record {
        case nil: .skipped("not known yet: a read cannot tell, the first note that is written will")
        case .note?: .passed("notes on invoices are accepted")
        case .attachment?: .passed("notes on invoices are refused, files on them are accepted")
        case Optional.some(.none):
            .warned(
                "this Visma.net accepts neither notes nor files on released invoices",
                remedy: "nothing is lost: `ml-connector invoice show` tells the same; set write_invoice_record: false "
                    + "if it is not wanted")
        }
    }

    private func rateLimit() -> Finding {
        guard let told = budget.value, let left = told.remaining else {
            return .skipped("no answer told a limit")
        }
        let until = told.resetSeconds.map { ", for the next \($0) s" } ?? ""
        guard let limit = told.limit else { return .passed("\(left) calls are left\(until)") }
        let seen = "\(left) of \(limit) calls are left\(until)"
        guard left * 100 < limit * Self.budgetLowPercent else { return .passed(seen) }
        return .warned(
            seen,
            remedy: "pushes and polls wait until the hour begins anew, money goes first; if it stays low, raise "
                + "poll_seconds in the manifest, or look what else calls Visma with this application")
    }
}
