import Domain
import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
import ServiceLifecycle

/// The web app on a port, as a service: it stops taking requests on graceful shutdown and ends when those under way
/// have been answered.
package struct HTTPService: Service {
    private let host: String
    private let port: Int
    private let app: WebApp
    private let certificate: ServerCertificate?
    private let log: Logger
    private let bound: @Sendable (Int) -> Void

    /// - Parameters:
    ///   - port: 0 takes a free one.
    ///   - certificate: for TLS; nil: plain HTTP.
    ///   - bound: is told the port once connections are taken.
    package init(
        host: String, port: Int, app: WebApp, certificate: ServerCertificate? = nil, log: Logger,
        bound: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.host = host
        self.port = port
        self.app = app
        self.certificate = certificate
        self.log = log
        self.bound = bound
    }

    /// Throws a `ConnectorError` with code `serve.port_in_use`, `serve.port_forbidden` or `serve.host_unknown` when
    /// the address cannot be had.
    package func run() async throws {
        let (port, bound) = (port, bound)
        let plain = HTTPServerBuilder.http1(
            configuration: .init(idleTimeout: .seconds(WebLimits.connectionIdleSeconds)))
        let application = Application(
            responder: app.responder(),
            server: try certificate.map { try .tls(plain, tlsConfiguration: $0.configuration()) } ?? plain,
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port),
                availableConnectionsDelegate: .maximum(WebLimits.connectionsMax, logger: log)),
            onServerRunning: { channel in bound(channel.localAddress?.port ?? port) },
            logger: log)
        do {
            try await application.run()
        } catch {
            throw understood(error)
        }
    }

    private func understood(_ error: any Error) -> any Error {
        let address = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        switch error {
        case let failure as IOError where failure.errnoCode == EADDRINUSE:
            return refusal("serve.port_in_use", "the port \(address) is in use; choose another with --port")
        case let failure as IOError where failure.errnoCode == EACCES:
            return refusal(
                "serve.port_forbidden",
                "this user may not listen on \(address); choose a port above 1023 with --port")
        case let failure as IOError where failure.errnoCode == EADDRNOTAVAIL:
            return refusal("serve.host_unknown", "\(host) is no address of this machine; choose one with --host")
        case is SocketAddressError, is SocketAddressError.UnknownHost:
            return refusal("serve.host_unknown", "\(host) could not be resolved; choose an address with --host")
        default: return error
        }
    }

    private func refusal(_ code: String, _ text: String) -> ConnectorError {
        ConnectorError(code: code, text: text, disposition: .reject)
    }
}
