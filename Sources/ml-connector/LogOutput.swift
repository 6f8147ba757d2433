import Domain
import Foundation
import Logging
import Outbound
import Synchronization

enum LogFormat: String, CaseIterable, Sendable {
    case text, json
}

/// All logs of the process, on standard error, with every message and metadata value redacted.
struct LogOutput: LogHandler {
    private static let isStarted = Mutex(false)

    let label: String
    private let format: LogFormat
    private let redaction: Redaction
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]

    init(label: String, format: LogFormat, level: Logger.Level, redaction: Redaction) {
        self.label = label
        self.format = format
        self.redaction = redaction
        logLevel = level
    }

    /// Also what libraries log goes here. Only the first call of a process has an effect, as swift-log allows one.
    static func start(format: LogFormat, level: Logger.Level, redaction: Redaction) {
        let isFirst = isStarted.withLock { started in
            defer { started = true }
            return !started
        }
        guard isFirst else { return }
        LoggingSystem.bootstrap { LogOutput(label: $0, format: format, level: level, redaction: redaction) }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let own = event.metadata { all.merge(own) { $1 } }
        if let error = event.error { all["error"] = "\(error)" }
        let fields = all.sorted { $0.key < $1.key }.map { (name: $0.key, value: redaction.redact("\($0.value)")) }
        let message = redaction.redact(event.message.description)
        Terminal.error(line(event.level, message, fields))
    }

    private func line(
        _ level: Logger.Level, _ message: String, _ fields: [(name: String, value: String)]
    ) -> String {
        let time = SystemSource.now().description
        switch format {
        case .json:
            var record: Record = [
                "time": .text(time), "level": .text(level.rawValue), "logger": .text(label), "message": .text(message),
            ]
            record.fields += fields.map { (name: $0.name, value: .text($0.value)) }
            return JSONWriter.text(.record(record))
        case .text:
            let tail = fields.map { " \($0.name)=\(JSONWriter.quoted($0.value))" }.joined()
            return "\(time) \(level.rawValue) \(label): "
                + message.split(whereSeparator: \.isNewline).joined(separator: " ")
                + tail
        }
    }
}
