import Foundation
import Testing

@testable import Domain

@Suite("Names of things")
struct IdentifierTests {
    @Test("A tenant id is 2 to 40 lower-case letters, digits and hyphens, and begins and ends with no hyphen")
    func tenantID() {
        for text in ["no", "demo-nord", "a1", "9z", String(repeating: "a", count: 40)] {
            #expect(TenantID(checked: text)?.rawValue == text)
        }
        let wrong = [
            "", "a", String(repeating: "a", count: 41), "Demo", "demo_nord", "-demo", "demo-", "de mo", "dé-mo", "a/b",
            "a\n", "..",
        ]
        for text in wrong { #expect(TenantID(checked: text) == nil, "\(text)") }
    }

    @Test("A subject is read back from its key")
    func subjects() {
        let document = Subject.document(DocumentRef(type: .invoice, number: "000224"))
        #expect(document.key == "document/Invoice:000224")
        #expect(Subject(key: document.key) == document)
        #expect(Subject(key: Subject.endpoint.key) == .endpoint)
        let odd = Subject.document(DocumentRef(type: DocumentType("Something New"), number: "A:1/2"))
        #expect(Subject(key: odd.key) == odd)
        let payout = Subject.payout(PayoutID("po_1"))
        #expect(Subject(key: payout.key) == payout)
        let customer = Subject.customer(VismaCustomerNumber("10001"))
        #expect(Subject(key: customer.key) == customer)
        for key in [
            "", "document/", "document/Invoice", "document/Invoice:", "document/:1", "customer/", "payout/", "Endpoint",
        ] {
            #expect(Subject(key: key) == nil, "\(key)")
        }
    }

    @Test("The same number is another document under another type")
    func documents() {
        let invoice = DocumentRef(type: .invoice, number: "1")
        let creditNote = DocumentRef(type: .creditNote, number: "1")
        #expect(invoice != creditNote)
        #expect(creditNote < invoice)
        #expect(Subject.document(creditNote) < .document(invoice))
    }

    @Test("An effect's key says tenant, subject, revision, step, cause and attempt")
    func effectKey() {
        let key = EffectKey.make(
            tenant: TenantID("demo"), subject: .document(DocumentRef(type: .invoice, number: "7")), revision: 2,
            step: Step.createPayment, cause: "inpay_1", attempt: 3)
        #expect(key.rawValue == "demo/document/Invoice:7/2/payment.create/inpay_1/3")
    }

    @Test("Identifiers are text in JSON")
    func coding() throws {
        let encoded = try JSONEncoder().encode([StripeInvoiceID("in_1")])
        #expect(String(decoding: encoded, as: UTF8.self) == "[\"in_1\"]")
        #expect(try JSONDecoder().decode([StripeInvoiceID].self, from: encoded) == [StripeInvoiceID("in_1")])
    }

    @Test("An effect moves only from under way to known, and stays there")
    func effectMoves() {
        let legal: [Effect.State: Set<Effect.State>] = [
            .sent: [.done, .uncertain, .absent, .failed], .uncertain: [.done, .absent, .failed],
            .done: [], .absent: [], .failed: [],
        ]
        for state in Effect.State.allCases {
            #expect(Effect.State.moves[state] == legal[state], "\(state)")
            #expect(state.isSettled == [.done, .absent, .failed].contains(state), "\(state)")
        }
        for moves in Effect.State.moves.values { #expect(!moves.contains(.sent), "nothing is sent a second time") }
    }

    @Test("A digest tells contents apart and is the known FNV-1a of 128 bits")
    func digest() {
        #expect(Digest.short("") == "6c62272e07bb014262b821756295c58d")
        #expect(Digest.short("a") == "d228cb696f1a8caf78912b704e4a8964")
        #expect(Digest.short("Invoice:1|100.00 NOK") != Digest.short("Invoice:1|100.01 NOK"))
    }

    @Test("A customer rule is read from its text, and anything else is not a rule")
    func customerRules() throws {
        #expect(Policy.CustomerRule("email") == .email)
        #expect(Policy.CustomerRule("metadata:erp_no") == .metadata("erp_no"))
        for text in ["", "name", "metadata:", "Email"] { #expect(Policy.CustomerRule(text) == nil) }
        let rules: [Policy.CustomerRule] = [.metadata("erp_no"), .email]
        #expect(try JSONDecoder().decode([Policy.CustomerRule].self, from: JSONEncoder().encode(rules)) == rules)
    }

    @Test("An error says its code, its text, the status and the request id")
    func connectorError() {
        let error = ConnectorError(
            code: "visma.http_412", text: "the record changed", disposition: .conflict, system: .visma,
            httpStatus: 412, requestID: "req_1")
        #expect(error.description == "visma.http_412: the record changed, HTTP 412, request req_1")
    }

    @Test("A record that Visma refuses goes by the next way, and in the end by none")
    func recordAbility() {
        #expect(RecordAbility.note.fallback == .attachment)
        #expect(RecordAbility.attachment.fallback == RecordAbility.none)
        #expect(RecordAbility.none.fallback == RecordAbility.none)
    }
}
