import CoreMetrics
import Testing
import Web

@Suite("Metrics as Prometheus reads them") struct PrometheusTests {
    @Test("Each kind is told in its form")
    func kinds() throws {
        let registry = PrometheusRegistry()
        Counter(label: "jobs.done", dimensions: [("b", "2"), ("a", "1")], factory: registry).increment(by: 3)
        Counter(label: "jobs.done", dimensions: [("a", "1"), ("b", "2")], factory: registry).increment()
        FloatingPointCounter(label: "work", factory: registry).increment(by: 1.5)
        Gauge(label: "level", factory: registry).record(7)
        Recorder(label: "size", factory: registry).record(2.5)
        Recorder(label: "size", factory: registry).record(4)
        Timer(label: "wait_seconds", factory: registry).recordMilliseconds(1500)
        let meter = Meter(label: "depth", factory: registry)
        meter.set(5)
        meter.decrement(by: 7)
        let text = registry.text()
        let series = try Scrape.parse(text)
        #expect(series[#"jobs_done{a="1",b="2"}"#] == 4)
        #expect(series["work"] == 1.5)
        #expect(series["level"] == 7)
        #expect(series["size_sum"] == 6.5)
        #expect(series["size_count"] == 2)
        #expect(series["wait_seconds_sum"] == 1.5)
        #expect(series["wait_seconds_count"] == 1)
        #expect(series["depth"] == -2)
        for type in ["jobs_done counter", "work counter", "level gauge", "size summary", "wait_seconds summary"] {
            #expect(text.contains("# TYPE \(type)\n"))
        }
    }

    @Test("Label values are escaped and cut")
    func labels() throws {
        let registry = PrometheusRegistry()
        let nasty = "a\"b\\c\nd"
        Counter(label: "x", dimensions: [("9 value", nasty)], factory: registry).increment()
        let long = String(repeating: "å", count: 500)
        Counter(label: "y", dimensions: [("v", long)], factory: registry).increment()
        let series = try Scrape.parse(registry.text())
        #expect(series[#"x{_9_value="a\"b\\c\nd"}"#] == 1)
        let kept = String(repeating: "å", count: WebLimits.metricLabelBytesMax / 2)
        #expect(series["y{v=\"\(kept)\"}"] == 1)
    }

    @Test("Series beyond the cap are counted as refused and not kept")
    func caps() throws {
        let registry = PrometheusRegistry(seriesMax: 3, namesMax: 4)
        for index in 0..<10 {
            Counter(label: "flood", dimensions: [("value", "\(index)")], factory: registry).increment()
        }
        let series = try Scrape.parse(registry.text())
        #expect(series.keys.filter { $0.hasPrefix("flood{") }.count == 3)
        #expect(series[#"mlc_metrics_series_refused_total{metric="flood"}"#] == 7)
        for index in 0..<50 { Counter(label: "name\(index)", factory: registry).increment() }
        let names = try Scrape.parse(registry.text())
        // Four names, the refusals of at most four and of all others together.
        #expect(names.count <= 3 + 3 + 4 + 1)
        #expect(names[#"mlc_metrics_series_refused_total{metric="other"}"#] ?? 0 > 0)
    }

    @Test("A name belongs to one kind")
    func oneKind() throws {
        let registry = PrometheusRegistry()
        Counter(label: "thing", factory: registry).increment()
        Gauge(label: "thing", factory: registry).record(99)
        let samples = [
            MetricSample("thing", value: 99), MetricSample("free", value: 1), MetricSample("free", value: 2),
        ]
        let series = try Scrape.parse(registry.text(with: samples))
        #expect(series["thing"] == 1)
        #expect(series["free"] == 1)
        #expect(series[#"mlc_metrics_series_refused_total{metric="thing"}"#] == 2)
        #expect(series[#"mlc_metrics_series_refused_total{metric="free"}"#] == 1)
    }

    @Test("A counter never falls and stops at the top")
    func monotone() throws {
        let registry = PrometheusRegistry()
        let counter = Counter(label: "c", factory: registry)
        counter.increment(by: 5)
        counter.increment(by: -3)
        #expect(try Scrape.parse(registry.text())["c"] == 5)
        counter.increment(by: Int64.max)
        counter.increment(by: Int64.max)
        #expect(registry.text().contains("c \(Int64.max)\n"))
    }

    @Test("A destroyed series is told no more; numbers that are none are spelled out")
    func odd() throws {
        let registry = PrometheusRegistry()
        let counter = Counter(label: "c", factory: registry)
        counter.increment()
        counter.destroy()
        #expect(registry.text().isEmpty)
        let samples = [
            MetricSample("a", value: .infinity), MetricSample("b", value: -.infinity), MetricSample("c", value: .nan),
            MetricSample("d", value: 1e300),
        ]
        #expect(
            registry.text(with: samples)
                == "# TYPE a gauge\na +Inf\n# TYPE b gauge\nb -Inf\n# TYPE c gauge\nc NaN\n# TYPE d gauge\nd 1e+300\n")
    }
}
