import Domain
import Foundation
import LibCrypto
import Outbound
import Sync
import Synchronization

/// The network, counted, and with every credential that leaves registered for redaction: whatever an error text or a
/// library logs of it afterwards is blacked out by value.
struct WatchedTransport: Transport {
    private let inner: any Transport
    private let redaction: Redaction
    private let calls: CallCounter
    private let endpoints: SyncEnvironment.Endpoints
    private let seen = Seen()

    /// Hashes of header values met before, so that each is registered once.
    private final class Seen: Sendable {
        static let valuesMax = 10_000
        private let hashes = Mutex<Set<Int>>([])

        func isNew(_ value: String) -> Bool {
            hashes.withLock { hashes in
                if hashes.count >= Self.valuesMax { hashes.removeAll() }
                return hashes.insert(value.hashValue).inserted
            }
        }
    }

    init(
        _ inner: any Transport, redaction: Redaction, calls: CallCounter, endpoints: SyncEnvironment.Endpoints
    ) {
        self.inner = inner
        self.redaction = redaction
        self.calls = calls
        self.endpoints = endpoints
    }

    func send(_ request: OutboundRequest) async throws(TransportFailure) -> OutboundResponse {
        hide(request)
        let path = path(of: request.url)
        let isStripe = request.url.hasPrefix(endpoints.stripe.text + "/")
        calls.record(CallKind(system: isStripe ? .stripe : .visma, method: request.method, path: path))
        return try await inner.send(request)
    }

    private func path(of url: String) -> String {
        let afterScheme = url.firstRange(of: "://")?.upperBound ?? url.startIndex
        guard let slash = url[afterScheme...].firstIndex(of: "/") else { return "/" }
        return String(url[slash...])
    }

    private func hide(_ request: OutboundRequest) {
        for header in request.headers where header.name == "authorization" && seen.isNew(header.value) {
            let words = header.value.split(separator: " ", maxSplits: 1)
            if words.count == 2 { redaction.register(Secret(String(words[1]))) }
        }
        guard path(of: request.url) == "/connect/token" else { return }
        for field in String(decoding: request.body, as: UTF8.self).split(separator: "&") {
            let parts = field.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[0] == "client_secret", seen.isNew(String(parts[1])) else { continue }
            let value = parts[1].replacing("+", with: " ")
            redaction.register(Secret(String(value).removingPercentEncoding ?? String(value)))
        }
    }
}
