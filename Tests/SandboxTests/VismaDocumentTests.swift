import Sandbox
import Testing

@Suite("The simulated Visma.net's documents")
struct VismaDocumentTests {
    private func members(_ seed: VismaInvoiceSeed, _ behaviour: VismaBehaviour = .init()) throws -> SandboxJSON {
        let bench = try VismaBench(behaviour)
        let number = try bench.simulator.addInvoice(seed, in: VismaBench.tenant)
        return try bench.json("/v1/customerinvoice/\(number)")
    }

    @Test("VAT is calculated per code on the document, and amounts have four exact places")
    func vat() throws {
        let json = try members(
            VismaInvoiceSeed(
                customer: "10001", date: "2026-11-01",
                lines: [
                    VismaLineSeed("A", quantity: "3", unitPrice: "19.99"),
                    VismaLineSeed("B", quantity: "0.5", unitPrice: "33.33", discountPercent: "10", vat: .middle15),
                    VismaLineSeed("C", unitPrice: "0.07", vat: .zero), VismaLineSeed("D", unitPrice: "5", vat: .exempt),
                ]))
        // 59.97 + 15.00 (16.67 less 1.67) + 0.07 + 5.00, and VAT 14.99 + 2.25.
        #expect(json["detailTotal"]?.numberText == "80.0400")
        #expect(json["vatTotal"]?.numberText == "17.2400")
        #expect(json["amount"]?.numberText == "97.2800")
        #expect(json["vatExemptTotal"]?.numberText == "5.0000")
        #expect(json["balanceInCurrency"]?.numberText == "97.2800")
        #expect(json["taxDetails"]?.elements?.count == 4)
        #expect(json["invoiceLines"]?.elements?[1]["discountAmount"]?.numberText == "1.6700")
    }

    @Test("prices that include VAT leave the total at the sum of lines; a total can be rounded")
    func inclusiveAndRounded() throws {
        let json = try members(
            VismaInvoiceSeed(
                customer: "10001", date: "2026-11-01", lines: [VismaLineSeed("A", unitPrice: "99.90")],
                pricesIncludeVAT: true, roundTotalTo: "1"))
        #expect(json["amount"]?.numberText == "100.0000")
        #expect(json["roundingDiff"]?.numberText == "0.1000")
        #expect(json["taxDetails"]?.elements?.first?["vatAmount"]?.numberText == "19.9800")
        #expect(json["taxDetails"]?.elements?.first?["taxableAmount"]?.numberText == "79.9200")
    }

    @Test("a foreign invoice has base amounts bare and its own in the twins, or swapped")
    func foreign() throws {
        let seed = VismaInvoiceSeed(
            customer: "10001", date: "2026-11-01", lines: [VismaLineSeed("A", unitPrice: "100", vat: .zero)],
            currency: "EUR", exchangeRate: "11.70455")
        let json = try members(seed)
        #expect(json["amount"]?.numberText == "1170.4600")
        #expect(json["amountInCurrency"]?.numberText == "100.0000")
        #expect(json["exchangeRate"]?.numberText == "11.70455000")
        var behaviour = VismaBehaviour()
        behaviour.amountTwinsSwapped = true
        #expect(try members(seed, behaviour)["amount"]?.numberText == "100.0000")
    }

    @Test("a currency without decimals is rounded to whole units")
    func yen() throws {
        let json = try members(
            VismaInvoiceSeed(
                customer: "10001", date: "2026-11-01", lines: [VismaLineSeed("A", unitPrice: "333", vat: .standard25)],
                currency: "JPY", exchangeRate: "0.07"))
        #expect(json["amountInCurrency"]?.numberText == "416.0000")
    }

    @Test("a released invoice takes due date and cash discount date only; a closed one nothing")
    func releasedEdits() throws {
        let bench = try VismaBench()
        let number = try bench.invoice()
        let path = "/v1/customerinvoice/\(number)"
        let note = try bench.call("PUT", path, body: #"{"note":{"value":"x"}}"#)
        #expect(note.status == 400)
        #expect(try SandboxJSON.parse(note.body)["message"]?.stringValue?.hasPrefix("VismaId: ") == true)
        let due = #"{"documentDueDate":{"value":"2026-12-24T00:00:00"}}"#
        #expect(try bench.call("PUT", path, body: due).status == 204)
        #expect(try bench.json(path)["documentDueDate"]?.stringValue == "2026-12-24T00:00:00")
        try bench.simulator.applyOutsidePayment(to: number, amount: "1250", in: VismaBench.tenant)
        #expect(try bench.status(of: path) == "Closed")
        #expect(try bench.call("PUT", path, body: due).status == 400)
    }

    @Test("where notes are allowed, If-Match guards them: stale 412, fresh 204 with another ETag")
    func notes() throws {
        var behaviour = VismaBehaviour()
        behaviour.recordEdits = .noteAllowed
        let bench = try VismaBench(behaviour)
        let path = "/v1/customerinvoice/\(try bench.invoice())"
        let first = try #require(bench.call("GET", path).header("ETag"))
        #expect(first.hasPrefix("\"") && first.hasSuffix("=\""))
        #expect(try bench.json(path)["timeStamp"]?.stringValue == String(first.dropFirst().dropLast()))
        let body = #"{"note":{"value":"paid"}}"#
        let changed = try bench.call("PUT", path, body: body, headers: [("If-Match", first)])
        #expect(changed.status == 204 && changed.header("ETag") != first)
        #expect(try bench.call("PUT", path, body: body, headers: [("If-Match", first)]).status == 412)
        // The same text again changes nothing, so the version stays.
        #expect(try bench.call("PUT", path, body: body).header("ETag") == changed.header("ETag"))
        #expect(try bench.call("PUT", path, body: #"{"note":"paid"}"#).status == 400)
        #expect(try bench.call("PUT", path, body: #"{"note":"#).status == 400)
        #expect(try bench.json(path)["note"]?.stringValue == "paid")
    }

    @Test("an invoice says how it is collected, and where it is posted; people change that in any state of it")
    func marks() throws {
        var behaviour = VismaBehaviour()
        behaviour.recordEdits = .noteAllowed
        let bench = try VismaBench(behaviour)
        let number = try bench.simulator.addInvoice(
            VismaInvoiceSeed(
                customer: "10001", date: "2026-11-01",
                lines: [
                    VismaLineSeed("A", unitPrice: "100", account: "3010"),
                    VismaLineSeed("Discount", unitPrice: "-10", lineType: "DS"),
                ], marks: VismaInvoiceMarks(paymentMethod: "5", directDebitMandate: "m1", sendToAutoInvoice: true)),
            in: VismaBench.tenant)
        let path = "/v1/customerinvoice/\(number)"
        var json = try bench.json(path)
        #expect(json["paymentMethod"]?["description"]?.stringValue == "Card")
        #expect(json["directDebitMandate"]?["mandateId"]?.stringValue == "m1")
        #expect(json["sendToAutoInvoice"]?.boolValue == true && json["debtCollection"] == nil)
        #expect(json["invoiceLines"]?.elements?.map { $0["lineType"]?.stringValue } == ["GN", "DS"])
        #expect(json["invoiceLines"]?.elements?.first?["account"]?["number"]?.stringValue == "3010")
        #expect(json["detailTotal"]?.numberText == "90.0000" && json["amount"]?.numberText == "112.5000")
        try bench.simulator.changeMarks(of: number, in: VismaBench.tenant) { $0.debtCollectionCase = "K-1" }
        #expect(try bench.json(path)["debtCollection"]?["caseNumber"]?.stringValue == "K-1")
        let exclude = #"{"excludeDebtCollection":{"value":true}}"#
        #expect(try bench.call("PUT", path, body: exclude).status == 204)
        json = try bench.json(path)
        #expect(json["excludeDebtCollection"]?.boolValue == true)
        try bench.simulator.changeBehaviour(of: VismaBench.tenant) { $0.recordEdits = .refused }
        #expect(try bench.call("PUT", path, body: exclude).status == 400)
    }

    @Test("a text attachment is stored, and the same name again is a new revision")
    func attachments() throws {
        let bench = try VismaBench()
        let number = try bench.invoice()
        func attach(_ text: String) throws -> SandboxResponse {
            let body =
                "--b1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"stripe.txt\"\r\n"
                + "Content-Type: text/plain\r\n\r\n\(text)\r\n--b1--\r\n"
            return try bench.call(
                "POST", "/v1/customerinvoice/\(number)/attachment", body: body,
                headers: [("Content-Type", "multipart/form-data; boundary=b1")])
        }
        #expect(try attach("one").status == 201)
        #expect(try attach("two\r\nlines").status == 201)
        let shown = try #require(bench.json("/v1/customerinvoice/\(number)")["attachments"]?.elements)
        #expect(shown.count == 1 && shown[0]["revision"]?.numberText == "2")
        let book = try #require(bench.simulator.books().first { $0["kind"]?.stringValue == "document" })
        #expect(book["attachments"]?.elements?.first?["text"]?.stringValue == "two\r\nlines")
        try bench.simulator.changeBehaviour(of: VismaBench.tenant) { $0.attachmentsAllowed = false }
        #expect(try attach("three").status == 400)
    }

    @Test("JSON keeps number texts, order and escapes, and refuses what is not JSON")
    func json() throws {
        let text = #"{"b":99999999999.99,"a":[1.50,-0,null,true,"\u00e6\ud83d\ude00\n"]}"#
        let value = try SandboxJSON.parse(text)
        #expect(value["b"]?.numberText == "99999999999.99")
        #expect(value.serialised == #"{"b":99999999999.99,"a":[1.50,-0,null,true,"æ😀\n"]}"#)
        for bad in ["", "{", "[1,]", "01", "{\"a\":1}x", "\"\\ud800\"", "nul", "1.", "{a:1}", "\"\u{1}\""] {
            #expect(throws: SandboxJSONError.self, "\(bad)") { try SandboxJSON.parse(bad) }
        }
        #expect(throws: SandboxJSONError.self) { try SandboxJSON.parse(String(repeating: "[", count: 1000)) }
    }
}
