import AsyncHTTPClient
import Domain
import Foundation
import LibCrypto
import NIOCore
import Storage
import Sync
import Testing
import Vault
import Web

@Suite("Visma's webhooks over a socket") struct VismaWebhookTests {
    @Test("A signed body is answered 200 and makes the poll due; anything else 400 without saying why")
    func hint() async throws {
        let bench = try await Bench.open()
        try await bench.database.write { db in
            try bench.vault.store(
                db, purpose: .vismaWebhookKey, secret: Secret("visma-signature-key"), tenant: Bench.alpha,
                now: Bench.now)
            try CursorsTable.set(
                db, tenant: Bench.alpha, stream: .vismaInvoices, StreamCursor(value: "x", sweptAt: Bench.now))
        }
        let body = Array(#"{"ResourceUri":"hint-marker"}"#.utf8)
        let code = Data(try HMACKey(Secret("visma-signature-key")).code(body)).base64EncodedString()
        try await serving(bench.app(), log: bench.log.logger()) { server in
            func post(_ path: String, _ headers: [(String, String)]) async throws -> Answer {
                try await server.call("POST", path, headers: headers, body: .bytes(ByteBuffer(bytes: body)))
            }
            let name = VismaWebhooks.headerDefault
            let unsigned = try await post("/webhooks/visma/alpha", [])
            let unknown = try await post("/webhooks/visma/nobody", [(name, code)])
            let twice = try await post("/webhooks/visma/alpha", [(name, code), (name, code)])
            for answer in [unsigned, unknown, twice] {
                #expect(answer.status == 400)
                #expect(answer.body == unsigned.body)
            }
            #expect(try await server.get("/webhooks/visma/alpha").status == 405)
            func sweptAt() async throws -> Timestamp? {
                try await bench.database.read {
                    try CursorsTable.get($0, tenant: Bench.alpha, stream: .vismaInvoices)?.sweptAt
                }
            }
            #expect(try await sweptAt() == Bench.now)
            #expect(try await post("/webhooks/visma/alpha", [(name, code)]).status == 200)
            #expect(try await sweptAt() == nil)
        }
        #expect(!bench.log.text.contains("hint-marker"))
        #expect(!bench.log.text.contains(code))
    }
}
