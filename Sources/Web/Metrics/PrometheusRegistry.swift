package import CoreMetrics
import Synchronization

/// Keeps what swift-metrics is told, as text for Prometheus (format 0.0.4). Recorders and timers become summaries of
/// count and sum, timers in seconds. Names and label sets are capped (`WebLimits`): what does not fit is counted in
/// `mlc_metrics_series_refused_total` and kept nowhere, so that no outside value can fill the memory.
package final class PrometheusRegistry: MetricsFactory {
    private struct Family {
        var kind: MetricKind
        /// By the labels' text.
        var series: [String: PrometheusSeries] = [:]
    }

    private struct Content {
        var families: [String: Family] = [:]
        var refused: [String: Int64] = [:]
    }

    private let seriesMax: Int
    private let namesMax: Int
    private let content = Mutex(Content())

    package init(seriesMax: Int = WebLimits.metricSeriesMax, namesMax: Int = WebLimits.metricNamesMax) {
        self.seriesMax = seriesMax
        self.namesMax = namesMax
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, .counter)
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, dimensions, .floatingCounter)
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, .gauge)
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        series(label, dimensions, aggregate ? .distribution : .gauge)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, .timer)
    }

    package func destroyCounter(_ handler: any CounterHandler) { forget(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { forget(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { forget(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { forget(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { forget(handler) }

    /// Everything kept, and `samples` as gauges, in the order of names. A sample whose name or label set is taken
    /// already is left out and counted as refused.
    package func text(with samples: [MetricSample] = []) -> String {
        content.withLock { content in
            var lines: [String: [String]] = [:]
            var words: [String: String] = [:]
            for (name, family) in content.families {
                words[name] = family.kind.word
                lines[name] = family.series.sorted { $0.key < $1.key }.flatMap { $0.value.lines() }
            }
            append(samples, to: &lines, &words, &content)
            if !content.refused.isEmpty {
                words[MetricName.seriesRefused] = "counter"
                lines[MetricName.seriesRefused] = content.refused.sorted { $0.key < $1.key }.map {
                    "\(MetricName.seriesRefused)\(PrometheusText.labels([("metric", $0.key)])) \($0.value)"
                }
            }
            var text = ""
            for (name, word) in words.sorted(by: { $0.key < $1.key }) {
                if let help = MetricName.help[name] { text += "# HELP \(name) \(PrometheusText.help(help))\n" }
                text += "# TYPE \(name) \(word)\n"
                for line in lines[name] ?? [] { text += line + "\n" }
            }
            return text
        }
    }

    private func append(
        _ samples: [MetricSample], to lines: inout [String: [String]], _ words: inout [String: String],
        _ content: inout Content
    ) {
        var seen: [String: Set<String>] = [:]
        for sample in samples {
            let name = PrometheusText.name(sample.name)
            let labels = PrometheusText.labels(sample.labels)
            let isFree = content.families[name] == nil && name != MetricName.seriesRefused
            let hasRoom = (seen[name]?.count ?? 0) < seriesMax && (seen[name] != nil || words.count < namesMax)
            guard isFree, hasRoom, seen[name, default: []].insert(labels).inserted else {
                refuse(name, &content)
                continue
            }
            words[name] = "gauge"
            lines[name, default: []].append("\(name)\(labels) \(PrometheusText.number(sample.value))")
        }
    }

    private func series(_ label: String, _ dimensions: [(String, String)], _ kind: MetricKind) -> PrometheusSeries {
        let name = PrometheusText.name(label)
        let labels = PrometheusText.labels(dimensions.map { (name: $0.0, value: $0.1) })
        return content.withLock { content in
            var family = content.families[name]
            if let known = family?.series[labels], known.kind == kind { return known }
            let fresh = PrometheusSeries(name: name, labels: labels, kind: kind)
            if family == nil, content.families.count < namesMax, name != MetricName.seriesRefused {
                family = Family(kind: kind)
            }
            guard var family, family.kind == kind, family.series.count < seriesMax else {
                refuse(name, &content)
                // It counts for nobody: the caller need not know.
                return fresh
            }
            family.series[labels] = fresh
            content.families[name] = family
            return fresh
        }
    }

    private func refuse(_ name: String, _ content: inout Content) {
        let key = content.refused[name] != nil || content.refused.count < namesMax ? name : "other"
        content.refused[key, default: 0] += 1
    }

    private func forget(_ handler: AnyObject) {
        guard let series = handler as? PrometheusSeries else { return }
        content.withLock { content in
            guard content.families[series.name]?.series[series.labels] === series else { return }
            content.families[series.name]?.series[series.labels] = nil
            if content.families[series.name]?.series.isEmpty == true { content.families[series.name] = nil }
        }
    }
}
