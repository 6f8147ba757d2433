import Domain
import Foundation
import Outbound
import Testing
import VismaNet

@Suite("Writes to Visma.net")
struct WriteTests {
    private func draft(_ minorUnits: Int64 = 123_456_789, applied: Int64 = 7, text: String? = "Stripe") throws
        -> PaymentDraft
    {
        PaymentDraft(
            customer: VismaCustomerNumber("10002"), location: "Main", branch: "1", paymentMethod: "5",
            cashAccount: "1912",
            currency: .nok, amount: Money(minorUnits: minorUnits, currency: .nok),
            applied: Money(minorUnits: applied, currency: .nok), document: DocumentTests.reference,
            applicationDate: try #require(LocalDate("2026-01-15")), reference: "pi_3Q", text: text, isOnHold: false)
    }

    @Test("A payment's body has every value in its place, amounts to the last digit and no zone")
    func createPayment() throws {
        let call = VismaRequests.createPayment(try draft())
        #expect(call.method == "POST")
        #expect(call.path == "/v1/customerPayment")
        #expect(call.contentType == "application/json")
        #expect(
            String(decoding: call.body, as: UTF8.self)
                == #"{"type":{"value":"Payment"},"hold":{"value":false},"#
                + #""applicationDate":{"value":"2026-01-15T00:00:00"},"#
                + #""paymentRef":{"value":"pi_3Q"},"customer":{"value":"10002"},"location":{"value":"Main"},"#
                + #""paymentMethod":{"value":"5"},"cashAccount":{"value":"1912"},"currency":{"value":"NOK"},"#
                + #""paymentAmount":{"value":1234567.89},"invoiceText":{"value":"Stripe"},"branch":{"value":"1"},"#
                + #""paymentLines":[{"operation":"Insert","documentType":{"value":"Invoice"},"#
                + #""refNbr":{"value":"000224"},"#
                + #""amountPaid":{"value":0.07}}]}"#)
    }

    @Test("Nothing applied means no line; a hold is said; a text is cut at 50 characters and escaped")
    func variants() throws {
        var draft = try draft(1999, applied: 0, text: "\"\\\n" + String(repeating: "é", count: 60))
        draft.isOnHold = true
        let body = String(decoding: VismaRequests.createPayment(draft).body, as: UTF8.self)
        #expect(!body.contains("paymentLines"))
        #expect(body.contains(#""hold":{"value":true}"#))
        #expect(body.contains(#""paymentAmount":{"value":19.99}"#))
        #expect(body.contains(#""invoiceText":{"value":"\"\\\n"# + String(repeating: "é", count: 47) + #""}"#))
        #expect(try JSONSerialization.jsonObject(with: Data(body.utf8)) is [String: Any])
        var yen = draft
        yen.amount = Money(minorUnits: 12_000, currency: .jpy)
        #expect(String(decoding: VismaRequests.createPayment(yen).body, as: UTF8.self).contains(#"{"value":12000}"#))
    }

    @Test("A release wraps its type")
    func release() {
        let call = VismaRequests.releasePayment(VismaNumber("P 7"))
        #expect(call.path == "/v1/customerPayment/P%207/action/release")
        #expect(String(decoding: call.body, as: UTF8.self) == #"{"type":{"value":"Payment"}}"#)
    }

    @Test("A refund pays out the credit note; what Stripe kept goes along as finance charges")
    func refund() throws {
        var draft = try draft(10_000, applied: 10_000, text: nil)
        draft.document = DocumentRef(type: .creditNote, number: "000224")
        draft.charges = [.init(entryType: "FEE", amount: Money(minorUnits: 210, currency: .nok))]
        let body = String(decoding: VismaRequests.createPayment(draft, type: "Refund").body, as: UTF8.self)
        #expect(body.hasPrefix(#"{"type":{"value":"Refund"},"#))
        #expect(
            body.hasSuffix(
                #""paymentLines":[{"operation":"Insert","documentType":{"value":"CreditNote"},"#
                    + #""refNbr":{"value":"000224"},"amountPaid":{"value":100.00}}],"#
                    + #""financeCharges":[{"operation":"Insert","entryType":{"value":"FEE"},"#
                    + #""amount":{"value":2.10}}]}"#))
    }

    @Test("A void does not wrap its type, and goes under the ETag that was observed, if any")
    func void() {
        let call = VismaRequests.voidPayment(VismaNumber("P7"), type: "Refund", etag: "\"e\"")
        #expect(call.method == "POST")
        #expect(call.path == "/v1/customerPayment/P7/action/void")
        #expect(String(decoding: call.body, as: UTF8.self) == #"{"type":"Refund","returnVoidPayment":true}"#)
        #expect(call.ifMatch == "\"e\"")
        #expect(VismaRequests.voidPayment(VismaNumber("P7"), etag: nil).ifMatch == nil)
    }

    @Test("Reminders are stopped on the invoice, under the ETag that was observed")
    func dunning() {
        let call = VismaRequests.setDunning(DocumentTests.reference, isStopped: true, etag: "\"e\"")
        #expect(call.method == "PUT")
        #expect(call.path == "/v1/customerinvoice/000224")
        #expect(call.ifMatch == "\"e\"")
        #expect(String(decoding: call.body, as: UTF8.self) == #"{"excludeDebtCollection":{"value":true}}"#)
    }

    @Test("A note goes with the ETag that was observed, verbatim")
    func note() async throws {
        let rig = try Rig(answering: answer(204, "", [("ETag", "\"new=\"")]))
        let call = VismaRequests.putNote(DocumentTests.reference, note: "paid", etag: "\"AAAAAE0YIiI=\"")
        _ = try await rig.client.perform(call)
        let request = try #require(rig.api.requests.first)
        #expect(request.method == "PUT")
        #expect(request.url == "\(Rig.apiBase)/v1/customerinvoice/000224")
        #expect(request.header("if-match") == "\"AAAAAE0YIiI=\"")
        #expect(request.header("content-type") == "application/json")
        #expect(request.bodyText == #"{"note":{"value":"paid"}}"#)
    }

    @Test("A text is attached as one file, and its boundary is not in it")
    func attachment() {
        let call = VismaRequests.attachText(
            DocumentTests.reference, fileName: "stri\"pe\r\n.txt", text: "has --b in it", etag: "\"e\"", boundary: "b")
        #expect(call.path == "/v1/customerinvoice/000224/attachment")
        #expect(call.contentType == "multipart/form-data; boundary=bx")
        #expect(call.ifMatch == "\"e\"")
        #expect(
            String(decoding: call.body, as: UTF8.self)
                == "--bx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"stri_pe_.txt\"\r\n"
                + "Content-Type: text/plain; charset=utf-8\r\n\r\nhas --b in it\r\n--bx--\r\n")
    }

    @Test(
        "The new number is the last segment of Location, whatever host it names",
        arguments: [
            ("https://evil.example/v1/customerPayment/000117", "000117"),
            ("https://api.finance.visma.net/v1/customerPayment/A%2F1?x=1", "A/1"),
            ("/v1/customerPayment/000118/", "000118"), ("v1/customerPayment/000119#f", "000119"),
            ("https://api.finance.visma.net/v2/customerCreditNote/000120", "000120"),
            ("https://api.finance.visma.net/v1/cashTransaction/CA0007", "CA0007"),
            ("https://api.finance.visma.net/v2/journaltransaction/GL0008", "GL0008"),
        ])
    func location(_ location: String, _ number: String) throws {
        let response = answer(201, "", [("Location", location)])
        #expect(try VismaAnswers.createdNumber(from: response).rawValue == number)
    }

    @Test(
        "Without a number in Location the payment exists and must be looked up",
        arguments: ["", "https://h.example/", "/", "%ZZ/%ZZ"])
    func noLocation(_ location: String) {
        let error = #expect(throws: ConnectorError.self) {
            try VismaAnswers.createdNumber(from: answer(201, "", [("location", location)]))
        }
        #expect(error?.disposition == .uncertain)
    }

    @Test("A 200 whose body says that the action failed is a refusal; a 202 is not")
    func action() throws {
        let failed = #"{"actionId":"x","actionResult":"Failed","errorInfo":"the document is out of balance"}"#
        let error = #expect(throws: ConnectorError.self) { try VismaAnswers.checkAction(answer(200, failed)) }
        #expect(error?.code == "visma.action_failed")
        #expect(error?.disposition == .reject)
        #expect(error?.text == "the document is out of balance")
        try VismaAnswers.checkAction(answer(200))
        try VismaAnswers.checkAction(answer(202, #"{"id":"x"}"#))
        try VismaAnswers.checkAction(answer(204))
        for result in ["Queued", "InProcess", "Done"] {
            try VismaAnswers.checkAction(answer(200, #"{"actionResult":"\#(result)","errorInfo":""}"#))
        }
    }

    @Test("A void's answer is checked like a release's; a reversal's names the document that undoes")
    func reversal() throws {
        let void = #"{"actionResult":"Failed","type":"Payment","refNbr":"P7","errorInfo":"no"}"#
        #expect(throws: ConnectorError.self) { try VismaAnswers.checkAction(answer(200, void)) }
        #expect(throws: ConnectorError.self) { try VismaAnswers.reversal(from: answer(200, void)) }
        let done = #"{"actionResult":"Done","referenceNbr":"CA8"}"#
        #expect(try VismaAnswers.reversal(from: answer(200, done)) == VismaNumber("CA8"))
        let nested = #"{"cashTransaction":{"referenceNbr":"CA9"}}"#
        #expect(try VismaAnswers.reversal(from: answer(200, nested)) == VismaNumber("CA9"))
        #expect(try VismaAnswers.reversal(from: answer(202, #"{"id":"x"}"#)) == nil)
    }
}

@Suite("Errors of Visma.net")
struct ErrorTests {
    private func failure(
        _ status: Int, _ body: String = "", method: String = "POST", _ headers: [(name: String, value: String)] = []
    ) async throws -> ConnectorError? {
        let rig = try Rig(answering: answer(status, body, headers))
        let call = OutboundCall(system: .visma, method: method, path: "/v1/customerPayment/P7")
        return await rig.failure { _ = try await $0.perform(call) }
    }

    @Test(
        "Every form of body is understood",
        arguments: [
            (#"{"message":"VismaId: 6c6eb585-aaaa. Error creating payment."}"#, "Error creating payment"),
            (#"{"Message":"Balance mismatch"}"#, "Balance mismatch"),
            (#"{"ExceptionType":"IPPException","ExceptionMessage":"Odd.","ExceptionFaultCode":"99"}"#, "Odd."),
            (#"{"details":{"message":"Deep"}}"#, "Deep"), (#""just a text""#, "just a text"),
            ("plain words", "plain words"), ("", "HTTP 400 without a text"),
            (
                "<html><head><TITLE>Bad gateway</TITLE></head><body>x</body></html>",
                "a web page instead of an answer: Bad gateway"
            ),
            ("<Error><Message>xml</Message></Error>", "a web page instead of an answer: xml"),
        ])
    func bodies(_ body: String, _ text: String) async throws {
        let error = try await failure(400, body)
        #expect(error?.text.contains(text) == true)
        #expect(error?.disposition == .reject)
        #expect(error?.code == "visma.http_400")
        #expect(error?.httpStatus == 400)
    }

    @Test("The support's id comes from the header, else from the text")
    func requestID() async throws {
        #expect(try await failure(400, "x", [("Ipp-Request-Id", "r-1")])?.requestID == "r-1")
        #expect(try await failure(400, #"{"message":"VismaId: 6c6eb585-aa. No"}"#)?.requestID == "6c6eb585-aa")
    }

    @Test("Texts are redacted, then cut")
    func redacted() async throws {
        let body = "client_secret=abcdefgh " + String(repeating: "long ", count: 400)
        let error = try await failure(400, body)
        #expect(error?.text.contains("abcdefgh") == false)
        #expect((error?.text.count ?? 0) <= 401)
        let echo = try await failure(400, "your token token-number-1 is odd")
        #expect(echo?.text == "your token [redacted] is odd")
    }

    @Test("What to do follows from status and method")
    func dispositions() async throws {
        #expect(try await failure(412, "", method: "PUT")?.disposition == .conflict)
        #expect(try await failure(412, "", method: "PUT")?.code == "visma.http_412")
        #expect(try await failure(429, "", [("Retry-After", "17")])?.disposition == .retry(afterSeconds: 17))
        #expect(try await failure(500, #"{"message":"locked"}"#)?.disposition == .uncertain)
        #expect(try await failure(500, #"{"message":"locked"}"#)?.text == "locked")
        #expect(try await failure(503, "", method: "GET")?.disposition == .retry(afterSeconds: nil))
        #expect(try await failure(404)?.disposition == .reject)
        let forbidden = try await failure(403, "", method: "GET")
        #expect(forbidden?.disposition == .reauthorise)
        #expect(forbidden?.code == "visma.forbidden")
        // No token of ours may delete: to ask for another one would not end.
        #expect(try await failure(403, "", method: "DELETE")?.disposition == .reject)
        #expect(
            try await failure(302, "", method: "GET", [("location", "http://evil.example")])?.disposition == .reject)
    }

    @Test(
        "A period that takes no postings has its own code and is named",
        arguments: [
            ("Financial Period '11-2026' is closed in the company.", "11-2026"),
            ("The financial period 202611 is inactive.", "202611"),
            ("Error: Post Period 112026 is not open", "112026"), ("The 2026-11 Period does not exist.", "2026-11"),
            ("Document 000224 cannot be posted: PERIOD LOCKED (2026/11)", "2026/11"),
        ])
    func closedPeriod(_ text: String, _ period: String) async throws {
        let body = #"{"message":"VismaId: 6c6eb585-aa. \#(text)"}"#
        for status in [400, 422, 500] {
            let error = try await failure(status, body)
            #expect(error?.code == "visma.period_closed")
            // A 500 may hide an effect, so it is looked up first.
            #expect(error?.disposition == (status == 500 ? .uncertain : .reject))
            #expect(error?.text.hasPrefix("financial period \(period): VismaId") == true)
            #expect(error?.description.hasPrefix("visma.period_closed: ") == true)
        }
        let action = #"{"actionResult":"Failed","errorInfo":"\#(text)"}"#
        let error = #expect(throws: ConnectorError.self) { try VismaAnswers.checkAction(answer(200, action)) }
        #expect(error?.code == "visma.period_closed")
        #expect(error?.text == "financial period \(period): \(text)")
    }

    @Test("Not every refusal that speaks of a period or of something closed is one of a closed period")
    func otherRefusals() async throws {
        let unnamed = try await failure(400, #"{"message":"The period is closed."}"#)
        #expect(unnamed?.code == "visma.period_closed")
        #expect(unnamed?.text == "The period is closed.")
        for text in ["The document is closed.", "Period is required."] {
            #expect(try await failure(400, #"{"message":"\#(text)"}"#)?.code == "visma.http_400")
        }
        #expect(try await failure(503, "the period is closed")?.disposition == .uncertain)
        #expect(try await failure(412, "the period is closed")?.disposition == .conflict)
    }

    @Test("A missing licence points at the tenant id", arguments: [400, 500])
    func licence(_ status: Int) async throws {
        let body =
            #"{"ExceptionType":"IPPException","ExceptionMessage":"No license for this company.","#
            + #""ExceptionFaultCode":"12027"}"#
        let error = try await failure(status, body)
        #expect(error?.code == "visma.no_licence")
        #expect(error?.disposition == .reauthorise)
        #expect(error?.text.contains("Company Tenant ID") == true)
    }

    @Test("Without an answer a read is repeated, and a write is uncertain unless it never left")
    func noAnswer() async throws {
        for (kind, method, disposition) in [
            (TransportFailure.Kind.unknownEffect, "GET", Disposition.retry(afterSeconds: nil)),
            (.unknownEffect, "POST", .uncertain), (.unknownEffect, "PUT", .uncertain),
            (.notSent, "POST", .retry(afterSeconds: nil)),
        ] {
            let rig = try Rig(api: { _, _ throws(TransportFailure) in throw TransportFailure(kind: kind, text: "gone") }
            )
            let call = OutboundCall(system: .visma, method: method, path: "/v1/customerPayment")
            #expect(await rig.failure { _ = try await $0.perform(call) }?.disposition == disposition)
            #expect(rig.api.requests.count == 1)
        }
    }

    @Test("A call whose path would lead elsewhere is never sent")
    func elsewhere() async throws {
        let rig = try Rig()
        for path in ["//evil.example/v1", "@evil.example/", "/v1/x y"] {
            let call = OutboundCall(system: .visma, method: "GET", path: path)
            #expect(await rig.failure { _ = try await $0.perform(call) }?.code == "visma.not_sent")
        }
        #expect(rig.api.requests.isEmpty)
    }
}
