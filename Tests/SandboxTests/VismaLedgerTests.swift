import Sandbox
import Testing

/// Whatever people and programs do: what a document was, less what settles it, is what is left of it.
@Suite("The simulated Visma.net's ledger conserves money")
struct VismaLedgerTests {
    @Test("after any acts each balance is the amount less its released applications", arguments: 1...20)
    func conserved(_ seed: UInt64) throws {
        var behaviour = VismaBehaviour()
        behaviour.paymentNumbersAreShared = seed % 2 == 0
        let bench = try VismaBench(behaviour, seed: seed)
        var acts = Acts(bench: bench, random: SandboxRandom(seed: seed))
        for turn in 1...120 {
            try acts.one()
            if turn % 40 == 0 { try check(bench) }
        }
        #expect(acts.done > 30)
    }

    private func check(_ bench: VismaBench) throws {
        func amount(_ row: SandboxJSON, _ name: String) throws -> Int64 {
            // Ten-thousandths, written with four places.
            let text = try #require(row[name]?.numberText)
            return try #require(Int64(text.replacing(".", with: "")))
        }
        let all = "pageNumber=1&pageSize=1000"
        let payments = try #require(bench.json("/v1/customerPayment", query: all).elements)
        var refunded: [String: Int64] = [:]
        var writtenOff: [String: Int64] = [:]
        for payment in payments {
            let type = try #require(payment["type"]?.stringValue)
            let number = try #require(payment["refNbr"]?.stringValue)
            guard ["Open", "Closed"].contains(payment["status"]?.stringValue), !type.hasPrefix("Void") else { continue }
            for line in payment["paymentLines"]?.elements ?? [] {
                let target = (line["documentType"]?.stringValue ?? "") + ":" + (line["refNbr"]?.stringValue ?? "")
                writtenOff[target, default: 0] += try amount(line, "balanceWriteOff")
                if type == "Refund" { refunded[target, default: 0] += try amount(line, "amountPaid") }
            }
            #expect(try amount(payment, "availableBalance") >= 0, "\(type) \(number)")
        }
        for payment in payments where ["Open", "Closed"].contains(payment["status"]?.stringValue) {
            guard payment["type"]?.stringValue == "Payment" else { continue }
            let number = try #require(payment["refNbr"]?.stringValue)
            let applied = try (payment["paymentLines"]?.elements ?? []).reduce(0) { try $0 + amount($1, "amountPaid") }
            let left = try amount(payment, "paymentAmount") - applied - (refunded["Payment:" + number] ?? 0)
            #expect(try amount(payment, "availableBalance") == left, "payment \(number)")
            #expect((left == 0) == (payment["status"]?.stringValue == "Closed"), "payment \(number)")
        }
        for (path, type) in [("/v1/customerinvoice", "Invoice"), ("/v1/customerCreditNote", "CreditNote")] {
            let documents = try #require(bench.json(path, query: all + "&expandApplications=true").elements)
            for document in documents {
                let number = try #require(document["referenceNumber"]?.stringValue)
                var left = try amount(document, "amount") - (writtenOff["\(type):\(number)"] ?? 0)
                for row in document["applications"]?.elements ?? []
                where row["released"]?.boolValue == true && row["voided"]?.boolValue == false {
                    left -= try amount(row, "amountPaid") + amount(row, "cashDiscountTaken")
                }
                #expect(try amount(document, "balance") == left, "\(type) \(number)")
                #expect(left >= 0)
                let status = document["status"]?.stringValue
                if status == "Open" || status == "Closed" { #expect((left == 0) == (status == "Closed")) }
            }
        }
    }

    /// Random acts; one that the ledger refuses changes nothing and does not count.
    private struct Acts {
        let bench: VismaBench
        var random: SandboxRandom
        var done = 0
        private let tenant = VismaBench.tenant
        private var invoices: [String] = []
        private var notes: [String] = []
        private var payments: [(number: String, type: String)] = []

        init(bench: VismaBench, random: SandboxRandom) {
            self.bench = bench
            self.random = random
        }

        private mutating func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }

        private mutating func pick<Value>(_ values: [Value]) -> Value? {
            values.isEmpty ? nil : values[below(values.count)]
        }

        private mutating func amount() -> String { String(1 + below(700)) + ".50" }

        mutating func one() throws {
            do {
                try people()
                done += 1
            } catch is VismaSeedError {}
            if below(3) == 0 { try program() }
        }

        private mutating func people() throws {
            let invoice = pick(invoices) ?? "none"
            let other = pick(invoices) ?? "none"
            let note = pick(notes) ?? "none"
            let payment = pick(payments) ?? ("none", "Payment")
            switch below(15) {
            case 0, 1: invoices.append(try bench.invoice(amount()))
            case 2:
                payments.append(
                    (try bench.simulator.applyOutsidePayment(to: invoice, amount: amount(), in: tenant), "Payment"))
            case 3:
                let uses = [
                    VismaSimulator.PaymentUse(invoice, amount: amount()),
                    VismaSimulator.PaymentUse(other, amount: amount(), writeOff: "0.75"),
                ]
                let waits = below(2) == 0
                let number = try bench.simulator.addPayment(on: uses, isReleased: !waits, in: tenant)
                payments.append((number, "Payment"))
            case 4: try bench.simulator.applyPayment(payment.number, to: invoice, amount: amount(), in: tenant)
            case 5, 6: try bench.simulator.voidPayment(payment.number, type: payment.type, in: tenant)
            case 7: notes.append(try bench.simulator.creditInvoice(invoice, amount: amount(), in: tenant))
            case 8: try bench.simulator.applyCreditNote(note, to: invoice, amount: amount(), in: tenant)
            case 9: notes.append(try bench.simulator.reverseInvoice(invoice, in: tenant))
            case 10: payments.append((try bench.simulator.writeOff(invoice, in: tenant), "SmallBalanceWo"))
            case 11: payments.append((try bench.simulator.addRefund(of: note, amount: amount(), in: tenant), "Refund"))
            case 12:
                let refund = try bench.simulator.addRefund(
                    of: payment.number, type: "Payment", amount: amount(), in: tenant)
                payments.append((refund, "Refund"))
            case 13: try bench.simulator.releasePayment(payment.number, type: payment.type, in: tenant)
            default: try bench.simulator.deletePayment(payment.number, type: payment.type, in: tenant)
            }
        }

        /// A program's calls among them, some of which are refused.
        private mutating func program() throws {
            let invoice = pick(invoices) ?? "none"
            let body = VismaBench.payment(invoice, amount: amount())
            let location = try bench.call("POST", "/v1/customerPayment", body: body).header("Location")
            if let number = location?.split(separator: "/").last.map(String.init) {
                payments.append((number, "Payment"))
                if below(2) == 0 { _ = try bench.release(number) }
            }
            let note = VismaCreditNoteTests.body(VismaCreditNoteTests.application(invoice, amount()))
            let made = try bench.call("POST", "/v2/customerCreditNote", body: note).header("Location")
            if let number = made?.split(separator: "/").last.map(String.init) {
                notes.append(number)
                _ = try bench.call("POST", "/v1/customerCreditNote/\(number)/action/release")
            }
        }
    }
}
