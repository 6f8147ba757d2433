import Foundation
import Sandbox
import Testing

/// The books of both simulators, and what must hold in them.
extension KillBench {
    struct Rows {
        var visma: [SandboxJSON] = []
        var stripe: [SandboxJSON] = []

        func stripe(_ kind: String) -> [SandboxJSON] {
            stripe.filter { $0["kind"]?.stringValue == kind }
        }
        func visma(_ kind: String) -> [SandboxJSON] { visma.filter { $0["kind"]?.stringValue == kind } }

        /// The Stripe invoices of a document, in whatever state.
        func invoices(of document: String) -> [SandboxJSON] {
            stripe("invoice").filter { $0["metadata"]?["mlc_document"]?.stringValue == document }
        }
    }

    func books() async throws -> Rows {
        var rows = Rows()
        for part in ["books", "ledgers"] {
            let request = SandboxRequest(method: "GET", path: "/_sandbox/" + part)
            let answer = try await client.send(request, to: stripeURL)
            try #require(answer.status == 200)
            for line in answer.body.split(separator: UInt8(ascii: "\n")) {
                let row = try SandboxJSON.parse(line)
                if row["visma_tenant"] == nil { rows.stripe.append(row) } else { rows.visma.append(row) }
            }
        }
        return rows
    }

    private var pairs: [BookPair] {
        var pair = BookPair(
            vismaTenant: Manifests.vismaTenant, stripeAccount: Self.account, startDate: "2020-01-01",
            timeZone: "Europe/Oslo")
        pair.postsFees = policy == .postsAll
        pair.postsDisputes = policy == .postsAll
        pair.postsPayouts = policy == .postsAll
        pair.bankAccounts = ["NOK": "1920"]
        return [pair]
    }

    private var apart: [BookApart] {
        expectedReviews.sorted { $0.key < $1.key }.map {
            BookApart(vismaTenant: Manifests.vismaTenant, document: $0.key, reason: "review: \($0.value)")
        }
    }

    func drift() async throws -> DriftReport {
        let rows = try await books()
        return Drift.compute(visma: rows.visma, stripe: rows.stripe, pairs: pairs, apart: apart)
    }

    /// The other program's word, from files.
    func requireNoDrift(_ checkpoint: String) async throws {
        let rows = try await books()
        for (name, lines) in [
            ("visma", rows.visma), ("stripe", rows.stripe), ("pairs", pairs.map(\.json)),
            ("apart", apart.map(\.json)),
        ] {
            try tool.write(Books.lines(lines), to: "\(name).jsonl")
        }
        let output = tool.path("drift-" + ProcessInfo.processInfo.globallyUniqueString)
        let script = try Spawn.start(
            ["/usr/bin/python3", Self.driftScript, tool.directory.path], environment: [:],
            input: "/dev/null",
            output: output, errors: output)
        let status = Spawn.wait(script)
        let said = try String(contentsOfFile: output, encoding: .utf8)
        #expect(status == 0 && said.hasSuffix("drift 0\n"), "\(checkpoint): \(said)")
    }

    /// No second invoice, payment, customer or endpoint anywhere, also none that drift would not count.
    func requireOneOfEach(_ checkpoint: String) async throws {
        let rows = try await books()
        let invoices = rows.visma("document").filter { $0["type"]?.stringValue == "Invoice" }
        for document in invoices.map({ "Invoice:" + ($0["number"]?.stringValue ?? "") }) {
            let made = rows.invoices(of: document).compactMap { $0["status"]?.stringValue }
            let isFine =
                unpushed.contains(document)
                ? made.allSatisfy { $0 == "void" || $0 == "deleted" } && made.count <= 1 : made.count == 1
            #expect(isFine, "\(checkpoint): Stripe invoices made for \(document): \(made)")
        }
        // A payment that was taken back was booked all the same.
        let payments = rows.visma("payment").filter { $0["type"]?.stringValue == "Payment" }
            .compactMap { $0["reference"]?.stringValue }.filter { $0.hasPrefix("pi_") }
        let paid = rows.stripe("invoice_payment").filter { $0["status"]?.stringValue == "paid" }
            .compactMap { $0["payment_intent"]?.stringValue }
        #expect(
            payments.sorted() == paid.sorted(),
            "\(checkpoint): the payments in Visma are not those in Stripe")
        let customers = try await list("customers").compactMap {
            $0["metadata"]?["mlc_customer"]?.stringValue
        }
        #expect(
            Set(customers).count == customers.count,
            "\(checkpoint): a customer was made twice: \(customers)")
        let urls = try await list("webhook_endpoints").compactMap { $0["url"]?.stringValue }
        #expect(Set(urls).count == urls.count, "\(checkpoint): an endpoint was made twice: \(urls)")
        #expect(
            urls.filter { $0.hasPrefix("http://127.0.0.1:\(port)/") }.count == 1,
            "\(checkpoint): not one endpoint under the address of today: \(urls)")
        let state = try state()
        let reviews = state.reviews
        let expected = expectedReviews.map { "document/\($0.key) \($0.value)" }
        #expect(Set(reviews) == Set(expected), "\(checkpoint): \(state)")
    }

    private func list(_ noun: String) async throws -> [SandboxJSON] {
        let request = SandboxRequest(
            method: "GET", path: "/v1/\(noun)", query: "limit=100",
            headers: [("Authorization", "Bearer \(stripeKey)")])
        let answer = try await client.send(request, to: stripeURL)
        try #require(answer.status == 200)
        return try SandboxJSON.parse(answer.body)["data"]?.elements ?? []
    }
}
