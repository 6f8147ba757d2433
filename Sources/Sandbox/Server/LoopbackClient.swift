import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// A small HTTP client for what the sandbox itself sends: webhook deliveries, and requests of those who drive it.
package struct LoopbackClient: Sendable {
    /// The largest answer taken, in bytes.
    package static let answerBytesMax = 16 * 1024 * 1024

    /// One for the process, never shut down. Redirects are not followed: to Stripe one is a failed delivery, and a
    /// test wants to see it.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        return HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    }()

    package init() {}

    /// Sends the request to `base` (`http://127.0.0.1:1234`) and collects the answer. Throws when there is none
    /// within the time, or when it breaks off.
    package func send(
        _ request: SandboxRequest, to base: String, timeoutMilliseconds: Int64 = 10_000
    ) async throws -> SandboxResponse {
        let query = request.query.isEmpty ? "" : "?" + request.query
        var outgoing = HTTPClientRequest(url: base + request.path + query)
        outgoing.method = .RAW(value: request.method)
        for header in request.headers { outgoing.headers.add(name: header.name, value: header.value) }
        if !request.body.isEmpty { outgoing.body = .bytes(ByteBuffer(bytes: request.body)) }
        let answer = try await Self.client.execute(outgoing, timeout: .milliseconds(timeoutMilliseconds))
        let body = try await answer.body.collect(upTo: Self.answerBytesMax)
        return SandboxResponse(
            status: Int(answer.status.code), headers: answer.headers.map { ($0.name, $0.value) },
            body: Array(body.readableBytesView))
    }
}
