import ArgumentParser
import Foundation

/// How a command answers: tables for people, or one JSON value for programs.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table, json
}

struct OutputOptions: ParsableArguments {
    @Option(name: .long, help: "table for people, json for programs.")
    var output: OutputFormat = .table
}

/// What a command has to say, said once for both formats. Field names are stable and in snake case.
indirect enum Value: Sendable {
    case none
    case text(String)
    case whole(Int64)
    case flag(Bool)
    /// JSON text as the database keeps it.
    case json(String)
    case list([Value])
    case record(Record)

    init(_ text: String?) { self = text.map { .text($0) } ?? .none }
    init(_ number: Int) { self = .whole(Int64(number)) }
    init(_ number: Int64?) { self = number.map { .whole($0) } ?? .none }
    init(_ records: [Record]) { self = .list(records.map { .record($0) }) }
    init(texts: [String]) { self = .list(texts.map { .text($0) }) }
}

/// Named values in a fixed order.
struct Record: ExpressibleByDictionaryLiteral, Sendable {
    var fields: [(name: String, value: Value)]

    init(_ fields: [(name: String, value: Value)]) { self.fields = fields }

    init(dictionaryLiteral elements: (String, Value)...) { fields = elements.map { (name: $0.0, value: $0.1) } }

    subscript(name: String) -> Value { fields.first { $0.name == name }?.value ?? .none }
}

/// The one writer to standard output and standard error.
enum Terminal {
    static func out(_ text: String) { write(text, STDOUT_FILENO) }
    static func error(_ text: String) { write(text, STDERR_FILENO) }

    /// A line that the next one overwrites; nothing where standard error is no terminal.
    static func transient(_ text: String) {
        guard isatty(STDERR_FILENO) == 1 else { return }
        write("\r\u{1B}[2K" + text + "\r", STDERR_FILENO, lineEnd: "")
    }

    /// Writes whole lines, past partial writes and interruptions; a reader that went away ends the writing.
    static func write(_ text: String, _ descriptor: Int32, lineEnd: String = "\n") {
        var bytes = Array((text + lineEnd).utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes = bytes.dropFirst(count)
            } else if errno != EINTR {
                return
            }
        }
    }
}

extension OutputOptions {
    /// Shows one thing: as `name  value` lines, lists of records as tables of their own below.
    func show(_ record: Record) {
        switch output {
        case .json: Terminal.out(JSONWriter.text(.record(record)))
        case .table: Terminal.out(TableWriter.details(record))
        }
    }

    /// Shows a list: `columns` of each record as a table; all fields in JSON, under `noun`. `next` is where the next
    /// page begins.
    func show(_ records: [Record], as noun: String, columns: [String], next: String? = nil) {
        switch output {
        case .json:
            Terminal.out(
                JSONWriter.text(.record([noun: Value(records), "next": Value(next)])))
        case .table:
            guard !records.isEmpty else { return Terminal.out("no \(noun.replacing("_", with: " "))") }
            Terminal.out(TableWriter.table(records, columns: columns))
            if let next { Terminal.out("more follow: add --after '\(next)'") }
        }
    }

    /// A remark for people only.
    func remark(_ text: String) {
        if output == .table { Terminal.out(text) }
    }
}

/// JSON in one line, fields in the order given.
enum JSONWriter {
    static func text(_ value: Value) -> String {
        switch value {
        case .none: "null"
        case .text(let text): quoted(text)
        case .whole(let number): String(number)
        case .flag(let flag): flag ? "true" : "false"
        case .json(let text): text
        case .list(let values): "[" + values.map(text).joined(separator: ",") + "]"
        case .record(let record):
            "{" + record.fields.map { quoted($0.name) + ":" + text($0.value) }.joined(separator: ",") + "}"
        }
    }

    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20:
                let hexadecimal = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

/// Aligned text. What comes from outside is put on one line, so that it cannot draw a line of its own.
enum TableWriter {
    /// A table's cell is cut after this many characters; JSON has all of it.
    static let cellCharactersMax = 72

    static func table(_ records: [Record], columns: [String]) -> String {
        let heads = columns.map { $0.replacing("_", with: " ").uppercased() }
        let rows = records.map { record in columns.map { short(cell(record[$0])) } }
        let widths = columns.indices.map { index in
            rows.reduce(heads[index].count) { max($0, $1[index].count) }
        }
        let areNumbers = columns.map { column in
            records.allSatisfy { record in
                if case .whole = record[column] { true } else { false }
            }
        }
        return ([heads] + rows).map { row in
            row.indices.map { index in
                let space = String(repeating: " ", count: widths[index] - row[index].count)
                return areNumbers[index] ? space + row[index] : row[index] + space
            }.joined(separator: "  ").replacing(/\ +$/, with: "")
        }.joined(separator: "\n")
    }

    static func details(_ record: Record) -> String {
        var plain: [(name: String, text: String)] = []
        var below: [String] = []
        for (name, value) in record.fields {
            let title = name.replacing("_", with: " ")
            switch value {
            case .list(let values) where !values.isEmpty && records(values).count == values.count:
                let columns = records(values)[0].fields.map(\.name)
                below.append("\n\(title.uppercased())\n" + table(records(values), columns: columns))
            case .record(let inner):
                below.append("\n\(title.uppercased())\n" + details(inner))
            default: plain.append((title, cell(value)))
            }
        }
        let width = plain.reduce(0) { max($0, $1.name.count) }
        let lines = plain.map { $0.name + String(repeating: " ", count: width - $0.name.count + 2) + $0.text }
        return (lines + below).joined(separator: "\n")
    }

    private static func records(_ values: [Value]) -> [Record] {
        values.compactMap { if case .record(let record) = $0 { record } else { nil } }
    }

    private static func cell(_ value: Value) -> String {
        switch value {
        case .none: "-"
        case .text(let text): oneLine(text)
        case .whole(let number): String(number)
        case .flag(let flag): flag ? "yes" : "no"
        case .json(let text): oneLine(text)
        case .list(let values): values.isEmpty ? "none" : values.map(cell).joined(separator: ", ")
        case .record(let record): record.fields.map { "\($0.name) \(cell($0.value))" }.joined(separator: ", ")
        }
    }

    private static func short(_ text: String) -> String {
        text.count <= cellCharactersMax ? text : text.prefix(cellCharactersMax - 1) + "…"
    }

    static func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline || ($0.asciiValue ?? 32) < 32 ? " " : $0 })
    }
}
