import Domain
import Foundation
import Outbound
import Sandbox
import Simulation
import Storage
import Sync
import Synchronization
import Testing

@Suite("What a run would do is shown before it is done")
struct PreviewTests {
    /// A preview of all that a poll, an event or dirt would bring; it must not change anything anywhere.
    private func preview(
        _ world: World, document: DocumentRef? = nil, limit: Int = 1000,
        _ location: SourceLocation = #_sourceLocation
    ) async throws -> Preview.Report {
        let before = try await Everything(world)
        let environment = try world.environment()
        let context = try await TenantContext.make(world.nord.tenant, environment: environment)
        let scope = Preview.Scope(document: document, readsLists: document == nil, limit: limit)
        let report = try await Preview(tenant: context, environment: environment).run(scope)
        #expect(try await Everything(world) == before, sourceLocation: location)
        return report
    }

    /// Previews, runs, and expects the calls of both to be the same, to the byte but for the ids that were given.
    @discardableResult
    private func agree(_ world: World, _ location: SourceLocation = #_sourceLocation) async throws -> [String] {
        // The lists are due to be polled by then.
        world.clock.advance(bySeconds: 301)
        let report = try await preview(world, location)
        let foreseen = report.subjects.flatMap(\.calls).map {
            Wire.shape($0.call.method, $0.call.path, $0.call.body)
        }
        let sent = Sent()
        world.transport.observe { request, _ in sent.note(request) }
        try await world.turn(world.nord.tenant)
        world.transport.observe(nil)
        #expect(foreseen == sent.all, sourceLocation: location)
        return foreseen.map { String($0.prefix { $0 != "\n" }) }
    }

    private func pushed(
        _ policy: @escaping @Sendable (inout PostingPolicy) -> Void = { _ in }
    ) async throws -> (World, DocumentRef) {
        let world = try await World(seed: 31, recordEdits: .noteAllowed)
        try await world.changePosting(policy)
        let document = try world.addInvoice()
        try await world.quiet()
        return (world, document)
    }

    private func paid(
        _ policy: @escaping @Sendable (inout PostingPolicy) -> Void = { _ in }
    ) async throws -> (World, DocumentRef, StripePaymentMade) {
        let (world, document) = try await pushed(policy)
        let made = try world.stripe.pay(invoice: world.live(document).id)
        await world.deliverAll()
        return (world, document, made)
    }

    @Test("A first push, of three documents of two customers, one of whom is matched by e-mail")
    func push() async throws {
        let world = try await World(seed: 31, recordEdits: .noteAllowed)
        try await world.quiet()
        let known = try world.addCustomer("Kjent AS", email: "kjent@kjent.invalid")
        try world.addStripeCustomer(["email": "kjent@kjent.invalid", "name": "Kjent"])
        let new = try world.addCustomer("Ny AS", email: "ny@ny.invalid")
        for customer in [new, known, new] { _ = try world.addInvoice("1000.40", of: customer) }
        let calls = try await agree(world)
        #expect(calls.filter { $0 == "POST /v1/customers" }.count == 1)
        #expect(calls.filter { $0 == "POST /v1/invoices/*/finalize" }.count == 3)
    }

    @Test("A company that was never synced: its lists are read, and the endpoint's registration is announced")
    func neverSynced() async throws {
        let world = try await World(seed: 31, recordEdits: .noteAllowed)
        let document = try world.addInvoice("1000.40")
        let before = try await Everything(world)
        let environment = try world.environment()
        let context = try await TenantContext.make(world.nord.tenant, environment: environment)
        let report = try await Preview(tenant: context, environment: environment).run(.init(limit: 100))
        #expect(try await Everything(world) == before)
        #expect(report.readLists && report.registersEndpoint)
        let subject = try #require(report.subjects.first)
        #expect(subject.subject == .document(document))
        #expect(subject.linkBefore == .seen)
        #expect(subject.linkAfter == .collecting)
        let lines = try #require(subject.calls.first { $0.step == Step.addLines })
        #expect(lines.facts.contains { $0.name == "total" && $0.value == "1250.50 NOK" })
        #expect(lines.facts.contains { $0.name == "tax" && $0.value.hasSuffix("250.10") })
    }

    @Test("A payment, in full and in two parts")
    func payment() async throws {
        let (world, document) = try await pushed()
        try world.stripe.pay(invoice: world.live(document).id, amount: 50_000)
        await world.deliverAll()
        try await agree(world)
        try world.stripe.pay(invoice: world.live(document).id)
        await world.deliverAll()
        let report = try await preview(world)
        let posting = try #require(report.subjects.first?.calls.compactMap(\.posting).first)
        #expect(posting.amount.description == "750.00 NOK")
        #expect(posting.applied.description == "750.00 NOK")
        #expect(posting.cashAccount == "15NOK")
        #expect(report.subjects.first?.linkAfter == .settled)
        let calls = try await agree(world)
        #expect(calls.contains("POST /v1/customerPayment"))
        #expect(try await world.link(document)?.state == .settled)
    }

    /// A payment that a closed period refused, the period open again, and what has made its document dirty since.
    private func refusedPayment(_ dirt: [(cause: String, isAsked: Bool)]) async throws -> World {
        let (world, document) = try await pushed()
        try world.visma.setPeriod("202611", isClosed: true, in: world.nord.vismaTenant)
        try world.stripe.pay(invoice: world.live(document).id)
        try await world.quiet()
        try world.visma.setPeriod("202611", isClosed: false, in: world.nord.vismaTenant)
        world.clock.advance(bySeconds: 301)
        try await world.turn(world.nord.tenant)
        let (tenant, now) = (world.nord.tenant, world.now())
        try await world.database.write { db in
            for (cause, isAsked) in dirt {
                try WorkTable.dirty(
                    db, tenant: tenant, subject: .document(document), cause: cause, dueAt: now,
                    askedAt: isAsked ? now : nil)
            }
        }
        return world
    }

    @Test("What was refused is tried again when a person asked, also where an event came after that")
    func askedThenTold() async throws {
        let world = try await refusedPayment([("operator", true), ("charge.updated", false)])
        #expect(try await agree(world).contains("POST /v1/customerPayment"))
    }

    @Test("What was refused is not tried again when the look that a person asked for is over")
    func askedBefore() async throws {
        let world = try await refusedPayment([("operator", false)])
        #expect(try await !agree(world).contains("POST /v1/customerPayment"))
    }

    @Test("A refund with its credit note")
    func refund() async throws {
        let (world, document, made) = try await paid()
        try await world.quiet()
        try world.stripe.refund(charge: made.charge, amount: 25_000)
        try world.visma.creditInvoice(
            document.number, amount: "250", text: "Retur \(document.number)", in: world.nord.vismaTenant)
        await world.deliverAll()
        let calls = try await agree(world)
        #expect(calls.filter { $0 == "POST /v1/customerPayment" }.count == 1)
        #expect(world.vismaRows("payment").contains { $0["type"]?.stringValue == "Refund" })
    }

    @Test("A refund whose credit note we make, by policy")
    func ownCreditNote() async throws {
        let (world, _, made) = try await paid { $0.refunds = .ownCreditNote }
        try await world.quiet()
        try world.stripe.refund(charge: made.charge, amount: 25_000)
        await world.deliverAll()
        let calls = try await agree(world)
        #expect(calls.contains("POST /v2/customerCreditNote"))
    }

    @Test("A payment in the bank, of a part and then of the rest")
    func outsidePayment() async throws {
        let (world, document) = try await pushed()
        try world.visma.applyOutsidePayment(to: document.number, amount: "250", in: world.nord.vismaTenant)
        let part = try await agree(world)
        #expect(part == ["POST /v1/payment_records/report_payment", "POST /v1/invoices/*/attach_payment"])
        try world.visma.applyOutsidePayment(to: document.number, amount: "1000", in: world.nord.vismaTenant)
        #expect(try await agree(world) == ["POST /v1/invoices/*/pay"])
    }

    @Test("A credit note in Visma, of a part and of the whole")
    func creditNote() async throws {
        let (world, document) = try await pushed()
        let other = try world.addInvoice()
        try await world.quiet()
        for (number, amount) in [(document.number, "250"), (other.number, "1250")] {
            let note = try world.visma.creditInvoice(number, amount: amount, in: world.nord.vismaTenant)
            try world.visma.applyCreditNote(note, to: number, amount: amount, in: world.nord.vismaTenant)
        }
        let calls = try await agree(world)
        #expect(calls.contains("POST /v1/credit_notes"))
        #expect(calls.contains("POST /v1/invoices/*/void"))
    }

    @Test("A dispute that is opened and lost, booked by policy")
    func dispute() async throws {
        let (world, _, made) = try await paid { $0.disputes = .post }
        try await world.quiet()
        let dispute = try world.stripe.dispute(charge: made.charge)
        await world.deliverAll()
        try await agree(world)
        try world.stripe.closeDispute(dispute, isWon: false)
        await world.deliverAll()
        let calls = try await agree(world)
        #expect(calls.contains("POST /v1/customerPayment/*/action/void"))
    }

    @Test("Fees on the payment, by policy")
    func fees() async throws {
        let (world, _, _) = try await paid { posting in
            posting.fees = .post
            posting.feeEntryType = "STRIPEFEE"
        }
        try world.visma.changeCompany(world.nord.vismaTenant) { company in
            for index in company.cashAccounts.indices { company.cashAccounts[index].entryTypes = ["STRIPEFEE"] }
        }
        let report = try await preview(world)
        #expect(report.subjects.flatMap(\.calls).compactMap(\.posting).contains { $0.fee?.isPositive == true })
        try await agree(world)
    }

    @Test("A review that a run would open is shown, and that it is open already once it is")
    func review() async throws {
        let world = try await World(seed: 31)
        try await world.quiet()
        let document = try world.addInvoice(of: try world.addCustomer(email: nil))
        let report = try await preview(world)
        #expect(report.subjects.first?.reviews.map(\.code) == [.customerEmailMissing])
        #expect(report.subjects.flatMap(\.calls).isEmpty)
        try await world.quiet()
        let again = try await preview(world, document: document)
        guard case .review(_, isOpen: true) = again.subjects.first?.steps.first else {
            Issue.record("\(again.subjects)")
            return
        }
    }

    @Test("A write whose outcome is not known stands in the way, and is not looked up")
    func uncertain() async throws {
        let world = try await World(seed: 31)
        try await world.quiet()
        let document = try world.addInvoice()
        world.transport.aim { $0.step == Step.createInvoice ? .lostAnswer : nil }
        world.clock.advance(bySeconds: 301)
        try await world.turn(world.nord.tenant)
        world.transport.aim(nil)
        let report = try await preview(world, document: document)
        guard case .uncertain(let effects) = report.subjects.first?.ending else {
            Issue.record("\(report.subjects)")
            return
        }
        #expect(effects.map(\.step) == [Step.createInvoice])
    }

    @Test("More than the limit is counted, not looked at")
    func limit() async throws {
        let world = try await World(seed: 31)
        try await world.quiet()
        let customer = try world.addCustomer()
        for _ in 0..<3 { _ = try world.addInvoice(of: customer) }
        let report = try await preview(world, limit: 2)
        #expect(report.subjects.count == 2)
        #expect(report.leftOut == 1)
    }

    @Test("A failing read is that document's failure, and the others are shown")
    func failingRead() async throws {
        let world = try await World(seed: 31)
        try await world.quiet()
        let customer = try world.addCustomer()
        let first = try world.addInvoice(of: customer)
        _ = try world.addInvoice(of: customer)
        world.transport.aim { $0.path.hasSuffix("/customerinvoice/\(first.number)") ? .serverError : nil }
        let report = try await preview(world)
        guard case .failed = report.subjects.first?.ending else {
            Issue.record("\(report.subjects)")
            return
        }
        #expect(report.subjects.last?.calls.isEmpty == false)
    }
}

/// All rows of our database, all that both simulators were asked to write, and their books.
private struct Everything: Equatable {
    var rows: [String]
    var writes: [String: Int]
    var books: [String]

    init(_ world: World) async throws {
        rows = try await world.database.read { db in
            let tables = try db.query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
                .map { try $0.text("name") }
            return try tables.flatMap { table in
                try db.query(SQLStatement(stringLiteral: "SELECT * FROM \(table)")).map { "\(table) \($0)" }.sorted()
            }
        }
        let calls = [world.visma.calls(of: world.nord.vismaTenant), world.stripe.calls()[world.nord.account] ?? [:]]
        writes = calls.reduce(into: [:]) { sum, calls in sum.merge(calls.filter { !$0.key.hasPrefix("GET") }) { $1 } }
        books = world.visma.books().map(\.serialised) + world.stripe.books()
    }
}

/// A write as both sides of a comparison show it: ids that the other side gives are stars.
private enum Wire {
    static func shape(_ method: String, _ path: String, _ body: [UInt8]) -> String {
        let given = /(in|cus|pr|cn|inpay)_[A-Za-z0-9]+|new-[0-9]+/
        var shaped = path.replacing(given, with: "*")
        if method == "POST" || method == "PUT", !shaped.hasPrefix("/v1/customerinvoice") {
            shaped = shaped.replacing(/(customerPayment|customerCreditNote|cashTransaction)\/[0-9]+/) {
                "\($0.output.1)/*"
            }
        }
        let text = String(decoding: body, as: UTF8.self).replacing(given, with: "*")
            .replacing(/Payment link [^\\\n]*/, with: "Payment link *")
            .replacing(/("refNbr":\{"value":")[0-9]+/) { "\($0.output.1)*" }
        return "\(method) \(shaped)\n\(text)"
    }
}

/// The writes that were sent, in order.
private final class Sent: Sendable {
    private let writes = Mutex<[String]>([])

    var all: [String] { writes.withLock { $0 } }

    func note(_ request: OutboundRequest) {
        guard request.method != "GET", !request.path.hasPrefix("/connect/token") else { return }
        let shape = Wire.shape(request.method, request.path, request.body)
        writes.withLock { $0.append(shape) }
    }
}

extension World {
    /// Another posting policy for the first company, as if its manifest said so.
    fileprivate func changePosting(_ change: @escaping @Sendable (inout PostingPolicy) -> Void) async throws {
        let (tenant, now) = (nord.tenant, now())
        try await database.write { db in
            guard let record = try TenantsTable.find(db, tenant: tenant) else { return }
            var policy = try JSONDecoder().decode(Policy.self, from: Data(record.policy.utf8))
            change(&policy.posting)
            let text = String(decoding: try JSONEncoder().encode(policy), as: UTF8.self)
            _ = try TenantsTable.setPolicy(
                db, tenant: tenant, policy: text, replacing: record.policyVersion, now: now)
        }
    }
}
