import Domain
import Storage
import Stripe

/// What a ping reads of Stripe.
struct StripePing: Sendable {
    private typealias Finding = PingSteps.Finding

    private static let endpointSteps = ["stripe.webhook", "stripe.webhook_events", "stripe.webhook_version"]

    let context: TenantContext
    let known: Ping.Known

    func steps() async -> [Ping.Step] {
        var steps = PingSteps()
        var kind: StripeKeyKind.Kind?
        let isAccepted = await steps.attempt("stripe.key") { () async throws(ConnectorError) in
            let told = try context.stripe.keyKind()
            kind = told.kind
            return try await key(told)
        }
        guard isAccepted else {
            let reads = StripeReadRight.all.map(Self.step) + ["stripe.write", "stripe.account"] + Self.endpointSteps
            steps.skip(reads, "the key is not accepted")
            return steps.all
        }
        for right in StripeReadRight.all {
            await steps.attempt(Self.step(right)) { () async throws(ConnectorError) in try await read(right) }
        }
        steps.add(
            "stripe.write",
            kind == .secret
                ? .passed("a secret key may write everything")
                : .skipped("whether the key may write is not tried: only a write could tell"))
        await steps.attempt("stripe.account") { () async throws(ConnectorError) in try await account() }
        await endpoint(&steps)
        return steps.all
    }

    private static func step(_ right: StripeReadRight) -> String { "stripe.read." + right.name }

    // MARK: key and permissions

    /// A permission that is missing is the business of its own step: the key as such is accepted.
    private func key(_ told: StripeKeyKind) async throws(ConnectorError) -> Finding {
        do throws(ConnectorError) {
            try await context.stripe.ping()
        } catch {
            guard error.code == StripeErrors.permissionMissing else { throw error }
        }
        let mode = "in \(told.mode.rawValue) mode"
        guard told.kind == .secret else { return .passed("a restricted key \(mode) is accepted") }
        return .warned(
            "a secret key \(mode) is accepted",
            remedy: "it may do far more than the connector needs: make a restricted key (rk_...) with the permissions "
                + "that README.md lists, and set it with `ml-connector credentials set`")
    }

    private func read(_ right: StripeReadRight) async throws(ConnectorError) -> Finding {
        do throws(ConnectorError) {
            try await context.stripe.tryRead(right)
            return .passed("\(right.name) can be read")
        } catch {
            guard error.code == StripeErrors.permissionMissing else { throw error }
            return Self.missing(right.permission, error)
        }
    }

    private static func missing(_ permission: String, _ error: ConnectorError) -> Finding {
        .failed(
            error.description,
            remedy:
                "grant \(permission) to the key in Stripe's Dashboard (Developers, API keys, edit the key); the key "
                + "stays the same")
    }

    // MARK: account

    private func account() async throws(ConnectorError) -> Finding {
        let account = try await context.stripe.account()
        if let id = account?.id, let wanted = known.stripeAccount, id != wanted {
            return .failed(
                "the key is of account \(id), the company's is \(wanted)",
                remedy:
                    "set a key of \(wanted) with `ml-connector credentials set`; another account is another tenant, "
                    + "with an id of its own")
        }
        let country: String?
        do throws(ConnectorError) {
            country = if let told = account?.country { told } else { try await context.stripe.accountCountry() }
        } catch {
            guard error.code == StripeErrors.permissionMissing else { throw error }
            return .skipped("the key may read neither the account nor an invoice, which would tell the country")
        }
        guard let country else {
            return .skipped("the key may not read the account, and there is no invoice yet that tells the country")
        }
        let place = [account?.id, country].compactMap { $0 }.joined(separator: ", ")
        guard let supported = try await context.stripe.supportedCurrencies(country: country) else {
            return .skipped("\(place): Stripe does not tell its currencies")
        }
        let codes = context.policy.posting.cashAccounts.keys.sorted()
        let others = codes.filter { code in !supported.contains { $0.code == code } }
        guard others.isEmpty else {
            return .warned(
                "\(place): an account there cannot be paid in \(others.joined(separator: ", "))",
                remedy:
                    "invoices in these currencies become reviews; take them out of cash_accounts of the manifest, or "
                    + "ask Stripe to enable them")
        }
        return .passed("\(place): can be paid in \(codes.joined(separator: ", "))")
    }

    // MARK: webhook endpoint

    private func endpoint(_ steps: inout PingSteps) async {
        guard let publicURL = known.publicURL else {
            return steps.skip(Self.endpointSteps, "no public URL is configured")
        }
        let listed: [StripeEndpoint]
        do throws(ConnectorError) {
            listed = try await context.stripe.webhookEndpoints()
        } catch {
            let isPermission = error.code == StripeErrors.permissionMissing
            // To register an endpoint takes the right to write, which includes this one.
            let permission = "rak_webhook_write (rak_webhook_read is part of it)"
            steps.add("stripe.webhook", isPermission ? Self.missing(permission, error) : .failed(error))
            return steps.skip(Array(Self.endpointSteps.dropFirst()), "the endpoints cannot be listed")
        }
        guard let ours = known.endpoint else {
            steps.add(
                "stripe.webhook",
                .warned(
                    "no webhook endpoint is registered yet",
                    remedy: "it is registered under \(publicURL) at the first sync after the tenant becomes active"))
            return steps.skip(Array(Self.endpointSteps.dropFirst()), "there is no endpoint yet")
        }
        guard let found = listed.first(where: { $0.id == ours.stripeEndpointID }) else {
            steps.add("stripe.webhook", Self.deleted(ours))
            return steps.skip(Array(Self.endpointSteps.dropFirst()), "the endpoint is not there")
        }
        steps.add("stripe.webhook", Self.standing(found, ours))
        steps.add("stripe.webhook_events", Self.events(found))
        steps.add("stripe.webhook_version", Self.version(found))
    }

    private static func deleted(_ ours: EndpointRecord) -> Finding {
        .failed(
            "the endpoint \(ours.stripeEndpointID ?? "") for \(ours.url) was deleted at Stripe",
            remedy:
                "payments are found later, by listing Stripe's events now and then; to have them at once again, serve "
                + "under another --public-url, which registers a new endpoint")
    }

    private static func standing(_ found: StripeEndpoint, _ ours: EndpointRecord) -> Finding {
        guard found.url == ours.url else {
            return .failed(
                "the endpoint \(found.id) sends to \(found.url)",
                remedy: "set its URL in Stripe's Dashboard (Developers, Webhooks) to \(ours.url)")
        }
        guard found.status == "enabled" else {
            return .failed(
                "the endpoint \(found.id) is \(found.status)",
                remedy: "enable it in Stripe's Dashboard (Developers, Webhooks); what was missed is caught up with")
        }
        return .passed("\(found.id) is enabled and sends to \(found.url)")
    }

    private static func events(_ found: StripeEndpoint) -> Finding {
        let missing = Set(EventType.subscribed).subtracting(found.enabledEvents)
        guard !found.enabledEvents.contains("*"), !missing.isEmpty else {
            return .passed("it sends all \(EventType.subscribed.count) kinds of events that are followed")
        }
        return .warned(
            "it does not send \(missing.sorted().joined(separator: ", "))",
            remedy: "add these events to \(found.id) in Stripe's Dashboard (Developers, Webhooks); until then they are "
                + "found later, by listing Stripe's events")
    }

    private static func version(_ found: StripeEndpoint) -> Finding {
        let version = found.apiVersion ?? "the account's default"
        guard version != StripeAPI.version else { return .passed("its events have version \(version)") }
        return .warned(
            "its events have version \(version), not \(StripeAPI.version)",
            remedy: "they are understood all the same; an endpoint's version is settled when it is made, so it changes "
                + "only with a new endpoint")
    }
}
