import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Web

struct Answer {
    var status: Int
    var body: String
    var type: String?
    var headers: [String: String]
}

/// A running server, seen from the other end of a socket.
struct Served: Sendable {
    let port: Int
    var scheme = "http"
    var client = HTTPClient.shared
    /// Begins the graceful shutdown.
    let stop: @Sendable () async -> Void

    func call(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: HTTPClientRequest.Body? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: "\(scheme)://127.0.0.1:\(port)\(path)")
        request.method = .init(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = body
        let response = try await client.execute(request, timeout: .seconds(60))
        let text = String(buffer: try await response.body.collect(upTo: 4 * 1024 * 1024))
        let all = response.headers.map { ($0.name.lowercased(), $0.value) }
        return Answer(
            status: Int(response.status.code), body: text, type: response.headers.first(name: "content-type"),
            headers: Dictionary(all) { first, _ in first })
    }

    func get(_ path: String) async throws -> Answer { try await call("GET", path) }

    func send(_ delivery: Delivery) async throws -> Answer {
        try await call(
            "POST", delivery.path, headers: delivery.signature.map { [("Stripe-Signature", $0)] } ?? [],
            body: .bytes(ByteBuffer(bytes: delivery.body)))
    }
}

struct NotServed: Error {}

/// Serves `app` on a free port for the length of `body` and shuts down gracefully.
func serving<R: Sendable>(
    _ app: WebApp, certificate: ServerCertificate? = nil,
    log: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
    _ body: (Served) async throws -> R
) async throws -> R {
    let (ports, announce) = AsyncStream.makeStream(of: Int.self)
    let service = HTTPService(host: "127.0.0.1", port: 0, app: app, certificate: certificate, log: log) {
        announce.yield($0)
    }
    let group = ServiceGroup(configuration: .init(services: [service], logger: log))
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
            defer { announce.finish() }
            try await group.run()
        }
        var iterator = ports.makeAsyncIterator()
        guard let port = await iterator.next() else {
            try await tasks.waitForAll()
            throw NotServed()
        }
        let scheme = certificate == nil ? "http" : "https"
        let result = try await body(Served(port: port, scheme: scheme) { await group.triggerGracefulShutdown() })
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
        return result
    }
}
