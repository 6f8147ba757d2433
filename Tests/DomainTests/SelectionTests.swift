import Foundation
import Testing

@testable import Domain

@Suite("Which documents are collected")
struct SelectionTests {
    @Test("By type, list and amount", arguments: SelectionCases.lists)
    func lists(_ sample: PlanCase) { check(sample) }

    @Test("By mark", arguments: SelectionCases.marks)
    func marks(_ sample: PlanCase) { check(sample) }

    @Test("What is collected in another way", arguments: SelectionCases.skips)
    func skips(_ sample: PlanCase) { check(sample) }

    private func check(_ sample: PlanCase) {
        #expect(Plan.actions(for: sample.situation).map(PlanCase.sketch) == sample.expected, "\(sample.name)")
    }

    @Test("An exclusion says why, before the push and after it")
    func reasons() throws {
        var situation = Samples.collecting()
        func reason() throws -> String {
            let receivable = try #require(situation.receivable)
            return situation.exclusion(of: receivable)?.reason ?? "none"
        }
        #expect(try reason() == "none")
        situation.receivable?.isWithDebtCollector = true
        #expect(try reason() == "it is with a debt collector")
        situation.receivable?.isWithDebtCollector = false
        situation.policy.selection.mode = .marked
        situation.receivable?.paymentMethod = "5"
        #expect(try reason() == "it is not marked for collection: its payment method is 5")
        situation.policy.startDate = Samples.date("2026-12-01")
        #expect(try reason() == "dated before the start date 2026-12-01")
    }

    @Test("A stored policy without the newer keys has their defaults, and sets are stored in a fixed order")
    func stored() throws {
        let bare = try JSONDecoder().decode(
            Policy.self,
            from: Data(
                """
                {"timeZone":"Europe/Oslo","startDate":"2026-01-01","selection":{"excludedBranches":["2"]},
                "invoice":{"numberPrefix":"N-"},"posting":{"cashAccounts":{"NOK":"1"},"paymentMethod":"5"}}
                """.utf8))
        var expected = Selection()
        expected.excludedBranches = ["2"]
        #expect(bare.selection == expected)
        var style = InvoiceStyle()
        style.numberPrefix = "N-"
        #expect(bare.invoice == style)
        var whole = Samples.policy()
        whole.selection.excludedCustomers = Set((1...30).map(String.init))
        whole.selection.minimumAmounts = ["NOK": Samples.ore(1)]
        whole.selection.skips = [.eInvoice]
        whole.invoice.dueDays = 14
        whole.invoice.vatTreatments = ["51": .reverseCharge]
        whole.customerRules = [.description, .metadata("f")]
        let text = String(decoding: try JSONEncoder().encode(whole), as: UTF8.self)
        #expect(try JSONDecoder().decode(Policy.self, from: Data(text.utf8)) == whole)
        let sorted = whole.selection.excludedCustomers.sorted().map { "\"\($0)\"" }.joined(separator: ",")
        #expect(text.contains("\"excludedCustomers\":[\(sorted)]"))
    }
}
