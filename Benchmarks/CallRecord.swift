import Domain
import Foundation
import Outbound
import Synchronization

/// The calls of each company in their order, as they were sent, to be sent once more by the HTTP client alone.
final class CallRecord: Sendable {
    struct Call: Sendable {
        var system: RemoteSystem
        /// Its URL is only what follows the host.
        var request: OutboundRequest
        var status: Int
    }

    private struct State {
        var calls: [Int: [Call]] = [:]
        /// Companies by the value of their `authorization`.
        var holders: [String: Int] = [:]
        var underWay = 0
        var underWayMax = 0
        var begun: ContinuousClock.Instant?
        var ended: ContinuousClock.Instant?
    }

    private static let tokenPath = "/connect/token"

    private let state: Mutex<State>

    init(companies: Int) {
        let keys = (1...companies).map { ("Bearer " + Companies.key($0), $0) }
        state = Mutex(State(holders: Dictionary(uniqueKeysWithValues: keys)))
    }

    /// By company.
    var calls: [[Call]] { state.withLock { state in state.calls.sorted { $0.key < $1.key }.map(\.value) } }
    /// The most that were under way at once.
    var underWayMax: Int { state.withLock { $0.underWayMax } }
    /// From the first call to the last answer.
    var seconds: Double {
        state.withLock { state in
            guard let begun = state.begun, let ended = state.ended else { return 0 }
            return (ended - begun) / .seconds(1)
        }
    }

    func around(_ transport: any Transport) -> any Transport { Recorded(inner: transport, record: self) }

    private struct Recorded: Transport {
        let inner: any Transport
        let record: CallRecord

        func send(_ request: OutboundRequest) async throws(TransportFailure) -> OutboundResponse {
            let place = record.sending(request)
            let answer = try await inner.send(request)
            record.answered(request, answer, place)
            return answer
        }
    }

    private func sending(_ request: OutboundRequest) -> (company: Int, number: Int)? {
        let now = ContinuousClock.now
        return state.withLock { state in
            state.begun = state.begun ?? now
            state.underWay += 1
            state.underWayMax = max(state.underWayMax, state.underWay)
            guard let company = Self.company(of: request, state.holders) else { return nil }
            var kept = request
            kept.url = Self.path(of: request.url)
            let isStripe = kept.url.hasPrefix("/v1/") && Self.authorization(of: request)?.contains("_test_") == true
            state.calls[company, default: []].append(
                Call(system: isStripe ? .stripe : .visma, request: kept, status: 0))
            return (company, state.calls[company, default: []].count - 1)
        }
    }

    private func answered(
        _ request: OutboundRequest, _ answer: OutboundResponse, _ place: (company: Int, number: Int)?
    ) {
        let now = ContinuousClock.now
        state.withLock { state in
            state.ended = now
            state.underWay -= 1
            guard let place else { return }
            state.calls[place.company]?[place.number].status = answer.status
            if let token = Self.token(in: answer, to: request) { state.holders["Bearer " + token] = place.company }
        }
    }

    private static func company(of request: OutboundRequest, _ holders: [String: Int]) -> Int? {
        if let value = authorization(of: request) { return holders[value] }
        // The form of a token request names the company's tenant, whose last digits are its number.
        let form = String(decoding: request.body, as: UTF8.self)
        guard let end = form.firstRange(of: "tenant_id=")?.upperBound else { return nil }
        return Int(form[end...].prefix(36).suffix(12))
    }

    private static func authorization(of request: OutboundRequest) -> String? {
        request.headers.first { $0.name.lowercased() == "authorization" }?.value
    }

    private static func path(of url: String) -> String {
        let afterScheme = url.firstRange(of: "://")?.upperBound ?? url.startIndex
        return url[afterScheme...].firstIndex(of: "/").map { String(url[$0...]) } ?? "/"
    }

    private static func token(in answer: OutboundResponse, to request: OutboundRequest) -> String? {
        guard request.url.hasSuffix(tokenPath) else { return nil }
        let object = try? JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
        return object?["access_token"] as? String
    }

    // MARK: Once more

    struct Replay: Sendable {
        var seconds = 0.0
        /// Calls that were answered with another status than they were recorded with.
        var others = 0
    }

    /// Sends a company's calls one after the other, those of several companies at the same time, as the connector's
    /// turns do. Each company's token is its own answer's.
    func replay(over transport: any Transport, stripe: String, visma: String) async throws -> Replay {
        let begun = ContinuousClock.now
        let others = try await withThrowingTaskGroup(of: Int.self) { group in
            for calls in calls {
                group.addTask {
                    var others = 0
                    var token = ""
                    for call in calls {
                        var request = call.request
                        request.url = (call.system == .stripe ? stripe : visma) + request.url
                        if call.system == .visma {
                            for index in request.headers.indices where request.headers[index].name == "authorization" {
                                request.headers[index].value = "Bearer " + token
                            }
                        }
                        let answer = try await transport.send(request)
                        if let fresh = Self.token(in: answer, to: request) { token = fresh }
                        if answer.status != call.status { others += 1 }
                    }
                    return others
                }
            }
            return try await group.reduce(0, +)
        }
        return Replay(seconds: (ContinuousClock.now - begun) / .seconds(1), others: others)
    }
}
