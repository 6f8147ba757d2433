/// Sizes and names, and what does not belong in the repository at all.
enum FormRules {
    static let fileLinesMax = 400
    static let functionLinesMax = 70
    static let lineCharactersMax = 120

    static func fileLength(_ files: [SourceFile]) -> [Finding] {
        files.filter { $0.swift != nil }.compactMap { file in
            let count = file.lines.count - (file.text.hasSuffix("\n") ? 1 : 0)
            return count > fileLinesMax ? Finding(file.path, 0, "\(count) lines") : nil
        }
    }

    static func lineLength(_ files: [SourceFile]) -> [Finding] {
        files.filter { $0.swift != nil || $0.path.hasSuffix(".sql") }.flatMap { file in
            file.lines.enumerated().filter { $0.element.count > lineCharactersMax }
                .map { Finding(file.path, $0.offset + 1, "\($0.element.count) characters") }
        }
    }

    private static let declarations = ["func ", "init", "deinit", "subscript"]

    static func functionLength(_ files: [SourceFile]) -> [Finding] {
        files.flatMap { file -> [Finding] in
            let lines = (file.swift?.code ?? []).map { Array($0.utf8) }
            return (file.swift?.code ?? []).indices.compactMap { start in
                // Looked at without a pattern first, as most lines declare nothing.
                let line = file.swift?.code[start] ?? ""
                guard declarations.contains(where: { line.contains($0) }),
                    let end = endOfFunction(beginningAt: start, line, lines)
                else {
                    return nil
                }
                let count = end - start + 1
                return count > functionLinesMax ? Finding(file.path, start + 1, "a function of \(count) lines") : nil
            }
        }
    }

    /// The line of the brace that closes the function declared in `first`; nil when it declares none or has no body.
    private static func endOfFunction(beginningAt start: Int, _ first: String, _ lines: [[UInt8]]) -> Int? {
        guard first.contains(/(^|\s)(func\s|init[?!]?[(<]|deinit\b|subscript[(<])/) else { return nil }
        var (parentheses, braces) = (0, 0)
        for index in start..<lines.count {
            let text = String(decoding: lines[index], as: UTF8.self)
            // A requirement of a protocol ends where the next declaration begins.
            if index > start, braces == 0, parentheses == 0,
                text.contains(/^\s*(@\w+ |\w+ )*(func|var|let|init|case)[ (<]/)
            {
                return nil
            }
            for byte in lines[index] {
                switch byte {
                case UInt8(ascii: "("), UInt8(ascii: "["): parentheses += 1
                case UInt8(ascii: ")"), UInt8(ascii: "]"): parentheses -= 1
                case UInt8(ascii: "{") where parentheses == 0 || braces > 0: braces += 1
                case UInt8(ascii: "}") where parentheses == 0 || braces > 0:
                    braces -= 1
                    if braces == 0 { return index }
                    if braces < 0 { return nil }
                default: break
                }
            }
        }
        return nil
    }

    /// A drawer for everything is a room for nothing.
    static func drawers(_ files: [SourceFile]) -> [Finding] {
        let names: Set<String> = ["shared", "utils", "util", "utilities", "common", "helpers", "misc"]
        return files.filter { file in
            file.path.lowercased().split(separator: "/").contains { part in
                names.contains(String(part.split(separator: ".").first ?? part))
            }
        }.map { Finding($0.path, 0, "a drawer: name it by what it holds") }
    }

    /// Work left undone belongs in an issue. The words are put together here, so that this file is not found.
    static func leftovers(_ files: [SourceFile]) -> [Finding] {
        let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK:"]
        return files.filter { file in words.contains { file.text.contains($0) } }.flatMap { file in
            file.lines.enumerated().filter { line in words.contains { line.element.contains($0) } }
                .map { Finding(file.path, $0.offset + 1, "left undone") }
        }
    }

    /// Nothing tells of the machine or the people that it was written on.
    static func workplace(_ files: [SourceFile]) -> [Finding] {
        let words = [
            "/wo" + "rk/", "/tmp" + "/wt", "assis" + "tant", "session" + " with", "language" + " model", "/ro" + "ot/",
        ]
        return files.filter { file in words.contains { file.text.lowercased().contains($0) } }.flatMap { file in
            file.lines.enumerated().compactMap { index, line in
                let lower = line.lowercased()
                return words.first { lower.contains($0) }.map { Finding(file.path, index + 1, "says '\($0)'") }
            }
        }
    }

    /// `NNNN_name.engine.sql`, numbered from 0001 without a gap per engine, each one embedded by Package.swift.
    static func migrations(_ files: [SourceFile]) -> [Finding] {
        let manifest = files.first { $0.path == "Package.swift" }?.text ?? ""
        var findings: [Finding] = []
        var numbers: [String: [Int]] = [:]
        for file in files where file.path.hasPrefix("migrations/") && !file.path.hasSuffix(".swift") {
            let name = file.path.dropFirst("migrations/".count)
            guard let parts = name.wholeMatch(of: /(\d{4})_[a-z][a-z0-9_]*\.(sqlite|postgres)\.sql/)?.output else {
                findings.append(Finding(file.path, 0, "is not named NNNN_name.engine.sql"))
                continue
            }
            numbers[String(parts.2), default: []].append(Int(parts.1) ?? 0)
            if !manifest.contains("\"\(name)\"") { findings.append(Finding(file.path, 0, "is not in Package.swift")) }
        }
        for (engine, found) in numbers where found.sorted() != Array(1...found.count) {
            findings.append(Finding("migrations/", 0, "\(engine) is numbered \(found.sorted())"))
        }
        return findings
    }
}
