import AsyncHTTPClient
import Outbound
import Testing

@Suite("The transport over async-http-client")
struct HTTPClientTransportTests {
    private func send(
        to port: UInt16, path: String = "/x", host: String = "http://127.0.0.1", timeoutMilliseconds: Int64 = 20_000,
        answerBytesMax: Int = 1000
    ) async throws -> Result<OutboundResponse, TransportFailure> {
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: HTTPClientTransport.configuration())
        let transport = HTTPClientTransport(
            client: client, rules: try HostRules(allowed: ["https://name.invalid"]), answerBytesMax: answerBytesMax)
        let outcome: Result<OutboundResponse, TransportFailure>
        do throws(TransportFailure) {
            outcome = .success(
                try await transport.send(
                    OutboundRequest(
                        method: "POST", url: "\(host):\(port)\(path)", headers: [("x-one", "1")],
                        body: Array(LoopbackServer.requestEnd.utf8), timeoutMilliseconds: timeoutMilliseconds)))
        } catch {
            outcome = .failure(error)
        }
        try await client.shutdown()
        return outcome
    }

    private func failure(_ outcome: Result<OutboundResponse, TransportFailure>) -> TransportFailure.Kind? {
        if case .failure(let failure) = outcome { return failure.kind }
        return nil
    }

    @Test("An answer is read whole, with header names in lower case")
    func answer() async throws {
        let server = try LoopbackServer(
            .answer("HTTP/1.1 201 Created\r\nLocation: http://other.example/v1/p/7\r\nContent-Length: 2\r\n\r\nok"))
        defer { server.stop() }
        let response = try await send(to: server.port).get()
        #expect(response.status == 201)
        #expect(response.headers.contains { $0.name == "location" && $0.value == "http://other.example/v1/p/7" })
        #expect(response.body == Array("ok".utf8))
        #expect(server.lastRequest.hasPrefix("POST /x HTTP/1.1\r\n"))
        #expect(server.lastRequest.contains("x-one: 1"))
        #expect(server.lastRequest.hasSuffix("hello"))
    }

    @Test("A redirect is an answer like any other")
    func redirect() async throws {
        let target = try LoopbackServer(.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
        let server = try LoopbackServer(
            .answer(
                "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:\(target.port)/stolen\r\nContent-Length: 0\r\n\r\n"))
        defer {
            server.stop()
            target.stop()
        }
        #expect(try await send(to: server.port).get().status == 302)
        #expect(target.lastRequest.isEmpty)
    }

    @Test("Silence beyond the time-out, and a connection closed in the middle, leave the effect unknown")
    func unknownEffect() async throws {
        let silent = try LoopbackServer(.silence)
        let abrupt = try LoopbackServer(.hangUp)
        let half = try LoopbackServer(.answer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"))
        defer { for server in [silent, abrupt, half] { server.stop() } }
        #expect(failure(try await send(to: silent.port, timeoutMilliseconds: 200)) == .unknownEffect)
        #expect(failure(try await send(to: abrupt.port)) == .unknownEffect)
        #expect(failure(try await send(to: half.port)) == .unknownEffect)
    }

    @Test("A refused connection, an unknown name and a host off the list were certainly not sent")
    func notSent() async throws {
        let server = try LoopbackServer(.refuse)
        #expect(failure(try await send(to: server.port)) == .notSent)
        #expect(failure(try await send(to: server.port, host: "https://evil.example")) == .notSent)
        #expect(failure(try await send(to: 443, host: "https://name.invalid")) == .notSent)
    }

    @Test("An answer over the limit is not read to its end")
    func tooLarge() async throws {
        let text = String(repeating: "x", count: 2000)
        let server = try LoopbackServer(.answer("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n\(text)"))
        defer { server.stop() }
        #expect(failure(try await send(to: server.port, answerBytesMax: 1999)) == .answerTooLarge)
        #expect(try await send(to: server.port, answerBytesMax: 2000).get().body.count == 2000)
    }
}
