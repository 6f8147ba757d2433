package import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// The network itself, over async-http-client.
package struct HTTPClientTransport: Transport {
    /// Far above any page that the two systems answer; what is larger is not read to its end.
    package static let answerBytesMaxDefault = 64 * 1024 * 1024
    package static let connectTimeoutSeconds: Int64 = 10
    /// To one host at a time: more than `LimitedTransport` lets through, so that calls wait there, in order and within
    /// their time, and not for a connection.
    private static let connectionsPerHostMax = 64

    private let client: HTTPClient
    private let rules: HostRules
    private let answerBytesMax: Int

    /// `client` must be made with `configuration()` and is shut down by whoever made it.
    package init(client: HTTPClient, rules: HostRules, answerBytesMax: Int = HTTPClientTransport.answerBytesMaxDefault)
    {
        self.client = client
        self.rules = rules
        self.answerBytesMax = answerBytesMax
    }

    /// No redirect is followed (a credential must not travel to where an answer points), and a connection that cannot
    /// be made is reported at once: when to try again is the caller's decision.
    package static func configuration() -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(connectTimeoutSeconds)))
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connectionsPerHostMax
        return configuration
    }

    package func send(_ request: OutboundRequest) async throws(TransportFailure) -> OutboundResponse {
        guard rules.admits(request.url) else {
            throw TransportFailure(kind: .notSent, text: "the host of this call is not on the list of allowed hosts")
        }
        do {
            return try await withThrowingTaskGroup(of: OutboundResponse.self) { group in
                group.addTask { try await exchange(request) }
                // The client's own deadline ends with the answer's head; ours covers its body too.
                group.addTask {
                    try await Task.sleep(for: .milliseconds(request.timeoutMilliseconds))
                    throw TransportFailure(
                        kind: .unknownEffect, text: "no whole answer within \(request.timeoutMilliseconds) ms")
                }
                defer { group.cancelAll() }
                guard let first = try await group.next() else { throw CancellationError() }
                return first
            }
        } catch let failure as TransportFailure {
            throw failure
        } catch {
            throw Self.failure(for: error)
        }
    }

    private func exchange(_ request: OutboundRequest) async throws -> OutboundResponse {
        var outgoing = HTTPClientRequest(url: request.url)
        outgoing.method = HTTPMethod(rawValue: request.method)
        for header in request.headers { outgoing.headers.add(name: header.name, value: header.value) }
        if !request.body.isEmpty { outgoing.body = .bytes(ByteBuffer(bytes: request.body)) }
        let response = try await client.execute(outgoing, timeout: .milliseconds(request.timeoutMilliseconds))
        guard response.history.count <= 1 else {
            throw TransportFailure(kind: .unknownEffect, text: "the HTTP client followed a redirect")
        }
        var body = [UInt8]()
        for try await part in response.body {
            guard body.count + part.readableBytes <= answerBytesMax else {
                throw TransportFailure(kind: .answerTooLarge, text: "the answer is larger than \(answerBytesMax) bytes")
            }
            body.append(contentsOf: part.readableBytesView)
        }
        return OutboundResponse(
            status: Int(response.status.code),
            headers: response.headers.map { (name: $0.name.lowercased(), value: $0.value) }, body: body)
    }

    private static let notSentErrors: Set<String> = Set(
        [
            HTTPClientError.connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout, .invalidURL,
            .emptyHost, .emptyScheme, .alreadyShutdown, .httpProxyHandshakeTimeout, .socksHandshakeTimeout,
        ].map(\.shortDescription))

    /// Only what certainly happened before the first byte of the request counts as not sent.
    private static func failure(for error: any Error) -> TransportFailure {
        switch error {
        case let error as HTTPClientError:
            let known = notSentErrors.contains(error.shortDescription)
            return TransportFailure(kind: known ? .notSent : .unknownEffect, text: error.shortDescription)
        case is NIOConnectionError:
            return TransportFailure(kind: .notSent, text: "the connection could not be made")
        case is SocketAddressError:
            return TransportFailure(kind: .notSent, text: "the host name could not be resolved")
        case let error as IOError where error.errnoCode == ECONNREFUSED || error.errnoCode == ENETUNREACH:
            return TransportFailure(kind: .notSent, text: "the connection was refused")
        default:
            // The certificate is checked before the request is written.
            let text = String(describing: error)
            let handshake = text.contains("handshakeFailed") || text.contains("failedToValidateHostname")
            return handshake
                ? TransportFailure(kind: .notSent, text: "the TLS handshake failed: is the certificate valid?")
                : TransportFailure(kind: .unknownEffect, text: "the exchange broke off (\(type(of: error)))")
        }
    }
}
