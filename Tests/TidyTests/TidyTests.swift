import Testing

/// What can be checked by reading the source is checked by reading the source.
@Suite("The sources")
struct TidyTests {
    struct Rule: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let findings: @Sendable ([SourceFile]) -> [Finding]

        init(_ name: String, _ findings: @escaping @Sendable ([SourceFile]) -> [Finding]) {
            testDescription = name
            self.findings = findings
        }
    }

    static let rules: [Rule] = [
        Rule("rooms import one way", ImportRules.findings),
        Rule("time and ids come in through init", CodeRules.timeAndIDs),
        Rule("randomness comes in through init", CodeRules.randomness),
        Rule("nothing is forced", CodeRules.forced),
        Rule("no task is without a parent", CodeRules.bareTasks),
        Rule("only commands print", CodeRules.printing),
        Rule("SQL is said in Storage", CodeRules.statements),
        Rule("unsafe code says why it is safe", CodeRules.unsafety),
        Rule("the widest access is package", CodeRules.access),
        Rule("no binary floating point", { CodeRules.doubles($0) }),
        Rule("no error is hidden", { CodeRules.swallowed($0) }),
        Rule("turns commit under their lease", { CodeRules.unfencedWrites($0) }),
        Rule("tests never sleep", CodeRules.sleeping),
        Rule("files are short", FormRules.fileLength),
        Rule("functions are short", FormRules.functionLength),
        Rule("lines are short", FormRules.lineLength),
        Rule("there is no drawer", FormRules.drawers),
        Rule("nothing is left undone", FormRules.leftovers),
        Rule("the workplace leaves no trace", FormRules.workplace),
        Rule("migrations are numbered", FormRules.migrations),
    ]

    @Test("keep the rule", arguments: rules)
    func holds(_ rule: Rule) throws {
        let files = try SourceTree.files.get()
        #expect(files.contains { $0.path == "Sources/Domain/Money.swift" }, "the tree is read")
        for finding in rule.findings(files) { Issue.record("\(finding)") }
    }

    @Test("what is allowed beyond a rule still exists and has a reason")
    func allowances() throws {
        let files = try SourceTree.files.get()
        let lists = [CodeRules.floatingPoint, CodeRules.swallowing, CodeRules.unfenced]
        for (path, reason) in lists.flatMap({ $0 }) {
            #expect(files.contains { $0.isUnder([path]) }, "\(path) is gone: take it off the list")
            #expect(reason.count > 20, "\(path)")
        }
    }
}
