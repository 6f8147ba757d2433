package import Domain
import Synchronization

/// A kind of call: the path with its identifiers taken out, so that there are few of them.
package struct CallKind: Hashable, Sendable, CustomStringConvertible {
    package var system: RemoteSystem
    package var method: String
    package var template: String

    package init(system: RemoteSystem, method: String, path: String) {
        self.system = system
        self.method = method
        template = Self.template(of: path, system: system)
    }

    package var description: String { "\(system) \(method) \(template)" }

    /// `/v1/customerinvoice/000224/attachment?x=1` becomes `/v1/customerinvoice/{id}/attachment`. Visma's identifiers
    /// follow the resource and may be any text; Stripe's hold a digit (`in_1Q…`), its verbs (`search`) do not.
    package static func template(of path: String, system: RemoteSystem) -> String {
        let bare = path.prefix { $0 != "?" }
        let parts = bare.split(separator: "/", omittingEmptySubsequences: true)
        let shown = parts.enumerated().map { index, part in
            guard index >= 2 else { return String(part) }
            let hasDigit = part.utf8.contains { (48...57).contains($0) }
            return hasDigit || (system == .visma && index == 2) ? "{id}" : String(part)
        }
        return "/" + shown.joined(separator: "/")
    }
}

/// Counts the calls that left, by system and kind: what a run reports as `stripe_calls` and `visma_calls`.
package final class CallCounter: Sendable {
    private let counts = Mutex<[CallKind: Int]>([:])
    private let observer: (@Sendable (CallKind) -> Void)?

    /// `observer` hears of each call too, for metrics.
    package init(observer: (@Sendable (CallKind) -> Void)? = nil) { self.observer = observer }

    package func record(_ kind: CallKind) {
        counts.withLock { $0[kind, default: 0] += 1 }
        observer?(kind)
    }

    package func total(_ system: RemoteSystem) -> Int {
        counts.withLock { $0.reduce(0) { sum, entry in entry.key.system == system ? sum + entry.value : sum } }
    }

    package var byKind: [CallKind: Int] { counts.withLock { $0 } }
}
