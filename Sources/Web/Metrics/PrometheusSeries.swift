import CoreMetrics
import Synchronization

/// What a metric is, for swift-metrics and for Prometheus.
enum MetricKind: Hashable, Sendable {
    case counter, floatingCounter, gauge, distribution, timer

    /// The word of a scrape's TYPE line.
    var word: String {
        switch self {
        case .counter, .floatingCounter: "counter"
        case .gauge: "gauge"
        case .distribution, .timer: "summary"
        }
    }
}

/// One metric with one set of labels.
final class PrometheusSeries: Sendable {
    private struct Figures {
        var count: Int64 = 0
        /// A counter's value, or a timer's nanoseconds.
        var whole: Int64 = 0
        var real: Double = 0
    }

    let name: String
    let labels: String
    let kind: MetricKind
    private let figures = Mutex(Figures())

    init(name: String, labels: String, kind: MetricKind) {
        self.name = name
        self.labels = labels
        self.kind = kind
    }

    /// The series' lines of a scrape.
    func lines() -> [String] {
        let figures = figures.withLock { $0 }
        switch kind {
        case .counter: return ["\(name)\(labels) \(figures.whole)"]
        case .floatingCounter, .gauge: return ["\(name)\(labels) \(PrometheusText.number(figures.real))"]
        case .distribution:
            return [
                "\(name)_sum\(labels) \(PrometheusText.number(figures.real))",
                "\(name)_count\(labels) \(figures.count)",
            ]
        case .timer:
            return [
                "\(name)_sum\(labels) \(PrometheusText.number(Double(figures.whole) / 1_000_000_000))",
                "\(name)_count\(labels) \(figures.count)",
            ]
        }
    }

    private func add(whole amount: Int64) {
        // A counter never falls: Prometheus would take it for a restart. It stays at the top instead of trapping.
        guard amount >= 0 else { return }
        figures.withLock {
            let (sum, overflow) = $0.whole.addingReportingOverflow(amount)
            $0.whole = overflow ? .max : sum
            $0.count &+= 1
        }
    }

    private func add(real amount: Double) {
        figures.withLock {
            $0.real += amount
            $0.count &+= 1
        }
    }

    private func put(real value: Double) { figures.withLock { $0.real = value } }
}

extension PrometheusSeries: CounterHandler {
    func increment(by amount: Int64) { add(whole: amount) }
    func reset() { figures.withLock { $0 = Figures() } }
}

extension PrometheusSeries: FloatingPointCounterHandler, MeterHandler {
    func set(_ value: Int64) { put(real: Double(value)) }
    func set(_ value: Double) { put(real: value) }

    func increment(by amount: Double) {
        guard amount.isFinite, kind == .gauge || amount >= 0 else { return }
        add(real: amount)
    }

    func decrement(by amount: Double) {
        guard amount.isFinite else { return }
        add(real: -amount)
    }
}

extension PrometheusSeries: RecorderHandler {
    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) {
        if kind == .gauge { put(real: value) } else { add(real: value) }
    }
}

extension PrometheusSeries: TimerHandler {
    func recordNanoseconds(_ duration: Int64) { add(whole: max(0, duration)) }
}
