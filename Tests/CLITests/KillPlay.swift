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
        /// The bank brings all, or a part; a part is credited; the whole is written off: all in Visma.
        case paidElsewhere, partPaidElsewhere, credited, writtenOff
        /// A payment is given back in full; or in part, for which a credit note is made; and that fails later; or of
        /// an amount of which Visma makes another total.
        case refund, partRefund, refundFails, oddRefund
        /// A card pays a part, and its holder disputes that.
        case disputeOnOpen
        /// What Stripe holds goes to the bank.
        case payout
    }

    /// How much more than asked is paid to get a credit balance, in minor units.
    static let excess: Int64 = 500

    private let bench: KillBench
    private let known: String
    /// Customers with one open invoice that no other scene touches.
    private var spare: [(customer: String, document: String)] = []
    private var paid: [String] = []
    private var refunds: [(refund: String, document: String)] = []
    private var credited: String?
    private var scenes = 0

    /// - Parameter paidCount: how many invoices are paid before the first scene.
    init(_ sandboxOptions: [String], _ policy: KillBench.Policy = .usual, paidCount: Int = 0)
        async throws
    {
        bench = try await KillBench(sandboxOptions, policy, on: KillEngine.chosen())
        known = try await bench.customer("Known")
        try await bench.invoice(known)
        for name in ["SpareOne", "SpareTwo", "SpareThree"] {
            let customer = try await bench.customer(name)
            spare.append((customer, try await bench.invoice(customer)))
        }
        try await bench.recovers(after: "the first start")
        guard paidCount > 0 else { return }
        try await bench.recovers(after: "the first payments") {
            for _ in 0..<paidCount { try await self.payOpen() }
        }
    }

    /// Plays the scene to the first place, and lets each server after that die at the next.
    func run(_ scene: Scene, dyingAt places: [String]) async throws {
        scenes += 1
        let first = try #require(places.first)
        for part in [settle, give, collect] { if try await part(scene, first) { break } }
        for place in places.dropFirst() { try await bench.dies(at: place) }
        try await bench.recovers(after: places.joined(separator: ", "))
    }

    /// False when the scene is none of these; so it is of the next two.
    private func collect(_ scene: Scene, _ place: String) async throws -> Bool {
        switch scene {
        case .newCustomer:
            let customer = try await bench.customer("New\(scenes)")
            try await bench.invoice(customer)
            try await bench.dies(at: place)
        case .invoice:
            try await bench.invoice(known, "\(100 + scenes).25")
            try await bench.dies(at: place)
        case .pay:
            try await bench.dies(at: place) { try await self.payOpen() }
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
            bench.unpushed.insert(document)
            bench.expectedReviews[document] = "credit_balance"
            try await bench.dies(at: place)
        case .lateCreditBalance: try await lateCredit(place)
        case .newAddress:
            try bench.moveToNewAddress()
            try await bench.dies(at: place)
        case .lostRegistration: try await lostRegistration(place)
        default: return false
        }
        return true
    }

    /// What happens in Visma alone: the next server finds it.
    private func settle(_ scene: Scene, _ place: String) async throws -> Bool {
        guard [.paidElsewhere, .partPaidElsewhere, .credited, .writtenOff].contains(scene) else {
            return false
        }
        let document = try await document(of: openInvoice())
        let invoice = SandboxJSON.string(String(document.dropFirst("Invoice:".count)))
        switch scene {
        case .paidElsewhere:
            let row = try await bench.books().visma("document").first { $0["number"] == invoice }
            try await bench.act(
                "visma/pay", [("invoice", invoice), ("amount", try #require(row?["balance"]))])
        case .partPaidElsewhere:
            // Not of the same amount as the last time, so that each can be told from the other.
            try await bench.act(
                "visma/pay", [("invoice", invoice), ("amount", .string("\(20 + scenes).00"))])
        case .credited:
            let made = try await bench.act(
                "visma/credit-note", [("invoice", invoice), ("amount", .string("100.00"))])
            try await bench.act(
                "visma/credit-note/apply",
                [
                    ("credit_note", made["credit_note"] ?? .null), ("invoice", invoice),
                    ("amount", .string("100.00")),
                ])
        case .writtenOff:
            try await bench.act("visma/invoice/write-off", [("invoice", invoice)])
        default: break
        }
        try await bench.dies(at: place)
        return true
    }

    /// What becomes of money that was paid.
    private func give(_ scene: Scene, _ place: String) async throws -> Bool {
        switch scene {
        case .refund: try await refund(nil, place)
        case .partRefund: try await refund(500_00, place)
        case .oddRefund:
            // No amount without VAT makes 100.02 with 25 % on it. The company has written one with VAT included.
            let document = try await document(of: try #require(paid.last))
            let number = String(document.dropFirst("Invoice:".count))
            try await bench.act(
                "visma/credit-note",
                [("invoice", .string(number)), ("amount", .string("100.02")), ("text", .string("Invoice \(number)"))])
            try await refund(100_02, place)
        case .refundFails:
            let (refund, document) = try #require(refunds.last)
            // Visma has no way to take back a credit note that is released.
            bench.expectedReviews[document] = "refund"
            try await bench.dies(at: place) {
                try await self.bench.act("refund/fail", [("refund", .string(refund))])
            }
        case .disputeOnOpen:
            try await bench.recovers(after: "a payment of a part") {
                try await self.payOpen(amount: 400_00)
            }
            let last = paid.popLast()
            let invoice = try #require(last)
            try await bench.dies(at: place) {
                try await self.bench.act("dispute", [("invoice", .string(invoice))])
            }
        case .payout:
            try await bench.dies(at: place) {
                let made = try await self.bench.act(
                    "payout", [("account", .string(KillBench.account)), ("currency", .string("nok"))])
                try await self.bench.act("payout/finish", [("payout", made["payout"] ?? .null)])
            }
        default: return false
        }
        return true
    }

    /// The last invoice that was paid is refunded.
    private func refund(_ amount: Int64?, _ place: String) async throws {
        let last = paid.popLast()
        let invoice = try #require(last)
        let document = try await document(of: invoice)
        try await bench.dies(at: place) {
            var fields: [(String, SandboxJSON)] = [("invoice", .string(invoice))]
            if let amount { fields.append(("amount", .integer(amount))) }
            let made = try await self.bench.act("refund", fields)
            self.refunds.append((try #require(made["refund"]?.stringValue), document))
        }
    }

    private func payOpen(amount: Int64? = nil) async throws {
        let invoice = try await openInvoice()
        var fields: [(String, SandboxJSON)] = [("invoice", .string(invoice))]
        if let amount { fields.append(("amount", .integer(amount))) }
        try await bench.act("pay", fields)
        paid.append(invoice)
    }

    private func document(of invoice: String) async throws -> String {
        let row = try await bench.books().stripe("invoice").first { $0["id"]?.stringValue == invoice }
        return try #require(row?["metadata"]?["mlc_document"]?.stringValue)
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
        bench.unpushed.insert(document)
        bench.expectedReviews[document] = "credit_balance"
        bench.expectedReviews[other] = "overpaid"
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
                ("method", .string("POST")), ("path", .string("/v1/webhook_endpoints")),
                ("kind", .string("status")),
                ("status", .integer(500)),
            ])
        try await bench.callsAreOver()
        try await bench.dies(at: place)
    }
}
