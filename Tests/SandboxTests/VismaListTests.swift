import Sandbox
import Testing

@Suite("The simulated Visma.net's lists")
struct VismaListTests {
    @Test("pages start at one, are cut to the limit and end with an empty array")
    func paging() throws {
        var behaviour = VismaBehaviour()
        behaviour.pageSizeMax = 2
        let bench = try VismaBench(behaviour)
        for _ in 0..<5 { try bench.invoice() }
        #expect(try bench.numbers("pageNumber=1&pageSize=1000") == ["000101", "000102"])
        #expect(try bench.numbers("pageNumber=3&pageSize=1000") == ["000105"])
        #expect(try bench.call("GET", "/v1/customerinvoice", query: "pageNumber=4&pageSize=2").text == "[]")
        let row = try #require(bench.json("/V1/CustomerInvoice", query: "pageNumber=2&pageSize=2").elements?.first)
        #expect(row["metadata"]?["totalCount"]?.numberText == "5")
        #expect(row["metadata"]?["maxPageSize"]?.numberText == "2")
    }

    @Test("a time filters only together with its condition; unknown names filter nothing; a zone is refused")
    func filters() throws {
        let bench = try VismaBench()
        try bench.invoice()
        bench.clock.advance(bySeconds: 3600)
        try bench.invoice(customer: "10002")
        let since = "lastModifiedDateTime=2026-11-02T09:30:00"
        #expect(try bench.numbers(since) == ["000101", "000102"])
        #expect(try bench.numbers(since + "&lastModifiedDateTimeCondition=%3E%3D") == ["000102"])
        #expect(try bench.numbers(since + "&lastModifiedDateTimeCondition=<") == ["000101"])
        #expect(try bench.numbers("colour=blue&skip=1") == ["000101", "000102"])
        #expect(try bench.numbers("customer=10002&status=open") == ["000102"])
        #expect(try bench.numbers("documentDate=2026-11-02&documentDateCondition=%3E%3D").isEmpty)
        let zoned = try bench.call(
            "GET", "/v1/customerinvoice",
            query: "lastModifiedDateTime=2026-11-02T09:30:00Z&lastModifiedDateTimeCondition=%3E")
        #expect(zoned.status == 400)
        #expect(try bench.call("GET", "/v1/customerinvoice", query: "status=Paid").status == 400)
    }

    @Test("lists show applications, VAT and attachments only when asked")
    func expansion() throws {
        let bench = try VismaBench()
        let number = try bench.invoice()
        try bench.simulator.applyOutsidePayment(to: number, amount: "250", in: VismaBench.tenant)
        let plain = try #require(bench.json("/v1/customerinvoice").elements?.first)
        #expect(plain["applications"] == nil && plain["taxDetails"] == nil && plain["invoiceLines"] != nil)
        let query = "expandApplications=true&expandTaxDetails=true"
        let full = try #require(bench.json("/v1/customerinvoice", query: query).elements?.first)
        #expect(full["applications"]?.elements?.first?["amountPaid"]?.numberText == "250.0000")
        #expect(full["taxDetails"]?.elements?.first?["vatAmount"]?.numberText == "250.0000")
        #expect(try bench.json("/v1/customerinvoice/\(number)")["applications"]?.elements?.count == 1)
    }

    @Test("payments have no filter by reference, but by customer, invoice, date and status")
    func payments() throws {
        let bench = try VismaBench()
        let first = try bench.invoice()
        let second = try bench.invoice()
        _ = try bench.pay(first, amount: "100", reference: "pi_a")
        _ = try bench.pay(second, amount: "100", reference: "pi_b")
        func references(_ query: String) throws -> [String] {
            try bench.numbers(query, of: "/v1/customerPayment", key: "paymentRef")
        }
        #expect(try references("paymentRef=pi_a") == ["pi_a", "pi_b"])
        #expect(try references("invoiceRefNbr=\(second)") == ["pi_b"])
        #expect(try references("customer=10002").isEmpty)
        #expect(try references("docDate=2026-11-02&docDateCondition=%3E%3D&status=Balanced").count == 2)
        #expect(try references("status=Open").isEmpty)
    }

    @Test("times come without a zone, in company time, and without trailing zeros")
    func times() throws {
        let bench = try VismaBench()
        bench.clock.advance(byMicroseconds: 120_000)
        let number = try bench.invoice()
        let json = try bench.json("/v1/customerinvoice/\(number)")
        #expect(json["lastModifiedDateTime"]?.stringValue == "2026-11-02T09:00:00.12")
        #expect(json["documentDate"]?.stringValue == "2026-11-01T00:00:00")
        #expect(json["documentDueDate"]?.stringValue == "2026-11-15T00:00:00")
        #expect(json["note"] == nil)
    }

    @Test("settings of the company and a customer by number and by internal id")
    func settings() throws {
        let bench = try VismaBench()
        let organization = try #require(bench.json("/API/controller/api/v1/organization").elements?.first)
        #expect(organization["baseCurrency"]?.stringValue == "NOK")
        #expect(
            try bench.json("/v1/cashaccount").elements?.map { $0["currency"]?.stringValue } == ["NOK", "EUR", "JPY"])
        #expect(try bench.json("/v1/paymentmethod").elements?.first?["paymentMethodID"]?.stringValue == "5")
        #expect(try bench.json("/v1/branch").elements?.first?["number"]?.stringValue == "1")
        let customer = try bench.json("/v1/customer/10001")
        #expect(customer["invoiceContact"]?["email"]?.stringValue == "bill@fjord.example")
        let id = try #require(customer["internalId"]?.numberText)
        try bench.simulator.changeCustomer("10001", in: VismaBench.tenant) { $0.number = "20001" }
        #expect(try bench.json("/v1/customer/internal/\(id)")["number"]?.stringValue == "20001")
        #expect(try bench.call("GET", "/v1/customer/10001").status == 404)
        #expect(try bench.json("/v1/customer/b64(MjAwMDE)")["name"]?.stringValue == "Fjord AS")
        #expect(try bench.call("GET", "/v1/nothing").status == 404)
        #expect(try bench.call("GET", "/v1/customerCreditNote").text == "[]")
    }
}
