import Domain
import Foundation
import Testing

/// Random ledgers: whatever happens outside and whenever it is looked at, the books end right.
@Suite("Random ledgers")
struct LedgerTests {
    private static let sequences =
        ProcessInfo.processInfo.environment["MLC_SEQUENCES"].flatMap { UInt64($0) } ?? 100_000
    private static let firstSeed =
        ProcessInfo.processInfo.environment["MLC_SEED"].flatMap { UInt64($0) } ?? 20_261_122

    private static func findings(_ seed: UInt64) -> [String] {
        let history = History(seed: seed)
        let told = history.told(schedule: seed)
        let verdict = Verdict(told.ledger, isCalm: history.isCalm(told.answers))
        var findings = verdict.findings
        if seed % 6 == 0 {
            let again = history.told(schedule: seed ^ 0xABCD)
            if again.answers == told.answers, history.isComparable(told.answers),
                !told.ledger.stripe.charges.contains(where: { $0.status == "pending" })
            {
                let other = Verdict(again.ledger, isCalm: false)
                findings += other.findings
                if other.books != verdict.books {
                    findings.append("two tellings end in\n    \(verdict.books)\n    \(other.books)")
                }
            }
        }
        guard !findings.isEmpty else { return [] }
        let story = history.told(schedule: seed, withStory: true).story
        return ["seed \(seed)"] + findings + ["\(history.setting.summary)"] + story
    }

    @Test("Money is conserved and booked once, in any order of looks")
    func random() async {
        let failures = await withTaskGroup(of: [[String]].self) { group in
            let chunk: UInt64 = 1000
            for start in stride(from: 0, to: Self.sequences, by: Int(chunk)) {
                group.addTask {
                    var failures: [[String]] = []
                    for number in start..<min(start + chunk, Self.sequences) {
                        let findings = Self.findings(Self.firstSeed &+ number)
                        if !findings.isEmpty { failures.append(findings) }
                    }
                    return failures
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        for failure in failures.prefix(20) { Issue.record("\(failure.joined(separator: "\n"))") }
        #expect(failures.count == 0, "\(failures.count) of \(Self.sequences) sequences from seed \(Self.firstSeed)")
    }
}
