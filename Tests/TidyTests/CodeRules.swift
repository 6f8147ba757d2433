/// What must not stand in the code, and where it may.
enum CodeRules {
    /// A text that is banned outside some places, or needs a word beside it.
    private static func findings<Output>(
        _ files: [SourceFile], of pattern: Regex<Output>, _ what: String, where isApplied: (SourceFile) -> Bool,
        in lines: (SwiftText) -> [String] = { $0.code }, unless isExcused: (SourceFile, Int) -> Bool = { _, _ in false }
    ) -> [Finding] {
        // By letters and digits alone: by Unicode's rule there is no boundary inside `a.b`.
        let boundaries = pattern.wordBoundaryKind(.simple)
        return files.filter(isApplied).flatMap { file in
            (file.swift.map(lines) ?? []).enumerated().compactMap { index, line in
                guard line.contains(boundaries), !isExcused(file, index) else { return nil }
                return Finding(file.path, index + 1, what)
            }
        }
    }

    /// Time and ids come in through `init`; only the composition root makes them. Tests may name their scratch
    /// folders by a UUID, but the simulation may not.
    static func timeAndIDs(_ files: [SourceFile]) -> [Finding] {
        findings(
            files, of: /\b(Date|UUID)\(\)|\bDate\.now\b|\bDate\(timeIntervalSinceNow/,
            "time and ids come in through init",
            where: { file in
                (file.isSource && file.room != "ml-connector")
                    || file.isUnder(["Tests/Simulation/", "Tests/Simulate/"])
            })
    }

    /// A seed reproduces a run: in tests, too.
    static func randomness(_ files: [SourceFile]) -> [Finding] {
        findings(
            files, of: /\.random\(|\brandomElement\(|\.shuffled\(\)|\.shuffle\(\)|\bSystemRandomNumberGenerator\b/,
            "randomness comes in through init", where: { $0.room != "ml-connector" })
    }

    static func forced(_ files: [SourceFile]) -> [Finding] {
        findings(files, of: /\btry!|\bfatalError\(|\bas!/, "fails without an answer", where: { _ in true })
    }

    static func bareTasks(_ files: [SourceFile]) -> [Finding] {
        findings(
            files, of: /\bTask\s*(<[^>]*>)?\s*(\(priority[^)]*\)\s*)?\{|\bTask\.detached\b/,
            "a task without a parent: use a task group or a Service", where: { _ in true })
    }

    static func printing(_ files: [SourceFile]) -> [Finding] {
        findings(
            files, of: /(^|[^\w.])(print|debugPrint|dump|NSLog)\((?!.*\bto: &)/, "only the commands print",
            where: { !$0.isUnder(["Sources/ml-connector/", "Tests/Simulate/"]) })
    }

    static func statements(_ files: [SourceFile]) -> [Finding] {
        findings(
            files,
            of:
                /\b(SELECT|INSERT INTO|DELETE FROM|UPDATE \w+ SET|CREATE TABLE|CREATE INDEX|PRAGMA) \w/,
            "SQL is said in Storage only", where: { $0.isSource && $0.room != "Storage" },
            in: { $0.withoutComments })
    }

    static func unsafety(_ files: [SourceFile]) -> [Finding] {
        findings(
            files, of: /@unchecked\b|\bnonisolated\(unsafe\)/, "needs a SAFETY: comment on one of the two lines above",
            where: { _ in true },
            unless: { file, index in
                file.lines[max(0, index - 2)...index].contains { $0.contains("// SAFETY: ") }
            })
    }

    /// The widest access is `package`: nothing here is a library for others.
    static func access(_ files: [SourceFile]) -> [Finding] {
        findings(
            files, of: /^\s*(@\w+\s+)*(public|open)\s/, "the widest access is package", where: { $0.isSource })
    }

    /// No money in binary floating point. What may use it is not money, and is named here with its reason.
    static let floatingPoint: [String: String] = [:]

    static func doubles(_ files: [SourceFile], allowed: [String: String] = floatingPoint) -> [Finding] {
        findings(
            files, of: /\b(Double|Float)\(|(:|->|\bas[?!]?) ?(Double|Float)\b|<(Double|Float)>/,
            "no binary floating point",
            where: { $0.isSource && allowed[$0.path] == nil })
    }

    /// Files in which an error may be dropped beyond the reading of unknown shapes, and why.
    static let swallowing: [String: String] = [
        "Sources/Domain/PushPlan.swift":
            "the draft is deleted, and the push from the start then says why the lines are refused"
    ]

    private static let readings = [
        "decode(", "decodeIfPresent(", "container(", "ontainer(keyedBy", "jsonObject(", ".text(", ".list(", ".object(",
        "(from: ", ".get()", "Task.sleep",
    ]

    /// `try?` hides a failure. Trying to read a value as this or that is no failure; all else is named above or says
    /// in a comment `DROPPED:` on one of the two lines above why nobody needs to know.
    static func swallowed(_ files: [SourceFile], allowed: [String: String] = swallowing) -> [Finding] {
        return findings(
            files, of: /\btry\?/, "hides an error", where: { $0.isSource && allowed[$0.path] == nil },
            unless: { file, index in
                guard let code = file.swift?.code[index] else { return false }
                return readings.contains { code.contains($0) }
                    || file.lines[max(0, index - 2)...index].contains { $0.contains("// DROPPED: ") }
            })
    }

    static func sleeping(_ files: [SourceFile]) -> [Finding] {
        findings(
            files, of: /\bTask\.sleep\b|\busleep\(|(^|[^\w.])sleep\(|\bThread\.sleep\b/,
            "tests wait on signals, never sleep", where: { $0.isTest })
    }
}
