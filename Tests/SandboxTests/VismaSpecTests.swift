import Foundation
import Sandbox
import Testing

/// Checks answers against the OpenAPI description that stands beside the repository. It is never copied in, so a
/// clone without that folder skips this suite.
@Suite("The simulated Visma.net against its API description", .enabled(if: VismaSpec.isPresent))
struct VismaSpecTests {
    @Test("every answer has only known members of the right kind")
    func answers() throws {
        var behaviour = VismaBehaviour()
        behaviour.recordEdits = .noteAllowed
        let bench = try VismaBench(behaviour)
        let spec = try VismaSpec()
        let invoice = try bench.invoice()
        try bench.simulator.editNote(of: invoice, to: "n", in: VismaBench.tenant)
        let payment = try bench.pay(invoice, amount: "250")
        _ = try bench.release(payment)
        let note = try bench.simulator.addCreditNote(
            VismaInvoiceSeed(customer: "10001", date: "2026-11-02", lines: [VismaLineSeed("R", unitPrice: "80")]),
            in: VismaBench.tenant)
        let expand = "expandApplications=true&expandTaxDetails=true&expandAttachments=true&expandInvoiceAddress=true"
        let lists: [(String, String, String)] = [
            ("/v1/customerinvoice", expand, "CustomerInvoiceDto"), ("/v1/customerPayment", "", "PaymentDto"),
            ("/v1/customerCreditNote", expand, "CustomerCreditNoteDto"), ("/v1/customer", "", "CustomerDto"),
            ("/v1/organization", "expandBranches=true", "ExtendedOrganizationDto"),
            ("/v1/branch", "expandCurrency=true", "BranchDto"), ("/v1/cashaccount", "", "CashAccountDto"),
            ("/v1/paymentmethod", "", "PaymentMethodDto"),
        ]
        for (path, query, schema) in lists {
            let rows = try #require(bench.json(path, query: query).elements)
            #expect(!rows.isEmpty)
            for row in rows { #expect(spec.faults(of: row, schema: schema) == [], "\(path)") }
        }
        for (path, schema) in [
            ("/v1/customerinvoice/\(invoice)", "CustomerInvoiceDto"), ("/v1/customerPayment/\(payment)", "PaymentDto"),
            ("/v1/customerCreditNote/\(note)", "CustomerCreditNoteDto"), ("/v1/customer/10001", "CustomerDto"),
        ] {
            #expect(spec.faults(of: try bench.json(path), schema: schema) == [], "\(path)")
        }
        let second = try bench.pay(nil, amount: "5")
        let released = try SandboxJSON.parse(bench.release(second).body)
        #expect(spec.faults(of: released, schema: "ReleasePaymentActionResultDto") == [])
    }

    @Test("the check itself finds an unknown member, a wrong kind, a wrong word and a zone")
    func bites() throws {
        let spec = try VismaSpec()
        for text in [
            #"{"colour":1}"#, #"{"amount":"1"}"#, #"{"status":"Paid"}"#, #"{"documentDate":"2026-11-01T00:00:00Z"}"#,
            #"{"customer":{"internal":1}}"#, #"{"note":null}"#,
        ] {
            #expect(spec.faults(of: try SandboxJSON.parse(text), schema: "CustomerInvoiceDto").count == 1, "\(text)")
        }
    }
}

struct VismaSpec {
    private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("../shared/specs/visma-openapi.json")
    static var isPresent: Bool { FileManager.default.fileExists(atPath: file.path) }
    private let schemas: [String: SandboxJSON]

    init() throws {
        let root = try SandboxJSON.parse(Data(contentsOf: Self.file))
        let members = try #require(root["components"]?["schemas"]?.members)
        schemas = Dictionary(members) { first, _ in first }
    }

    func faults(of value: SandboxJSON, schema name: String) -> [String] {
        guard let schema = schemas[name] else { return ["no schema \(name)"] }
        return faults(value, schema, at: name)
    }

    private func faults(_ value: SandboxJSON, _ schema: SandboxJSON, at path: String) -> [String] {
        if let reference = schema["$ref"]?.stringValue {
            return faults(of: value, schema: String(reference.split(separator: "/").last ?? ""))
        }
        switch (schema["type"]?.stringValue, value) {
        case ("object", .object(let members)):
            return members.flatMap { name, member -> [String] in
                guard let inner = schema["properties"]?[name] else { return ["\(path).\(name) is unknown"] }
                return faults(member, inner, at: "\(path).\(name)")
            }
        case ("array", .array(let elements)):
            guard let items = schema["items"] else { return [] }
            return elements.flatMap { faults($0, items, at: path + "[]") }
        case ("string", .string(let text)):
            if let words = schema["enum"]?.elements, !words.contains(.string(text)) { return ["\(path): \(text)"] }
            if schema["format"]?.stringValue == "date-time" {
                return text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?/) == nil
                    ? ["\(path): \(text)"] : []
            }
            return []
        case ("number", .number), ("boolean", .bool): return []
        case ("integer", .number(let text)): return Int64(text) == nil ? ["\(path): \(text)"] : []
        default: return ["\(path) is of another kind"]
        }
    }
}
