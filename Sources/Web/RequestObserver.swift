import CoreMetrics
import HTTPTypes
import Hummingbird
import Logging
import NIOHTTP1
import Synchronization

/// Around every request: gives it an id, measures it, logs it, and turns what was thrown into a problem. Logged are the
/// route's pattern, the method, the status and the time: never a path (it may hold a token), a query, a header or a
/// body.
struct RequestObserver: RouterMiddleware {
    typealias Context = WebContext

    private let timers: RouteTimers
    let makeRequestID: @Sendable () -> String
    let uptime: @Sendable () -> Duration

    init(
        metrics: PrometheusRegistry, makeRequestID: @escaping @Sendable () -> String,
        uptime: @escaping @Sendable () -> Duration
    ) {
        timers = RouteTimers(metrics: metrics)
        self.makeRequestID = makeRequestID
        self.uptime = uptime
    }

    static let requestID = HTTPField.Name("X-Request-Id")
    private static let methods: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .patch, .delete, .options]

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        let begun = uptime()
        let id = makeRequestID()
        var context = context
        context.logger[metadataKey: "request"] = "\(id)"
        var response = try await answer(request, context, next)
        if let name = Self.requestID { response.headers[name] = id }
        let spent = uptime() - begun
        observe(request, response, context, spent: spent)
        return response
    }

    private func answer(
        _ request: Request, _ context: WebContext, _ next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPParserError {
            // Not HTTP any more: the server answers 400 and closes the connection.
            throw error
        } catch let error as any HTTPResponseError {
            return try Problem(error.status, detail: Self.detail(error.status)).response(error.status)
        } catch {
            context.logger.error("request failed", metadata: ["error.type": "\(type(of: error))"])
            return try Problem(.internalServerError).response(.internalServerError)
        }
    }

    private static func detail(_ status: HTTPResponse.Status) -> String? {
        status == .notFound ? "nothing is served at this address" : nil
    }

    private func observe(_ request: Request, _ response: Response, _ context: WebContext, spent: Duration) {
        // The router sets it to "NotFound" where no route matches, so that there are no more values than routes.
        let route = context.endpointPath ?? "NotFound"
        let method = Self.methods.contains(request.method) ? request.method.rawValue : "other"
        let nanoseconds = spent / .nanoseconds(1)
        timers.timer(route: route, method: method, status: response.status.code)
            .recordNanoseconds(Int64(nanoseconds))
        let level: Logger.Level =
            response.status.code >= 500 ? .warning : response.status.code >= 400 ? .info : .debug
        context.logger.log(
            level: level, "request",
            metadata: [
                "route": "\(route)", "method": "\(method)", "status": "\(response.status.code)",
                "ms": "\(Int64(nanoseconds / 1_000_000))",
            ])
    }
}

/// The timers made so far: to look one up by its labels' text costs more than to answer a webhook. Routes, methods and
/// statuses are few.
private final class RouteTimers: Sendable {
    private struct Key: Hashable {
        var route: String
        var method: String
        var status: Int
    }

    private let metrics: PrometheusRegistry
    private let timers = Mutex<[Key: CoreMetrics.Timer]>([:])

    init(metrics: PrometheusRegistry) { self.metrics = metrics }

    func timer(route: String, method: String, status: Int) -> CoreMetrics.Timer {
        let key = Key(route: route, method: method, status: status)
        return timers.withLock { timers in
            if let known = timers[key] { return known }
            let timer = CoreMetrics.Timer(
                label: MetricName.requestDuration,
                dimensions: [("route", route), ("method", method), ("status", "\(status)")], factory: metrics)
            timers[key] = timer
            return timer
        }
    }
}
