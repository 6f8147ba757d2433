/// One line of a scrape that is computed when it is asked for.
package struct MetricSample: Sendable {
    package var name: String
    package var labels: [(name: String, value: String)]
    package var value: Double

    package init(_ name: String, labels: [(name: String, value: String)] = [], value: Double) {
        self.name = name
        self.labels = labels
        self.value = value
    }
}

/// The words of Prometheus' text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).
enum PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Letters, digits and underscores, not beginning with a digit; whatever else stands in a name becomes `_`, so
    /// that the dotted names of libraries are told too.
    static func name(_ text: String) -> String {
        var bytes = text.utf8.map { byte -> UInt8 in
            let allowed =
                (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte) || byte == 95
            return allowed ? byte : 95
        }
        if bytes.first.map({ (48...57).contains($0) }) ?? true { bytes.insert(95, at: 0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `{a="b",c="d"}`, sorted by name, or nothing. It is the identity of a series as well.
    static func labels(_ labels: [(name: String, value: String)]) -> String {
        guard !labels.isEmpty else { return "" }
        var values: [String: String] = [:]
        for label in labels { values[name(label.name)] = shortened(label.value) }
        let pairs = values.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(escaped($0.value))\"" }
        return "{\(pairs.joined(separator: ","))}"
    }

    static func escaped(_ value: String) -> String {
        var text = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(character)
            }
        }
        return text
    }

    /// In a help line a quotation mark stands for itself.
    static func help(_ text: String) -> String {
        text.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
            .split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\\n")
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value) { return String(whole) }
        return String(value)
    }

    /// Cut at a whole character.
    private static func shortened(_ value: String) -> String {
        guard value.utf8.count > WebLimits.metricLabelBytesMax else { return value }
        var text = ""
        var bytes = 0
        for character in value {
            bytes += character.utf8.count
            guard bytes <= WebLimits.metricLabelBytesMax else { break }
            text.append(character)
        }
        return text
    }
}
