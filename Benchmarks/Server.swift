import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Web

/// Runs services for the length of `body`, which is told the port.
enum Server {
    static let log = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }

    /// The server of this project with its routes.
    static func run<R: Sendable>(
        _ app: WebApp, beside others: [any Service] = [], _ body: @escaping @Sendable (Int) async throws -> R
    ) async throws -> R {
        try await run({ HTTPService(host: "127.0.0.1", port: 0, app: app, log: log, bound: $0) }, others, body)
    }

    /// The same server with nothing but an echo: the baseline.
    static func runEcho<R: Sendable>(_ body: @escaping @Sendable (Int) async throws -> R) async throws -> R {
        let router = Router()
        router.post("/echo") { request, _ in
            let bytes = try await request.body.collect(upTo: WebLimits.webhookBodyBytesMax)
            return Response(status: .ok, body: ResponseBody(byteBuffer: bytes))
        }
        let responder = router.buildResponder()
        return try await run(
            { bound in
                Application(
                    responder: responder,
                    server: .http1(configuration: .init(idleTimeout: .seconds(WebLimits.connectionIdleSeconds))),
                    configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
                    onServerRunning: { bound($0.localAddress?.port ?? 0) }, logger: log)
            }, [], body)
    }

    struct NotServed: Error {}

    private static func run<R: Sendable>(
        _ make: (@escaping @Sendable (Int) -> Void) -> any Service, _ others: [any Service],
        _ body: @escaping @Sendable (Int) async throws -> R
    ) async throws -> R {
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let group = ServiceGroup(
            configuration: .init(services: others + [make { announce.yield($0) }], logger: log))
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
            let result = try await body(port)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return result
        }
    }
}
