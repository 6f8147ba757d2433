import ServiceLifecycle

extension SandboxServer {
    /// Serves for as long as `body` runs, which is told the port, then stops gracefully and waits for the end.
    /// Throws what `body` throws, or what keeps the server from running.
    package func whileServing<R: Sendable>(
        _ body: @escaping @Sendable (_ port: Int) async throws -> R
    ) async throws -> R {
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let server = reporting { bound in port.yield(bound) }
        let services = ServiceGroup(services: [server], logger: logger)
        return try await withThrowingTaskGroup(of: R?.self) { group in
            group.addTask {
                defer { port.finish() }
                try await services.run()
                return nil
            }
            // No port means that the server ended before it listened; the group then throws why.
            guard let bound = await ports.first(where: { _ in true }) else {
                while let _ = try await group.next() {}
                throw CancellationError()
            }
            do {
                let result = try await body(bound)
                await services.triggerGracefulShutdown()
                while let _ = try await group.next() {}
                return result
            } catch {
                await services.triggerGracefulShutdown()
                throw error
            }
        }
    }
}
