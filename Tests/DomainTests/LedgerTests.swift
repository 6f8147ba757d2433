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

    /// Sequences that were told twice, and those whose books were held against each other.
    private struct Count {
        var told = 0
        var compared = 0
        var paid = 0
    }

    private static func findings(_ seed: UInt64, _ count: inout Count) -> [String] {
        let history = History(seed: seed)
        let told = history.told(schedule: seed)
        let verdict = Verdict(told.ledger, isCalm: history.isCalm(told.answers))
        var findings = verdict.findings
        if told.ledger.stripe.charges.contains(where: { $0.status == "succeeded" }) { count.paid += 1 }
        if seed % 6 == 0 {
            count.told += 1
            let again = history.told(schedule: seed ^ 0xABCD)
            if again.answers == told.answers, history.isComparable(told.answers),
                !told.ledger.stripe.charges.contains(where: { $0.status == "pending" })
            {
                count.compared += 1
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
        let all: (failures: [[String]], count: Count) = await withTaskGroup(of: ([[String]], Count).self) { group in
            let chunk: UInt64 = 1000
            for start in stride(from: 0, to: Self.sequences, by: Int(chunk)) {
                group.addTask {
                    var failures: [[String]] = []
                    var count = Count()
                    for number in start..<min(start + chunk, Self.sequences) {
                        let findings = Self.findings(Self.firstSeed &+ number, &count)
                        if !findings.isEmpty { failures.append(findings) }
                    }
                    return (failures, count)
                }
            }
            return await group.reduce(into: ([[String]](), Count())) { all, one in
                all.0 += one.0
                all.1.told += one.1.told
                all.1.compared += one.1.compared
                all.1.paid += one.1.paid
            }
        }
        let (failures, count) = all
        for failure in failures.prefix(20) { Issue.record("\(failure.joined(separator: "\n"))") }
        #expect(failures.count == 0, "\(failures.count) of \(Self.sequences) sequences from seed \(Self.firstSeed)")
        // A generator that has come to make nothing worth comparing must not pass for a proof.
        guard Self.sequences >= 10_000 else { return }
        #expect(count.paid * 2 > Int(Self.sequences), "\(count)")
        #expect(count.compared * 4 > count.told, "\(count)")
    }
}
