import Foundation
import Testing

@testable import Domain

@Suite("The names of outside writes")
struct StepTests {
    private static let source = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Sources/Domain/Plan.swift")

    /// The proofs that strike every write take them from this list: one that is not on it would never be struck.
    @Test("Every step that is declared is on the list, once")
    func complete() throws {
        let text = try String(contentsOf: Self.source, encoding: .utf8)
        let declared = text.matches(of: /package static let [a-zA-Z]+ = "([a-z_.]+)"/).map { String($0.1) }
        #expect(declared.count > 20)
        #expect(declared.sorted() == Step.all.sorted())
        #expect(Set(Step.all).count == Step.all.count)
    }
}
