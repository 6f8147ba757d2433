/// What must not stand in the code, and where it may.
enum CodeRules {
    /// A text that is banned outside some places, or needs a word beside it. One of `hints` stands in every text that
    /// the pattern fits: most files have none and are not searched, which is what makes these tests quick.
    private static func findings<Output>(
        _ files: [SourceFile], of pattern: Regex<Output>, with hints: [String], _ what: String,
        where isApplied: (SourceFile) -> Bool,
        in lines: (SwiftText) -> [String] = { $0.code }, unless isExcused: (SourceFile, Int) -> Bool = { _, _ in false }
    ) -> [Finding] {
        // By letters and digits alone: by Unicode's rule there is no boundary inside `a.b`.
        let boundaries = pattern.wordBoundaryKind(.simple)
        let suspects = files.filter { file in isApplied(file) && hints.contains { file.text.contains($0) } }
        return suspects.flatMap { file in
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
            files, of: /\b(Date|UUID)\(\)|\bDate\.now\b|\bDate\(timeIntervalSinceNow/, with: ["Date", "UUID"],
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
            with: ["andom", ".shuffle"],
            "randomness comes in through init", where: { $0.room != "ml-connector" })
    }

    static func forced(_ files: [SourceFile]) -> [Finding] {
        findings(
            files, of: /\btry!|\bfatalError\(|\bas!/, with: ["try!", "fatalError", "as!"], "fails without an answer",
            where: { _ in true })
    }

    static func bareTasks(_ files: [SourceFile]) -> [Finding] {
        findings(
            files, of: /\bTask\s*(<[^>]*>)?\s*(\(priority[^)]*\)\s*)?\{|\bTask\.detached\b/, with: ["Task"],
            "a task without a parent: use a task group or a Service", where: { _ in true })
    }

    static func printing(_ files: [SourceFile]) -> [Finding] {
        findings(
            files, of: /(^|[^\w.])(print|debugPrint|dump|NSLog)\((?!.*\bto: &)/,
            with: ["print(", "Print(", "dump(", "NSLog("], "only the commands print",
            where: { !$0.isUnder(["Sources/ml-connector/", "Tests/Simulate/", "Benchmarks/"]) })
    }

    static func statements(_ files: [SourceFile]) -> [Finding] {
        findings(
            files,
            of: /\b(SELECT|INSERT INTO|DELETE FROM|UPDATE \w+ SET|CREATE TABLE|CREATE INDEX|PRAGMA) \w/,
            with: ["SELECT ", "INSERT ", "DELETE ", "UPDATE ", "CREATE ", "PRAGMA "],
            "SQL is said in Storage only", where: { $0.isSource && $0.room != "Storage" },
            in: { $0.withoutComments })
    }

    static func unsafety(_ files: [SourceFile]) -> [Finding] {
        findings(
            files, of: /@unchecked\b|\bnonisolated\(unsafe\)/, with: ["@unchecked", "nonisolated(unsafe)"],
            "needs a SAFETY: comment on one of the two lines above",
            where: { _ in true },
            unless: { file, index in
                file.lines[max(0, index - 2)...index].contains { $0.contains("// SAFETY: ") }
            })
    }

    /// The widest access is `package`: nothing here is a library for others.
    static func access(_ files: [SourceFile]) -> [Finding] {
        findings(
            files, of: /^\s*(@\w+\s+)*(public|open)\s/, with: ["public", "open"], "the widest access is package",
            where: { $0.isSource })
    }

    /// No money in binary floating point. What may use it is not money, and is named here with its reason.
    static let floatingPoint: [String: String] = [
        "Sources/Web/Metrics/":
            "swift-metrics hands over and Prometheus reads binary floats: counts, seconds and bytes, never amounts"
    ]

    static func doubles(_ files: [SourceFile], allowed: [String: String] = floatingPoint) -> [Finding] {
        findings(
            files, of: /\b(Double|Float)\(|(:|->|\bas[?!]?) ?(Double|Float)\b|<(Double|Float)>/,
            with: ["Double", "Float"],
            "no binary floating point",
            where: { $0.isSource && !$0.isUnder(Array(allowed.keys)) })
    }

    /// Files in which an error may be dropped beyond the reading of unknown shapes, and why.
    static let swallowing: [String: String] = [
        "Sources/Domain/PushPlan.swift":
            "the draft is deleted, and the push from the start then says why the lines are refused",
        "Sources/Sandbox/Books/VismaBooks.swift":
            "a ledger is missing only for an unknown company, and the ids come from the same book",
        "Sources/Sandbox/Stripe/StripeDeliveries.swift": "without HMAC it stops at once: libcrypto is broken",
        "Sources/ml-connector/SystemSource.swift": "without randomness it stops at once: libcrypto is broken",
        "Sources/Storage/SQLite/FileLock.swift": "who holds the lock is wanted for an error's text only",
        "Sources/ml-connector/Demo/DemoCommand.swift":
            "a folder that cannot be listed is not there yet; making it says what is wrong",
    ]

    private static let readings = [
        "decode(", "decodeIfPresent(", "container(", "ontainer(keyedBy", "jsonObject(", ".text(", ".list(", ".object(",
        "(from: ", ".get()", "Task.sleep", "StripeJSON.read(",
    ]
    /// On the way out of an error the first one is the one to tell.
    private static let lettingGo = [".shutDown()", ".close()", ".rollback()", ".removeItem("]

    /// `try?` hides a failure. Trying to read a value as this or that is no failure, and letting go of something on
    /// the way out has nobody to tell; all else is named above or says in a comment `DROPPED:` on one
    /// of the two lines above why nobody needs to know.
    static func swallowed(_ files: [SourceFile], allowed: [String: String] = swallowing) -> [Finding] {
        findings(
            files, of: /\btry\?/, with: ["try?"], "hides an error",
            where: { $0.isSource && !$0.isUnder(Array(allowed.keys)) },
            unless: { file, index in
                guard let code = file.swift?.code[index] else { return false }
                return (readings + lettingGo).contains { code.contains($0) }
                    || file.lines[max(0, index - 2)...index].contains { $0.contains("// DROPPED: ") }
            })
    }

    /// Where the connector writes outside of a turn, and why that needs no lease.
    static let unfenced: [String: String] = [
        "Sources/Sync/Fence.swift": "it takes leases, and checks them for everybody else",
        "Sources/Sync/TenantAdmin.swift": "an operator's word, which a turn takes up later",
        "Sources/Sync/EventCommitter.swift": "every node stores what is delivered to it",
        "Sources/Sync/VismaWebhooks.swift": "every node takes hints, which make a poll due",
        "Sources/Sync/Ping.swift": "an operator asks, and only the ping itself is written down",
        "Sources/Sync/NodeMembership.swift": "nodes and their heartbeats belong to no tenant",
    ]

    /// A turn that lost its tenant to another node must commit nothing: what turns write goes through `Fence`.
    static func unfencedWrites(_ files: [SourceFile], allowed: [String: String] = unfenced) -> [Finding] {
        findings(
            files, of: /\bdatabase\.write\b/, with: ["database.write"],
            "a turn commits under its lease: environment.commit",
            where: { $0.isSource && $0.room == "Sync" && !$0.isUnder(Array(allowed.keys)) })
    }

    static func sleeping(_ files: [SourceFile]) -> [Finding] {
        findings(
            files, of: /\bTask\.sleep\b|\busleep\(|(^|[^\w.])sleep\(|\b(Thread|time)\.sleep\b/, with: ["sleep"],
            "tests, and what they run of the benchmarks, wait on signals and never sleep",
            // The servers of a fleet are watched by the clock; `make prove` runs that, no test.
            where: { $0.isTest || $0.isUnder(["Benchmarks/"]) && !$0.isUnder(["Benchmarks/Fleet"]) })
    }
}
