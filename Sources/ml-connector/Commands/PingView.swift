import Storage
import Sync

/// Pings as they are shown.
enum PingView {
    static func step(_ step: Ping.Step) -> Record {
        [
            "name": .text(step.name), "outcome": .text(step.outcome.rawValue), "seen": .text(step.seen),
            "remedy": Value(step.remedy),
        ]
    }

    /// Those that a person has something to do about.
    static func notable(_ steps: [Ping.Step]) -> [Ping.Step] {
        steps.filter { $0.outcome == .failed || $0.outcome == .warned }
    }

    /// Of all steps in one word; nil is a company that lacks a credential.
    static func outcome(_ steps: [Ping.Step]?) -> String {
        guard let steps else { return "waits for the other credentials" }
        let outcomes: [Ping.Step.Outcome] = [.failed, .warned]
        return (outcomes.first { outcome in steps.contains { $0.outcome == outcome } } ?? .passed).rawValue
    }

    static func past(_ ping: PingRecord) throws -> Record {
        let steps = try Ping.steps(of: ping)
        func names(_ outcome: Ping.Step.Outcome) -> Value {
            .text(steps.filter { $0.outcome == outcome }.map(\.name).joined(separator: ", "))
        }
        return [
            "at": Value(ping.at), "outcome": .text(ping.outcome.rawValue), "failed": names(.failed),
            "warned": names(.warned), "steps": .json(ping.steps),
        ]
    }
}
