package import Domain
import Foundation
package import LibCrypto
package import Outbound

/// One company's access token from Visma Connect, by client credentials. There is no refresh token: a new one is asked
/// for. One request is in flight at a time; whoever needs a token meanwhile waits for that one.
package actor VismaToken {
    package static let scopes = [
        "vismanet_erp_service_api:read", "vismanet_erp_service_api:create", "vismanet_erp_service_api:update",
    ]
    package static let deleteScope = "vismanet_erp_service_api:delete"
    /// A token is not used in its last minute.
    static let marginSeconds: Int64 = 60
    /// When the answer does not say how long; Visma's are good for 3600 s.
    static let lifetimeSecondsDefault: Int64 = 300

    /// A token that was handed out. The secret is wiped with the last holder.
    package final class Held: Sendable {
        package let secret: Secret
        /// What it is good for, as the answer tells; what was asked for when the answer does not.
        let scopes: Set<String>
        let usableUntil: Timestamp

        init(_ secret: consuming Secret, scopes: Set<String>, usableUntil: Timestamp) {
            self.secret = secret
            self.scopes = scopes
            self.usableUntil = usableUntil
        }
    }

    private let settings: VismaSettings
    /// What is asked for.
    let scopes: [String]
    private let clientID: SecretSource
    private let clientSecret: SecretSource
    private let transport: any Transport
    private let now: @Sendable () -> Timestamp
    private let redaction: Redaction
    private let counter: CallCounter?

    private var held: Held?
    private var isMinting = false
    private var waiting: [CheckedContinuation<Result<Held, ConnectorError>, Never>] = []

    /// `scopes` (nil: all that the settings need) are asked for together: Visma Connect refuses all when one of them is
    /// not granted.
    package init(
        settings: VismaSettings, scopes: [String]? = nil, clientID: @escaping SecretSource,
        clientSecret: @escaping SecretSource, transport: any Transport, now: @escaping @Sendable () -> Timestamp,
        redaction: Redaction = Redaction(), counter: CallCounter? = nil
    ) {
        self.settings = settings
        self.scopes = scopes ?? Self.scopes + (settings.mayDelete ? [Self.deleteScope] : [])
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.transport = transport
        self.now = now
        self.redaction = redaction
        self.counter = counter
    }

    /// Another token with the same credentials, for these scopes alone.
    nonisolated func asking(for scopes: [String]) -> VismaToken {
        VismaToken(
            settings: settings, scopes: scopes, clientID: clientID, clientSecret: clientSecret, transport: transport,
            now: now, redaction: redaction, counter: counter)
    }

    /// A token that is good for at least a minute. Fails with `.reauthorise` when Visma Connect does not accept the
    /// credentials, the scopes or the tenant, with `.retry` when it cannot be reached.
    package func current() async throws(ConnectorError) -> Held {
        if let held, now() < held.usableUntil { return held }
        if isMinting { return try await withCheckedContinuation { waiting.append($0) }.get() }
        isMinting = true
        let outcome: Result<Held, ConnectorError>
        do throws(ConnectorError) {
            outcome = .success(try await mint())
        } catch {
            outcome = .failure(error)
        }
        isMinting = false
        if let old = held { redaction.forget(old.secret) }
        held = try? outcome.get()
        let others = waiting
        waiting = []
        for other in others { other.resume(returning: outcome) }
        return try outcome.get()
    }

    /// The API refused this token. One that was fetched meanwhile stays.
    package func drop(_ refused: Held) {
        guard held === refused else { return }
        redaction.forget(refused.secret)
        held = nil
    }

    // MARK: the call

    private func mint() async throws(ConnectorError) -> Held {
        let body = try form()
        let response: OutboundResponse
        do throws(TransportFailure) {
            let request = OutboundRequest(
                method: "POST", url: try settings.connect.url(path: "/connect/token"),
                headers: [
                    ("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json"),
                    ("user-agent", Product.userAgent),
                ],
                body: body, timeoutMilliseconds: settings.timeoutMilliseconds)
            counter?.record(CallKind(system: .visma, method: "POST", path: "/connect/token"))
            response = try await transport.send(request)
        } catch {
            if error.isWithheld { throw ErrorClassifier.error(error, system: .visma, method: "POST") }
            // A token more or less has no effect: it may always be asked for again.
            throw ConnectorError(
                code: "visma.token_no_answer", text: redaction.redact(error.text),
                disposition: .retry(afterSeconds: nil), system: .visma)
        }
        guard (200...299).contains(response.status) else { throw refusal(response) }
        return try read(response)
    }

    /// The credentials in the form's body, as Visma documents it.
    private func form() throws(ConnectorError) -> [UInt8] {
        do {
            let id = try clientID()
            let secret = try clientSecret()
            redaction.register(secret)
            let pairs = id.withText { idText in
                secret.withText { secretText in
                    PercentText.pairs([
                        ("grant_type", "client_credentials"), ("scope", scopes.joined(separator: " ")),
                        ("client_id", idText), ("client_secret", secretText), ("tenant_id", settings.vismaTenant),
                    ])
                }
            }
            return Array(pairs.utf8)
        } catch {
            throw ConnectorError(
                code: "visma.credentials_unreadable",
                text: "the stored Visma credentials could not be opened (\(type(of: error)))",
                disposition: .reauthorise, system: .visma)
        }
    }

    private struct TokenDTO: Decodable {
        var token: String
        var lifetimeSeconds: Int64?
        var scope: String?

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: AnyKey.self)
            token = try fields.required("access_token")
            scope = try? fields.text("scope")
            lifetimeSeconds = try fields.amount("expires_in").map { Int64(truncating: $0.value as NSDecimalNumber) }
        }
    }

    private func read(_ response: OutboundResponse) throws(ConnectorError) -> Held {
        guard let answer = try? JSONDecoder().decode(TokenDTO.self, from: Data(response.body)),
            // It goes into a header: a line break would let it add others.
            answer.token.utf8.allSatisfy({ (33...126).contains($0) })
        else { throw VismaErrors.unreadable(response, what: "the token", redaction: redaction) }
        let lifetime = max(0, min(answer.lifetimeSeconds ?? Self.lifetimeSecondsDefault, 86_400))
        // A very short-lived token is used for half its life, else every call would fetch one.
        let usable = max(lifetime - Self.marginSeconds, lifetime / 2)
        let secret = Secret(answer.token)
        redaction.register(secret)
        let granted = Set((answer.scope ?? "").split(separator: " ").map(String.init))
        return Held(
            secret, scopes: granted.isEmpty ? Set(scopes) : granted, usableUntil: now().adding(seconds: usable))
    }

    private static let refusals: [(word: String, remedy: String)] = [
        (
            "invalid_client",
            "Visma Connect does not know this client id and secret: copy both again from the Visma Developer Portal"
        ),
        (
            "invalid_scope",
            "the application lacks one of the scopes read, create and update (and delete, where the policy lets the "
                + "connector make credit notes): have them approved in the Developer "
                + "Portal, then the company's Integration Administrator must accept the application again in the "
                + "Visma App Store"
        ),
        (
            "invalid_tenant",
            "Visma Connect does not know this tenant for the application: \(VismaErrors.tenantRemedy); or the company "
                + "has not accepted the application in the Visma App Store (it takes up to 15 minutes to count)"
        ),
    ]

    /// The form of these bodies is not documented, so the word is looked for wherever it stands.
    private func refusal(_ response: OutboundResponse) -> ConnectorError {
        let budget = RateBudget(response, now: now())
        let raw = String(decoding: response.body.prefix(4000), as: UTF8.self).lowercased()
        var error = VismaErrors.error(response, method: "GET", budget: budget, redaction: redaction)
        guard (400...499).contains(response.status), response.status != 429, response.status != 408 else {
            return error
        }
        error.disposition = .reauthorise
        if let known = Self.refusals.first(where: { raw.contains($0.word) }) {
            error.code = "visma.\(known.word)"
            error.text = known.remedy
        } else {
            error.code = "visma.token_refused"
            error.text =
                "Visma Connect gives no token: "
                + VismaErrors.shown(VismaErrors.body(of: response).text, redaction)
        }
        return error
    }
}
