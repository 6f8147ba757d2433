import Domain
import Foundation
import Outbound
import Testing
import VismaNet

@Suite("Lists of Visma.net")
struct ListTests {
    private func row(_ number: Int, modified: String = "2026-11-01T10:00:00", metadata: String = "") -> String {
        #"{"documentType":"Invoice","referenceNumber":"\#(number)","lastModifiedDateTime":"\#(modified)","#
            + #""timeStamp":"A\#(number)"\#(metadata)}"#
    }

    @Test("The time never goes without its condition, both escaped and without a zone, and paging is always said")
    func filter() async throws {
        let rig = try Rig(companyID: "77", pageSize: 200)
        _ = try await rig.client.invoices(modifiedSince: "2026-11-01T10:00:00.967Z", page: 1)
        _ = try await rig.client.payments(modifiedSince: "2026-11-01 10:00:00", page: 2)
        _ = try await rig.client.creditNotes(modifiedSince: "2026-11-01T10:00:00", page: 3)
        _ = try await rig.client.invoices(modifiedSince: nil, page: 1)
        let since = "lastModifiedDateTime=2026-11-01T10%3A00%3A00&lastModifiedDateTimeCondition=%3E%3D"
        #expect(
            rig.api.paths == [
                "/v1/customerinvoice?\(since)&pageNumber=1&pageSize=200",
                "/v1/customerPayment?\(since)&pageNumber=2&pageSize=200",
                "/v1/customerCreditNote?\(since)&expandApplications=true&pageNumber=3&pageSize=200",
                "/v1/customerinvoice?pageNumber=1&pageSize=200",
            ])
        let request = try #require(rig.api.requests.first)
        #expect(request.header("ipp-company-id") == "77")
        #expect(request.header("accept") == "application/json")
        #expect(request.header("user-agent")?.hasPrefix("ml-connector/") == true)
    }

    @Test("Without a configured company no company header is sent")
    func noCompany() async throws {
        let rig = try Rig()
        _ = try await rig.client.invoices(modifiedSince: nil, page: 1)
        #expect(rig.api.requests.first?.header("ipp-company-id") == nil)
    }

    @Test("The filter is checked again, as a server that ignores it answers everything")
    func recheck() async throws {
        let rows = [
            row(1, modified: "2026-10-31T23:59:59.999"), row(2, modified: "2026-11-01T10:00:00"),
            row(3, modified: "2026-11-01T10:00:00.5Z"), row(4, modified: "2026-11-02T00:00:00"),
        ]
        let rig = try Rig(answering: answer(200, "[\(rows.joined(separator: ","))]"))
        let page = try await rig.client.invoices(modifiedSince: "2026-11-01T10:00:00.400", page: 1)
        #expect(page.rows.map(\.document.number) == ["2", "3", "4"])
        #expect(page.newestModified == "2026-11-02T00:00:00")
        #expect(page.rows.first?.version == RowVersion(modified: "2026-11-01T10:00:00", stamp: "A2"))
    }

    @Test("The end is found by total and the size that the server really uses")
    func paging() async throws {
        func page(_ number: Int, count: Int, metadata: String, wish: Int) async throws -> VismaPage<PolledRow> {
            let rows = (0..<count).map { row($0, metadata: metadata) }
            let rig = try Rig(answering: answer(200, "[\(rows.joined(separator: ","))]"), pageSize: wish)
            return try await rig.client.invoices(modifiedSince: nil, page: number)
        }
        let clamped = #","metadata":{"totalCount":5,"maxPageSize":2}"#
        let first = try await page(1, count: 2, metadata: clamped, wish: 100)
        #expect(first.totalCount == 5)
        #expect(first.effectivePageSize == 2)
        #expect(!first.isLast)
        #expect(try await page(2, count: 2, metadata: clamped, wish: 100).isLast == false)
        #expect(try await page(3, count: 1, metadata: clamped, wish: 100).isLast)
        // Clamped without saying so.
        let silent = #","metadata":{"totalCount":5}"#
        #expect(try await page(1, count: 2, metadata: silent, wish: 100).isLast == false)
        #expect(try await page(2, count: 2, metadata: silent, wish: 100).isLast == false)
        // No metadata at all.
        #expect(try await page(1, count: 2, metadata: "", wish: 2).isLast == false)
        #expect(try await page(2, count: 1, metadata: "", wish: 2).isLast)
        let empty = try await page(4, count: 0, metadata: "", wish: 2)
        #expect(empty.isLast)
        #expect(empty.rows.isEmpty)
        #expect(empty.totalCount == nil)
    }

    @Test("A row that can not be identified does not spoil the page, and is counted")
    func badRow() async throws {
        let body =
            #"[{"documentType":"Invoice","status":"Open"},7,\#(row(2)),{"referenceNumber":{"value":"3"},"amount":"x"}]"#
        let page = try await Rig(answering: answer(200, body)).client.invoices(modifiedSince: nil, page: 1)
        #expect(page.rows.map(\.document.number) == ["2", "3"])
        #expect(page.unreadableCount == 2)
    }

    @Test("A payment touches what it pays; a credit note what it is applied to, and itself; an invoice itself")
    func touches() async throws {
        let payment = #"""
            [{"type":"VoidPayment","refNbr":"P1","paymentLines":[
              {"documentType":"Invoice","refNbr":"1","amountPaid":10},{"documentType":"Invoice","refNbr":"1",
               "amountPaid":-10},
              {"documentType":{"value":"CreditNote"},"refNbr":{"value":"9"}},{"amountPaid":3}]}]
            """#
        let payments = try await Rig(answering: answer(200, payment)).client.payments(modifiedSince: nil, page: 1)
        #expect(payments.rows.first?.document.description == "VoidPayment:P1")
        #expect(payments.rows.first?.touches.map(\.description) == ["Invoice:1", "CreditNote:9"])

        let note = #"[{"referenceNumber":"9","applications":[{"docType":"INV","refNbr":"1"},{"refNbr":"2"}]}]"#
        let notes = try await Rig(answering: answer(200, note)).client.creditNotes(modifiedSince: nil, page: 1)
        #expect(notes.rows.first?.touches.map(\.description) == ["CreditNote:9", "Invoice:1", "Invoice:2"])

        let invoices = try await Rig(answering: answer(200, "[\(row(1))]")).client.invoices(modifiedSince: nil, page: 1)
        #expect(invoices.rows.first?.touches.map(\.description) == ["Invoice:1"])
    }

    @Test("A refund or credit note that is applied to nothing still says whose it is")
    func untouching() async throws {
        let refund = #"[{"type":"Refund","refNbr":"R1","customer":{"number":"10002"},"cashAccount":"1912"}]"#
        let refunds = try await Rig(answering: answer(200, refund)).client.payments(modifiedSince: nil, page: 1)
        #expect(refunds.rows.first?.document.description == "Refund:R1")
        #expect(refunds.rows.first?.touches == [])
        #expect(refunds.rows.first?.customer == VismaCustomerNumber("10002"))
        #expect(refunds.rows.first?.cashAccount == "1912")
        let note = #"[{"referenceNumber":"9","customer":"10003"},{"referenceNumber":"8","customer":[7]}]"#
        let notes = try await Rig(answering: answer(200, note)).client.creditNotes(modifiedSince: nil, page: 1)
        #expect(notes.rows.map(\.customer) == [VismaCustomerNumber("10003"), nil])
        #expect(notes.rows.first?.cashAccount == nil)
    }

    @Test("An answer that is no list is to be asked for again")
    func notAList() async throws {
        for body in ["", "<html><title>Gateway</title></html>", #"[{"referenceNumber":"#] {
            let error = await (try Rig(answering: answer(200, body))).failure {
                _ = try await $0.invoices(modifiedSince: nil, page: 1)
            }
            #expect(error?.code == "visma.answer_unreadable")
            #expect(error?.disposition == .retry(afterSeconds: nil))
        }
    }

    @Test("All of a customer's payments are read to the last page, each once, and the filter is checked again")
    func allPayments() async throws {
        func payment(
            _ number: Int, customer: String = "10002", date: String = "2026-11-05T00:00:00", type: String = "Payment"
        ) -> String {
            #"""
            {"type":"\#(type)","refNbr":"\#(number)","status":"Balanced","paymentRef":"pi_\#(number)",
             "customer":{"number":"\#(customer)"},
             "currency":"NOK","paymentAmount":\#(number).50,"applicationDate":"\#(date)","cashAccount":"1912",
              "metadata":{"totalCount":5,"maxPageSize":2},
             "paymentLines":[{"documentType":"Invoice","refNbr":"000224","amountPaid":1.25,"currency":"NOK"}]}
            """#
        }
        let pages = [
            [payment(1), payment(2, type: "Refund")],
            [payment(2, type: "Refund"), payment(3, customer: "10003")],
            [payment(4, date: "2026-11-03T00:00:00")],
        ]
        let rig = try Rig(api: { request, index in answer(200, "[\(pages[index].joined(separator: ","))]") })
        let date = try #require(LocalDate("2026-11-04"))
        let found = try await rig.client.allPayments(of: VismaCustomerNumber("10002"), from: date)
        #expect(found.map(\.number.rawValue) == ["1", "2"])
        #expect(found.map(\.type) == ["Payment", "Refund"])
        #expect(found.map(\.cashAccount) == ["1912", "1912"])
        #expect(found.first?.amount.minorUnits == 150)
        #expect(found.first?.reference == "pi_1")
        #expect(found.first?.applications.first?.amount.minorUnits == 125)
        #expect(
            rig.api.paths.first
                == "/v1/customerPayment?customer=10002&docDate=2026-11-04&docDateCondition=%3E%3D"
                + "&pageNumber=1&pageSize=500"
        )
        #expect(rig.api.requests.count == 3)
    }

    @Test("A payment that can not be read fails the look-up instead of being overlooked")
    func unreadablePayment() async throws {
        let rig = try Rig(answering: answer(200, #"[{"type":"Payment","refNbr":"1","status":"Open"}]"#))
        let error = await rig.failure {
            _ = try await $0.allPayments(of: VismaCustomerNumber("1"), from: LocalDate(daysSince1970: 0))
        }
        #expect(error?.code == "visma.field_missing")
    }
}

@Suite("Server times")
struct ServerTimeTests {
    @Test(
        "Both forms are read, the zone is dropped",
        arguments: [
            ("2026-01-29T13:02:18", "2026-01-29T13:02:18"), ("2026-01-29 13:02:18.967", "2026-01-29T13:02:18"),
            ("2026-01-29T13:02:18.9670000Z", "2026-01-29T13:02:18"),
            ("2026-01-29T13:02:18+02:00", "2026-01-29T13:02:18"),
            ("2026-01-29", "2026-01-29T00:00:00"),
        ])
    func forms(_ text: String, _ shown: String) {
        #expect(ServerTime(text)?.description == shown)
    }

    @Test("They are ordered by value, and moved back across midnight")
    func order() throws {
        let texts = ["2026-01-29T13:02:18", "2026-01-29T13:02:18.09", "2026-01-29T13:02:18.9", "2026-01-29T13:02:19Z"]
        let times = try texts.map { try #require(ServerTime($0)) }
        #expect(times == times.shuffledBackwards.sorted())
        #expect(ServerTime("2026-03-01T01:00:00")?.moved(backSeconds: 7200).description == "2026-02-28T23:00:00")
        #expect(ServerTime("2026-01-29T13:02:18.90") == ServerTime("2026-01-29T13:02:18.9000Z"))
        for text in ["", "soon", "2026-13-01T00:00:00", "2026-01-01T25:00:00", "2026-01-01X10:00:00"] {
            #expect(ServerTime(text) == nil)
        }
    }
}

extension [ServerTime] {
    fileprivate var shuffledBackwards: [ServerTime] { reversed() }
}
