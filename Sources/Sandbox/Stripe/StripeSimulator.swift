import Foundation
import LibCrypto
import Synchronization

/// A simulated Stripe: several accounts, strict about parameters, with idempotency, events and webhooks. It is
/// written from Stripe's public documents and API description, not from any client.
package final class StripeSimulator: Sendable {
    private struct Key: Sendable {
        var book: String
        /// nil for a secret key, which may do everything.
        var permissions: Set<String>?
    }

    /// What can go wrong at Stripe itself, whatever the network does.
    package enum Failure: Sendable, Equatable {
        /// A 500, kept under the request's idempotency key as Stripe keeps it, with or without the effect.
        case serverError(afterEffect: Bool)
        /// 429 `lock_timeout`: another request holds the object. Nothing happens, and there is no request id.
        case lockTimeout
        /// 409: another request with the same idempotency key is still under way. Nothing happens.
        case keyInUse
    }

    private struct PlannedFailure: Sendable {
        var pathPrefix: String
        var failure: Failure
        var count: Int
    }

    private struct State: Sendable {
        var books: [String: StripeBook] = [:]
        var keys: [String: Key] = [:]
        var failures: [PlannedFailure] = []
        var random: SandboxRandom
    }

    private let clock: SandboxClock
    private let seed: UInt64
    private let searchLagSeconds: Int64
    private let state: Mutex<State>

    /// - Parameters:
    ///   - searchLagSeconds: how old a change must be before the search finds it; the real one is usually under a
    ///     minute behind.
    package init(clock: SandboxClock, seed: UInt64, searchLagSeconds: Int64 = 30) {
        self.clock = clock
        self.seed = seed
        self.searchLagSeconds = searchLagSeconds
        state = Mutex(State(random: SandboxRandom(seed: seed ^ 0x5717_19E5)))
    }

    /// Adds an account, or another key to one. The key's prefix says whether it is live, and test and live do not
    /// see each other. `permissions` (`rak_invoice_write` and so on) restrict a key; nil allows everything.
    /// Currencies are lower-case codes; the first country-like guess for the default currency can be given.
    /// `settings` count when the account is new; `change` changes them later.
    package func addAccount(
        id: String, secretKey: String, country: String, supportedCurrencies: Set<String>,
        permissions: Set<String>? = nil, defaultCurrency: String? = nil,
        settings: StripeAccountSettings = StripeAccountSettings()
    ) {
        let isLive = secretKey.contains("_live_")
        let place = "\(id) \(isLive ? "live" : "test")"
        let fallback = supportedCurrencies.contains("eur") ? "eur" : supportedCurrencies.sorted().first ?? "eur"
        state.withLock { state in
            state.keys[secretKey] = Key(book: place, permissions: permissions)
            guard state.books[place] == nil else { return }
            // Each account draws from a seed of its own, so that what one does leaves the ids of another alone.
            let mixed = sha256("\(seed) \(place)".utf8).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            state.books[place] = StripeBook(
                account: id, isLive: isLive, country: country, defaultCurrency: defaultCurrency ?? fallback,
                supportedCurrencies: supportedCurrencies, settings: settings,
                searchLagSeconds: searchLagSeconds, seed: mixed)
        }
    }

    /// Changes how an account behaves from now on, in both modes. Answers false when there is none of that id.
    @discardableResult
    package func change(account: String, _ change: (inout StripeAccountSettings) -> Void) -> Bool {
        state.withLock { state in
            let places = state.books.keys.filter { state.books[$0]?.account == account }
            for place in places { change(&state.books[place]!.settings) }
            return !places.isEmpty
        }
    }

    /// Plans a failure of the next `count` POST requests under the prefix.
    package func plan(_ failure: Failure, pathPrefix: String, count: Int = 1) {
        state.withLock {
            $0.failures.append(PlannedFailure(pathPrefix: pathPrefix, failure: failure, count: count))
        }
    }

    /// Reads or changes the account that `isWanted` names; nil when none does. Changes made here are a person's,
    /// so the events they cause carry no request.
    func withBook<R: Sendable, E: Error>(
        where isWanted: (StripeBook) -> Bool, _ body: (inout StripeBook) throws(E) -> R
    ) throws(E) -> R? {
        try state.withLock { (state) throws(E) -> R? in
            guard let place = state.books.keys.sorted().first(where: { state.books[$0].map(isWanted) ?? false })
            else { return nil }
            state.books[place]!.begin(at: clock.now() / 1_000_000)
            return try body(&state.books[place]!)
        }
    }

    /// Every account's share, in the accounts' order.
    func gather<R: Sendable>(_ body: (inout StripeBook) -> [R]) -> [R] {
        state.withLock { state in
            state.books.keys.sorted().flatMap { place in
                state.books[place]!.begin(at: clock.now() / 1_000_000)
                return body(&state.books[place]!)
            }
        }
    }

    /// Answers one request to `/v1/…`.
    package func handle(_ request: SandboxRequest) -> SandboxResponse {
        state.withLock { state in
            let requestID = "req_" + state.random.idText(14)
            var response = answer(request, requestID: requestID, &state)
            response.headers.append(("Content-Type", "application/json"))
            // A request that only waited for a lock has no id.
            if response.status != 429 { response.headers.append(("Request-Id", requestID)) }
            response.headers.append(("Stripe-Version", request.header("Stripe-Version") ?? StripeBook.version))
            return response
        }
    }

    private func answer(_ request: SandboxRequest, requestID: String, _ state: inout State) -> SandboxResponse {
        do throws(StripeFailure) {
            let key = try Self.authenticate(request, state.keys)
            if let version = request.header("Stripe-Version"), !Self.isVersion(version) {
                throw .parameter("Stripe-Version", "Invalid Stripe API version: \(version)")
            }
            guard let (route, ids) = StripeRoutes.find(request.method, request.path) else {
                throw StripeFailure(
                    status: 404, message: "Unrecognized request URL (\(request.method): \(request.path)).")
            }
            state.books[key.book]?.calls[route.name, default: 0] += 1
            if let permissions = key.permissions, !route.isPermitted(by: permissions) {
                throw StripeFailure(
                    status: 403,
                    message: "The provided key does not have the required permissions for this endpoint on account "
                        + "'\(key.book.prefix { $0 != " " })'. Having the '\(route.permission)' permission would allow "
                        + "this request to continue.", isKept: false)
            }
            return try perform(request, route, ids, key.book, requestID, &state)
        } catch {
            return SandboxResponse(status: error.status, body: error.json.bytes)
        }
    }

    private func perform(
        _ request: SandboxRequest, _ route: StripeRoute, _ ids: [String], _ place: String, _ requestID: String,
        _ state: inout State
    ) throws(StripeFailure) -> SandboxResponse {
        let isPost = request.method == "POST"
        if isPost, let type = request.header("Content-Type"), !request.body.isEmpty,
            !type.hasPrefix("application/x-www-form-urlencoded")
        {
            throw StripeFailure(
                status: 400, message: "The content type of a POST must be application/x-www-form-urlencoded.",
                isKept: false)
        }
        let parameters = isPost ? request.body : Array(request.query.utf8)
        let idempotencyKey = isPost ? request.header("Idempotency-Key") : nil
        let seconds = clock.now() / 1_000_000
        let fingerprint = "\(request.path)\n\(StripeForm.canonical(parameters))"
        if let idempotencyKey, let book = state.books[place] {
            if let saved = try Self.replay(idempotencyKey, fingerprint, seconds, book) { return saved }
        }
        let call = try route.call(StripeForm.parse(parameters), ids: ids)
        let failure = isPost ? Self.plannedFailure(for: request.path, &state.failures) : nil
        if failure == .lockTimeout { throw Self.lockTimeout }
        if failure == .keyInUse { throw Self.keyInUse(idempotencyKey ?? "") }
        var response = SandboxResponse(status: 200)
        do throws(StripeFailure) {
            if failure == .serverError(afterEffect: false) { throw Self.serverError }
            let body = try Self.run(route, call, (requestID, idempotencyKey), seconds, &state.books[place])
            if failure == .serverError(afterEffect: true) { throw Self.serverError }
            let version = request.header("Stripe-Version") ?? StripeBook.version
            response.body = (state.books[place]?.shaped(body, for: version) ?? body).bytes
        } catch {
            if !error.isKept { throw error }
            response = SandboxResponse(status: error.status, body: error.json.bytes)
        }
        if let idempotencyKey {
            state.books[place]?.replays[idempotencyKey] = StripeReplay(
                fingerprint: fingerprint, status: response.status, body: response.body, requestID: requestID,
                savedAt: seconds)
            response.headers.append(("Idempotency-Key", idempotencyKey))
        }
        return response
    }

    /// Does in the Dashboard what `method` and `path` do in the API: no key, and no request that an event could name.
    package func byHand(
        account: String, _ method: String, _ path: String, _ parameters: [(name: String, value: String)] = []
    ) throws(StripeActionRefused) -> StripeJSON {
        guard let (route, ids) = StripeRoutes.find(method, path) else {
            throw StripeActionRefused("unknown operation: \(method) \(path)")
        }
        let form = StripeForm.build(parameters)
        let done = try withBook(where: { $0.account == account }) { (book) throws(StripeActionRefused) in
            do throws(StripeFailure) {
                return try route.run(&book, try route.call(form, ids: ids))
            } catch {
                throw StripeActionRefused(error.message)
            }
        }
        guard let done else { throw StripeActionRefused("no such account: \(account)") }
        return done
    }

    private static func run(
        _ route: StripeRoute, _ call: StripeCall, _ request: (id: String?, idempotencyKey: String?), _ seconds: Int64,
        _ book: inout StripeBook?
    ) throws(StripeFailure) -> StripeJSON {
        guard book != nil else { throw serverError }
        book!.begin(at: seconds, request: request)
        return try route.run(&book!, call)
    }

    private static let serverError = StripeFailure(
        status: 500, type: "api_error", message: "An unknown error occurred while processing the request.")

    private static let lockTimeout = StripeFailure(
        status: 429, code: "lock_timeout",
        message: "This object cannot be accessed right now because another API request or Stripe process is currently "
            + "accessing it.", isKept: false)

    private static func keyInUse(_ key: String) -> StripeFailure {
        StripeFailure(
            status: 409, type: "idempotency_error", code: "idempotency_key_in_use",
            message: "There is currently another in-progress request using this Idempotent Key: \(key).",
            isKept: false)
    }

    private static func replay(
        _ key: String, _ fingerprint: String, _ now: Int64, _ book: StripeBook
    ) throws(StripeFailure) -> SandboxResponse? {
        if key.isEmpty || key.count > 255 {
            throw .parameter("Idempotency-Key", "Idempotency keys must be between 1 and 255 characters long.")
        }
        guard let saved = book.replays[key], now - saved.savedAt < StripeReplay.keptSeconds else { return nil }
        guard saved.fingerprint == fingerprint else {
            throw StripeFailure(
                status: 400, type: "idempotency_error",
                message: "Keys for idempotent requests can only be used with the same parameters they were first used "
                    + "with. Try using a key other than '\(key)' if you meant to execute a different request.",
                isKept: false)
        }
        return SandboxResponse(
            status: saved.status,
            headers: [
                ("Idempotency-Key", key), ("Idempotent-Replayed", "true"), ("Original-Request", saved.requestID),
            ], body: saved.body)
    }

    /// The planned failure that strikes now.
    private static func plannedFailure(for path: String, _ failures: inout [PlannedFailure]) -> Failure? {
        guard let place = failures.firstIndex(where: { path.hasPrefix($0.pathPrefix) && $0.count > 0 }) else {
            return nil
        }
        failures[place].count -= 1
        return failures[place].failure
    }

    private static func authenticate(_ request: SandboxRequest, _ keys: [String: Key]) throws(StripeFailure) -> Key {
        let header = request.header("Authorization") ?? ""
        var given = ""
        if header.lowercased().hasPrefix("bearer ") { given = String(header.dropFirst(7)) }
        if header.lowercased().hasPrefix("basic "), let pair = Data(base64Encoded: String(header.dropFirst(6))) {
            given = String(decoding: pair.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self)
        }
        if given.isEmpty {
            throw StripeFailure(
                status: 401,
                message: "You did not provide an API key. Give it as a Bearer token in the "
                    + "Authorization header.", isKept: false)
        }
        guard let key = keys[given] else {
            throw StripeFailure(
                status: 401, message: "Invalid API Key provided: \(given.prefix(8))****\(given.suffix(4))",
                isKept: false)
        }
        return key
    }

    /// `2024-06-20` and `2026-08-26.dahlia` are versions.
    static func isVersion(_ text: String) -> Bool {
        // Each request brings one: an expression would cost more than the answer.
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let day = parts[0].utf8
        let isDay =
            day.count == 10
            && day.enumerated().allSatisfy { index, byte in
                index == 4 || index == 7 ? byte == UInt8(ascii: "-") : (48...57).contains(byte)
            }
        return isDay && parts.dropFirst().allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (97...122).contains($0) } }
    }
}
