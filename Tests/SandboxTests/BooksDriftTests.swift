import Sandbox
import Testing

@Suite("Drift between the two simulators' books")
struct BooksDriftTests {
    @Test("books that agree have no drift, in Swift and in Python")
    func agree() throws {
        let books = try BooksBench()
        #expect(books.report.differences == [])
        #expect(books.report.documentsCompared == 26 && books.report.invoicesCompared == 22)
        #expect(books.report.paymentsCompared == 18 && books.report.balanceMovementsCompared == 11)
        let python = try books.python("agree")
        #expect(python.status == 0)
        #expect(python.lines.last == "drift 0")
    }

    @Test("rows dropped") func drop() throws { try see("drop", BooksAlteration.dropped) }
    @Test("rows doubled") func double() throws { try see("double", BooksAlteration.doubled) }
    @Test("rows repeated") func again() throws { try see("repeat", BooksAlteration.repeated) }
    @Test("one minor unit up or down") func unit() throws { try see("unit", BooksAlteration.amounts) }
    @Test("wrong currency") func currency() throws { try see("currency", BooksAlteration.currencies) }
    @Test("wrong invoice") func invoice() throws { try see("invoice", BooksAlteration.wrongInvoices) }
    @Test("unreleased or not finalized") func unfinished() throws { try see("unfinished", BooksAlteration.unfinished) }
    @Test("settled without Stripe") func settlement() throws { try see("settled", BooksAlteration.settlements) }
    @Test("refunded and disputed") func returned() throws { try see("returned", BooksAlteration.returns) }
    @Test("fees, payouts and credit") func balance() throws { try see("balance", BooksAlteration.balance) }

    @Test("whatever is altered, the two programs see the same amount of drift", arguments: [1, 2, 3] as [UInt64])
    func anything(_ seed: UInt64) throws {
        var random = SandboxRandom(seed: seed)
        var names: [String] = []
        let altered = try (0..<150).map { _ in
            var books = try BooksBench()
            names.append(books.alter(at: &random))
            return books
        }
        let reports = altered.map(\.report)
        #expect(reports.contains { $0.drift > 0 })
        let verdicts = try BooksBench.verdicts("anything-\(seed)", on: altered)
        try #require(verdicts.count == altered.count)
        for (index, report) in reports.enumerated() {
            #expect(
                verdicts[index] == "\(min(1, report.drift)) drift \(report.drift)",
                "seed \(seed): \(names[index]), Swift: \(report.differences)")
        }
    }

    @Test("what the company books is part of the comparison: fees, lost disputes, payouts, holding, accounts")
    func policies() throws {
        let changes: [(String, Bool, @Sendable (inout BookPair) -> Void)] = [
            ("fees", true, { $0.postsFees = false }), ("payouts", true, { $0.postsPayouts = false }),
            ("bank", true, { $0.bankAccounts = [:] }), ("account", true, { $0.cashAccounts["NOK"] = ["1900"] }),
            ("no account", true, { $0.cashAccounts["NOK"] = [] }), ("disputes", false, { $0.postsDisputes = false }),
            ("exchange", true, { $0.exchangeAccount = nil }),
        ]
        for (name, drifts, change) in changes {
            var books = try BooksBench()
            change(&books.pairs[0])
            #expect((books.report.drift > 0) == drifts, "\(name)")
            #expect(try books.python(name).lines.last == "drift \(books.report.drift)")
        }
        var books = try BooksBench()
        books.pairs[0].postsDisputes = false
        books.alter("400021") { _ in [] }
        #expect(books.report.drift == 0)
        #expect(try books.python("loss elsewhere").lines.last == "drift 0")
    }

    @Test("a booking on hold agrees only where the company holds its bookings")
    func held() throws {
        var books = try BooksBench()
        books.alter("200119") { [$0.setting("status", to: .string("Hold"))] }
        books.alter("000119") { [$0.setting("balance", to: .string("75.00"))] }
        #expect(books.report.drift > 0)
        #expect(try books.python("held").lines.last == "drift \(books.report.drift)")
        books.pairs[0].holds = true
        #expect(books.report.differences == [])
        #expect(try books.python("holding").lines.last == "drift 0")
    }

    @Test("paid on both sides: the second payment stands unapplied and both agree")
    func twice() throws {
        var books = try BooksBench()
        books.alter("200119") { [$0.setting("applications", to: .array([])).setting("status", to: .string("Open"))] }
        books.alter("200019") { row in
            [row, row.setting("number", to: .string("200219")).setting("amount", to: .string("75.00"))]
        }
        let use = try SandboxJSON.parse(BooksRows.use("000119", "75.00").utf8)
        books.alter("200219") { [$0.setting("applications", to: .array([use]))] }
        #expect(books.report.differences == [])
        #expect(try books.python("twice").lines.last == "drift 0")
    }

    /// Both see drift, and the same amount of it.
    private func see(_ name: String, _ alterations: [BooksAlteration]) throws {
        let altered = try alterations.map { alteration in
            var books = try BooksBench()
            books.alter(alteration.row, alteration.change)
            return books
        }
        let verdicts = try BooksBench.verdicts(name, on: altered)
        try #require(verdicts.count == altered.count)
        for (index, alteration) in alterations.enumerated() {
            let report = altered[index].report
            #expect(report.drift > 0, "\(alteration.name) \(alteration.row)")
            #expect(
                verdicts[index] == "1 drift \(report.drift)",
                "\(alteration.name) \(alteration.row), Swift: \(report.differences)")
        }
    }

    @Test("a subject listed apart does not count, and is shown with its amount and reason")
    func apart() throws {
        var books = try BooksBench()
        books.alter("in_2") { _ in [] }
        books.apart = [BookApart(vismaTenant: "t1", document: "Invoice:000102", reason: "review: no e-mail")]
        #expect(books.report.drift == 0)
        #expect(books.report.differencesApart.count == 1)
        #expect(books.report.apart.map(\.amount) == ["500.00 NOK"])
        let python = try books.python("apart")
        #expect(python.status == 0)
        #expect(python.lines.contains { $0.contains("500.00 NOK  review: no e-mail") })
        #expect(python.lines.last == "drift 0")
        books.apart = [BookApart(vismaTenant: "t2", document: "Invoice:000102", reason: "another company's")]
        #expect(books.report.drift == 1)
        #expect(try books.python("apart elsewhere").lines.last == "drift 1")
    }

    @Test("books that cannot be read are an error of their own")
    func unreadable() throws {
        var books = try BooksBench()
        books.visma.append(.object([("kind", .string("document"))]))
        #expect(try books.python("unreadable").status == 2)
    }

    @Test("two companies on one account are told apart by the company in the metadata")
    func shared() throws {
        var books = try BooksBench()
        books.pairs.append(
            BookPair(vismaTenant: "t2", stripeAccount: "acct_1", startDate: "2026-01-01", timeZone: "Europe/Oslo"))
        let other = try #require(books.visma.first { BooksBench.isRow($0, "000102") })
        books.visma.append(other.setting("visma_tenant", to: .string("t2")))
        #expect(books.report.drift == 1)
        let invoice = try #require(books.stripe.first { BooksBench.isRow($0, "in_2") })
        let metadata = SandboxJSON.object([
            ("mlc_document", .string("Invoice:000102")), ("mlc_company", .string("t2")),
        ])
        books.stripe.append(
            invoice.setting("id", to: .string("in_22")).setting("metadata", to: metadata))
        #expect(books.report.differences == [])
        #expect(try books.python("shared").lines.last == "drift 0")
    }

    @Test("the simulator's own books agree with a Stripe that was paid")
    func simulated() throws {
        let bench = try VismaBench()
        let invoice = try bench.invoice()
        _ = try bench.release(try bench.pay(invoice, amount: "1250.00", reference: "pi_101"))
        var books = try BooksBench()
        books.visma = bench.simulator.books()
        books.stripe = try SandboxJSON.parseLines(
            """
            {"kind":"invoice","account":"acct_1","id":"in_1","status":"paid","currency":"nok","total":125000,\
            "amount_due":125000,\
            "amount_paid":125000,"amount_remaining":0,"metadata":{"mlc_document":"Invoice:000101"}}
            {"kind":"invoice_payment","account":"acct_1","id":"inpay_1","invoice":"in_1","status":"paid",\
            "amount_paid":125000,"currency":"nok","payment_intent":"pi_101"}
            {"kind":"charge","account":"acct_1","id":"ch_1","payment_intent":"pi_101","status":"succeeded",\
            "amount":125000,"currency":"nok"}
            """)
        books.pairs = [
            BookPair(
                vismaTenant: VismaBench.tenant, stripeAccount: "acct_1", startDate: "2026-01-01",
                timeZone: "Europe/Oslo")
        ]
        #expect(books.report.differences == [])
        #expect(try books.python("simulated").lines.last == "drift 0")
        books.stripe.removeLast(2)
        #expect(books.report.drift > 0)
    }
}
