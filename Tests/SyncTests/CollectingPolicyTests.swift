import Domain
import Foundation
import Sandbox
import Simulation
import Storage
import Sync
import Testing

/// One value of one policy that decides what goes out, and what stands in Stripe with it and without it.
struct CollectingValue: Sendable, CustomTestStringConvertible {
    let key: String
    let value: String
    /// The manifest's lines with the value, and those without it.
    let with: String
    let without: String
    var seed: @Sendable (inout VismaInvoiceSeed) -> Void = { _ in }
    /// What Stripe has with and without: "-" for no invoice.
    let gets: String
    let getsWithout: String
    var show: @Sendable (SandboxJSON) -> String = { $0["status"]?.stringValue ?? "" }

    var testDescription: String { "\(key): \(value)" }

    static let all: [CollectingValue] = modes + skips + fields + treatments

    private static let modes = [
        CollectingValue(
            key: "collect", value: "all", with: "collect: all", without: "collect: marked", gets: "open",
            getsWithout: "-"),
        CollectingValue(
            key: "collect", value: "marked", with: "collect: marked\n  marked_payment_methods: [\"5\"]",
            without: "collect: marked\n  marked_payment_methods: [\"6\"]", seed: { $0.marks.paymentMethod = "5" },
            gets: "open", getsWithout: "-"),
    ]

    private static func skip(
        _ skip: Selection.Skip, _ seed: @escaping @Sendable (inout VismaInvoiceSeed) -> Void
    ) -> CollectingValue {
        CollectingValue(
            key: "skip", value: skip.rawValue, with: "skip: [\(skip.rawValue)]", without: "skip: []", seed: seed,
            gets: "-", getsWithout: "open")
    }

    private static let skips = [
        skip(.directDebit) { $0.marks.directDebitMandate = "M-1" },
        skip(.eInvoice) { $0.marks.sendToAutoInvoice = true },
        skip(.debtCollector) {
            $0.marks.debtCollectionCase = "C-1"
            $0.marks.debtCollectionStatus = "Sent"
        },
        skip(.cashDiscount) {
            $0.cashDiscount = "25"
            $0.cashDiscountDate = "2026-12-01"
        },
    ]

    private static func field(
        _ field: InvoiceStyle.Field, shows: String, usually: String = "",
        _ seed: @escaping @Sendable (inout VismaInvoiceSeed) -> Void
    ) -> CollectingValue {
        CollectingValue(
            key: "custom_fields", value: field.rawValue, with: "custom_fields: {\(field.rawValue): Merkelapp}",
            without: "custom_fields: {}", seed: seed, gets: "Merkelapp=\(shows)", getsWithout: usually,
            show: { invoice in
                (invoice["custom_fields"]?.elements ?? []).map {
                    "\($0["name"]?.stringValue ?? "")=\($0["value"]?.stringValue ?? "")"
                }.joined(separator: ", ")
            })
    }

    private static let fields = [
        field(.originalDueDate, shows: "2026-11-01", usually: "Original due date=2026-11-01") {
            $0.date = "2026-10-18"
            $0.dueDate = "2026-11-01"
        },
        field(.customerNumber, shows: "CUSTOMER") { _ in },
        field(.customerReference, shows: "Kari") { $0.customerRefNumber = "Kari" },
        field(.branch, shows: "1") { $0.branch = "1" },
        field(.paymentReference, shows: "1234567890128") { $0.paymentReference = "1234567890128" },
    ]

    private static let treatments = VATTreatment.allCases.map { treatment in
        let reasons: [VATTreatment: String] = [
            .reverseCharge: "reverse_charge", .zeroRated: "zero_rated", .exempt: "product_exempt",
            .outsideScope: "not_subject_to_tax",
        ]
        return CollectingValue(
            key: "vat_treatments", value: treatment.rawValue, with: "vat_treatments: {\"5\": \(treatment.rawValue)}",
            without: "vat_treatments: {}",
            seed: { $0.lines = [VismaLineSeed("Eksport", unitPrice: "1000", vat: .zero)] },
            gets: reasons[treatment] ?? "", getsWithout: "not_available",
            show: { invoice in
                (invoice["lines"]?["data"]?.elements ?? []).flatMap { $0["taxes"]?.elements ?? [] }
                    .compactMap { $0["taxability_reason"]?.stringValue }.joined(separator: ", ")
            })
    }
}

@Suite("Each value of each collecting policy, and what Stripe gets")
struct CollectingPolicyTests {
    private func got(_ sample: CollectingValue, _ lines: String) async throws -> String {
        let world = try await World(seed: 3, policy: [lines])
        let document = try world.addInvoice(change: sample.seed)
        try await world.quiet()
        let customer = world.vismaDocument(document)?["customer"]?.stringValue ?? ""
        let invoices = try world.stripeList("/v1/invoices", of: world.nord)
        #expect(invoices.count < 2)
        return invoices.first.map { sample.show($0).replacing(customer, with: "CUSTOMER") } ?? "-"
    }

    @Test("sends what tenants/README.md says", arguments: CollectingValue.all)
    func sends(_ sample: CollectingValue) async throws {
        #expect(try await got(sample, sample.with) == sample.gets)
        #expect(try await got(sample, sample.without) == sample.getsWithout)
    }

    static let values: [String: [String]] = [
        "collect": Selection.Mode.allCases.map(\.rawValue), "skip": Selection.Skip.allCases.map(\.rawValue),
        "custom_fields": InvoiceStyle.Field.allCases.map(\.rawValue),
        "vat_treatments": VATTreatment.allCases.map(\.rawValue),
    ]

    @Test("no value is forgotten")
    func complete() {
        for (key, cases) in Self.values {
            #expect(Set(CollectingValue.all.filter { $0.key == key }.map(\.value)) == Set(cases), "\(key)")
        }
    }

    @Test("tenants/README.md names every value of every key that has some")
    func documented() throws {
        let readme = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../tenants/README.md").standardized
        let rows = try String(contentsOf: readme, encoding: .utf8).split(separator: "\n")
        var values = Self.values.merging(PostingPolicyTests.values) { one, _ in one }
        values["document_types"] = ["Invoice", "DebitNote", "FinCharge"]
        for (key, cases) in values {
            let row = try #require(rows.first { $0.hasPrefix("| `policy.\(key)`") })
            for value in cases { #expect(row.contains("`\(value)`"), "\(key): \(value)") }
        }
    }
}
