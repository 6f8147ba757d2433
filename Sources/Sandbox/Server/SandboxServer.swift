import Foundation
import HTTPTypes
import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle

/// A simulator behind a real HTTP server on the loopback address, with planned faults and, when asked for, the
/// control API and page. One simulated host is one server on one port.
package struct SandboxServer: Service {
    package typealias Handler = @Sendable (SandboxRequest) async -> SandboxResponse

    /// The largest request body taken, in bytes.
    package static let bodyBytesMax = 8 * 1024 * 1024

    private let stripe: StripeSimulator?
    private let other: Handler?
    private let port: Int
    private let faults: FaultPlan
    private let control: SandboxControl?
    private let hangSeconds: Int
    let logger: Logger
    private var onBound: @Sendable (Int) async -> Void

    /// - Parameters:
    ///   - stripe: answers `/v1/…`.
    ///   - other: answers every other path (the Visma simulator's `handle`, say).
    ///   - port: 0 for a free one.
    ///   - control: answers `/_sandbox/…`; nil for none.
    ///   - hangSeconds: how long a request that meets a timeout is held before its connection is closed.
    ///   - onBound: told the port once the server listens.
    package init(
        stripe: StripeSimulator? = nil, other: Handler? = nil, port: Int = 0, faults: FaultPlan = FaultPlan(),
        control: SandboxControl? = nil, hangSeconds: Int = 120,
        logger: Logger = Logger(label: "sandbox"), onBound: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.stripe = stripe
        self.other = other
        self.port = port
        self.faults = faults
        self.control = control
        self.hangSeconds = hangSeconds
        self.logger = logger
        self.onBound = onBound
    }

    /// The same server, which tells the port to one more.
    func reporting(_ report: @escaping @Sendable (Int) async -> Void) -> SandboxServer {
        var server = self
        let told = onBound
        server.onBound = { port in
            await told(port)
            await report(port)
        }
        return server
    }

    /// Serves until shut down gracefully or cancelled. Throws when the port is taken.
    package func run() async throws {
        let application = Application(
            responder: CallbackResponder<Context> { request, context in
                try await self.respond(to: request, channel: context.channel)
            },
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port), reuseAddress: true),
            onServerRunning: { channel in
                if let port = channel.localAddress?.port { await self.onBound(port) }
            }, logger: logger)
        try await application.run()
    }

    private struct Context: RequestContext {
        var coreContext: CoreRequestContextStorage
        let channel: any Channel

        init(source: ApplicationRequestContextSource) {
            coreContext = CoreRequestContextStorage(source: source)
            channel = source.channel
        }
    }

    private struct Broken: Error {}

    private func respond(to incoming: Request, channel: any Channel) async throws -> Response {
        let request = try await Self.read(incoming)
        if let control, request.path.hasPrefix("/_sandbox") {
            return Self.write(await control.handle(request))
        }
        guard let fault = faults.next(for: request) else { return Self.write(await answer(request)) }
        if let substitute = fault.substitute { return Self.write(substitute) }
        switch fault {
        case .timeoutBeforeEffect:
            try await hang()
        case .timeoutAfterEffect:
            _ = await answer(request)
            try await hang()
        case .halfBody:
            return Self.writeHalf(await answer(request), channel: channel)
        case .resetAfterEffect, .status, .tooManyRequests:
            _ = await answer(request)
        }
        try? await channel.close()
        throw Broken()
    }

    private func answer(_ request: SandboxRequest) async -> SandboxResponse {
        if let stripe, request.path.hasPrefix("/v1/") { return stripe.handle(request) }
        if let other { return await other(request) }
        return SandboxResponse(status: 404)
    }

    /// Holds the request without an answer, until its time is over or the server is asked to stop.
    private func hang() async throws {
        await cancelWhenGracefulShutdown { try? await Task.sleep(for: .seconds(hangSeconds)) }
    }

    private static func read(_ incoming: Request) async throws -> SandboxRequest {
        let body = try await incoming.body.collect(upTo: bodyBytesMax)
        let parts = (incoming.head.path ?? "/").split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = (parts.first ?? "/").split(separator: "/", omittingEmptySubsequences: false).map { segment in
            segment.removingPercentEncoding ?? String(segment)
        }
        return SandboxRequest(
            method: incoming.method.rawValue, path: path.joined(separator: "/"),
            query: parts.count > 1 ? String(parts[1]) : "",
            headers: incoming.headers.map { ($0.name.rawName, $0.value) }, body: Array(body.readableBytesView))
    }

    private static func fields(_ response: SandboxResponse) -> HTTPFields {
        var fields = HTTPFields()
        for header in response.headers {
            if let name = HTTPField.Name(header.name) { fields.append(HTTPField(name: name, value: header.value)) }
        }
        return fields
    }

    private static func write(_ response: SandboxResponse) -> Response {
        Response(
            status: HTTPResponse.Status(code: response.status), headers: fields(response),
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: response.body)))
    }

    /// Promises the whole body, sends half of it and breaks the connection.
    private static func writeHalf(_ response: SandboxResponse, channel: any Channel) -> Response {
        let half = response.body.prefix(response.body.count / 2)
        return Response(
            status: HTTPResponse.Status(code: response.status), headers: fields(response),
            body: ResponseBody(contentLength: response.body.count) { writer in
                try await writer.write(ByteBuffer(bytes: half))
                try? await channel.close()
                throw Broken()
            })
    }
}
