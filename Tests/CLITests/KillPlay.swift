import Foundation
import Sandbox
import Testing

/// A company's life on one `KillBench`: each scene leads the server to a place where it dies, and is whole again
/// before the next.
final class KillPlay {
    enum Scene {
        /// A new customer's first invoice.
        case newCustomer
        /// A known customer's next invoice.
        case invoice
        /// The oldest open invoice is paid; its card is declined; the last one paid is disputed.
        case pay, failCard, dispute
        /// An invoice for a customer whose credit balance in Stripe would settle a part of it.
        case creditBalance
        /// That credit balance comes between our look at the draft and its finalization.
        case lateCreditBalance
        /// The server's public address changes.
        case newAddress
        /// The answer to the registration is lost for good: first by a kill, then by a failure of Stripe's own.
        case lostRegistration
    }

    /// How much more than asked is paid to get a credit balance, in minor units.
    static let excess: Int64 = 500

    private let bench: KillBench
    private let known: String
    /// Customers with one open invoice that no other scene touches.
    private var spare: [(customer: String, document: String)] = []
    private var paid: [String] = []
    private var credited: String?
    private var scenes = 0

    init(_ sandboxOptions: [String]) async throws {
        bench = try await KillBench(sandboxOptions)
        known = try await bench.customer("Known")
        try await bench.invoice(known)
        for name in ["SpareOne", "SpareTwo", "SpareThree"] {
            let customer = try await bench.customer(name)
            spare.append((customer, try await bench.invoice(customer)))
        }
        try await bench.recovers(after: "the first start")
    }

    func run(_ scene: Scene, dyingAt place: String) async throws {
        scenes += 1
        switch scene {
        case .newCustomer:
            let customer = try await bench.customer("New\(scenes)")
            try await bench.invoice(customer)
            try await bench.dies(at: place)
        case .invoice:
            try await bench.invoice(known, "\(100 + scenes).25")
            try await bench.dies(at: place)
        case .pay:
            try await bench.dies(at: place) {
                let invoice = try await self.openInvoice()
                try await self.bench.act("pay", [("invoice", .string(invoice))])
                self.paid.append(invoice)
            }
        case .failCard:
            try await bench.dies(at: place) {
                try await self.bench.act("fail", [("invoice", .string(try await self.openInvoice()))])
            }
        case .dispute:
            let last = paid.popLast()
            let invoice = try #require(last)
            try await bench.dies(at: place) {
                try await self.bench.act("dispute", [("invoice", .string(invoice))])
            }
        case .creditBalance:
            let document = try await bench.invoice(try #require(credited), "2000.00")
            bench.expectedReviews.insert(document)
            try await bench.dies(at: place)
        case .lateCreditBalance: try await lateCredit(place)
        case .newAddress:
            try bench.moveToNewAddress()
            try await bench.dies(at: place)
        case .lostRegistration: try await lostRegistration(place)
        }
        try await bench.recovers(after: place)
    }

    /// The audit chain is whole after all of it.
    func finish() throws {
        let result = try bench.tool.run("audit", "verify", "acme")
        #expect(result.status == 0, "\(result.errors)")
    }

    private func openInvoice() async throws -> String {
        let reserved = spare.map(\.document)
        let open = try await bench.books().stripe("invoice").first { row in
            guard let document = row["metadata"]?["mlc_document"]?.stringValue else { return false }
            return row["status"]?.stringValue == "open" && !reserved.contains(document)
        }
        return try #require(open?["id"]?.stringValue)
    }

    /// The finalization is written down as sent when the server dies; before it really is, the customer overpays
    /// another invoice, and Stripe would settle a part of this one from the excess.
    private func lateCredit(_ place: String) async throws {
        let (customer, other) = spare.removeFirst()
        let document = try await bench.invoice(customer)
        bench.expectedReviews.insert(document)
        try await bench.dies(at: "effect.sent/invoice.finalize")
        let invoice = try #require(try await bench.books().invoices(of: other).first)
        let amount = try #require(invoice["amount_remaining"]?.intValue)
        try await bench.act(
            "pay",
            [
                ("invoice", .string(try #require(invoice["id"]?.stringValue))),
                ("amount", .integer(amount + Self.excess)),
            ])
        credited = customer
        try await bench.dies(at: place)
    }

    private func lostRegistration(_ place: String) async throws {
        try bench.moveToNewAddress()
        try await bench.dies(at: "effect.answered/endpoint.create")
        try await bench.act(
            "faults",
            [
                ("method", .string("POST")), ("path", .string("/v1/webhook_endpoints")), ("kind", .string("status")),
                ("status", .integer(500)),
            ])
        try await bench.callsAreOver()
        try await bench.dies(at: place)
    }
}
