import Testing

/// A rule that cannot fail proves nothing: each is shown something bad, and something that only looks bad.
@Suite("The rules")
struct RuleTests {
    private func source(_ text: String, in room: String = "Sync") -> [SourceFile] {
        [SourceFile("Sources/\(room)/A.swift", text)]
    }

    private func test(_ text: String) -> [SourceFile] { [SourceFile("Tests/SyncTests/A.swift", text)] }

    @Test("Code is told from strings and comments, also when they nest")
    func swiftText() {
        let text = ##"""
            let a = "Date() \(Date()) \("x)" + UUID()) \" try!" // Date()
            /* try! /* fatalError( */ print( */ let b = 1
            let c = """
                print( \(b)
                """
            let d = #"\(Date()) " \#(UUID())"#
            let e = [/try! "\/(/, #/ " /#] + f / g.print(1)
            """##
        let code = SwiftText(text).code
        #expect(code[0].contains(#"\(Date())"#) && code[0].contains("+ UUID()"))
        #expect(!code[0].contains("try!") && code[0].ranges(of: "Date()").count == 1)
        #expect(code[1].trimmingPrefix { $0 == " " } == "let b = 1")
        #expect(!code[3].contains("print") && code[3].contains(#"\(b)"#))
        #expect(!code[5].contains("Date") && code[5].contains("UUID()"))
        #expect(!code[6].contains("try!") && code[6].contains("+ f / g.print(1)"))
        #expect(code.map(\.utf8.count) == text.split(separator: "\n").map(\.utf8.count))
        #expect(SwiftText(text).withoutComments[0].contains("try!"))
    }

    @Test("Imports against the direction are found, in every form")
    func imports() {
        let bad: [(String, String)] = [
            ("Domain", "import Storage"), ("Domain", "import GRDB"), ("Storage", "package import Vault"),
            ("Sandbox", "import Domain"), ("Sandbox", "@testable import VismaNet"), ("Sandbox", "import Stripe"),
            ("Sandbox", "import Outbound"), ("Sandbox", "import Sync"), ("Web", "import VismaNet"),
            ("Web", "import struct Stripe.StripeClient"), ("VismaNet", "import Stripe"), ("Stripe", "import VismaNet"),
            ("Stripe", "import Vault"), ("Vault", "import Sync"), ("LibCrypto", "import Domain"),
            ("Sync", "import Hummingbird"), ("Attic", "import Foundation"),
        ]
        for (room, line) in bad {
            #expect(ImportRules.findings(source(line, in: room)).count == 1, "\(room): \(line)")
        }
        for (room, line) in [
            ("Storage", "package import Domain"), ("Web", "import Sync"), ("Domain", "// import Sync"),
        ] {
            #expect(ImportRules.findings(source(line, in: room)).isEmpty, "\(room): \(line)")
        }
    }

    private func expect(
        _ rule: ([SourceFile]) -> [Finding], finds bad: [[SourceFile]], passes good: [[SourceFile]],
        _ location: SourceLocation = #_sourceLocation
    ) {
        for files in bad {
            #expect(rule(files).count == 1, "finds \(files.map(\.text))", sourceLocation: location)
        }
        for files in good {
            #expect(rule(files).isEmpty, "passes \(files.map(\.text))", sourceLocation: location)
        }
    }

    @Test("Time, ids and randomness")
    func environment() {
        expect(
            CodeRules.timeAndIDs,
            finds: [
                source("let a = Date()"), source("let a = UUID()"), source("Date.now"),
                [SourceFile("Tests/Simulation/A.swift", "UUID()")],
            ],
            passes: [
                source("Date(timeIntervalSince1970: 0)"), source("let a = \"Date()\" // UUID()"), test("UUID()"),
                source("Date()", in: "ml-connector"),
            ])
        expect(
            CodeRules.randomness,
            finds: [
                source("Int.random(in: 0...1)"), source("a.randomElement()"),
                source("var a = SystemRandomNumberGenerator()"),
                test("Bool.random()"), source("a.shuffled()"),
            ],
            passes: [source("a.shuffled(using: &random)"), source("Int.random(in: 0...1)", in: "ml-connector")])
    }

    @Test("Forced tries, bare tasks, printing")
    func calls() {
        expect(
            CodeRules.forced, finds: [source("try! a()"), test("fatalError(\"x\")"), source("a as! B")],
            passes: [source("try a()"), source("// try!")])
        expect(
            CodeRules.bareTasks,
            finds: [
                source("Task { }"), source("Task.detached { }"), source("Task<Void, Never> { }"),
                source("Task(priority: .high) {"), test("Task{"),
            ],
            passes: [source("group.addTask { }"), source("Task.checkCancellation()"), source("withTask {")])
        expect(
            CodeRules.printing, finds: [source("print(1)"), source("x; dump(a)"), test("debugPrint(1)")],
            passes: [
                source("print(1)", in: "ml-connector"), source("fingerprint(1)"), source("console.print(1)"),
                source("dump(a, to: &text)"),
                [SourceFile("Tests/Simulate/main.swift", "print(1)")],
            ])
    }

    @Test("SQL, unsafe code, access")
    func places() {
        expect(
            CodeRules.statements,
            finds: [
                source("\"SELECT 1\""), source("\"INSERT INTO a VALUES (1)\""), source("\"UPDATE a SET b = 1\""),
                source("\"PRAGMA synchronous\""),
            ],
            passes: [source("\"SELECT 1\"", in: "Storage"), source("// SELECT 1"), source("\"Select one\"")])
        expect(
            CodeRules.unsafety,
            finds: [
                source("struct A: @unchecked Sendable {}"), source("nonisolated(unsafe) var a = 1"),
                source("// SAFETY: too far\n\n\nnonisolated(unsafe) var a = 1"),
            ],
            passes: [source("// SAFETY: locked.\nfinal class A: @unchecked Sendable {}")])
        expect(
            CodeRules.access, finds: [source("public struct A {}"), source("    open class A {}")],
            passes: [source("package struct A {}"), source("// public\nlet publicKey = 1")])
    }

    @Test("Floating point, hidden errors, sleeping")
    func values() {
        expect(
            { CodeRules.doubles($0, allowed: ["Sources/Sync/Chart.swift": "pixels"]) },
            finds: [
                source("let a: Double = 1"), source("Double(1)"), source("-> Double {"), source("[String: Float]"),
            ],
            passes: [
                [SourceFile("Sources/Sync/Chart.swift", "let a: Double")], source("let isDouble = true"),
                test("Double(1)"),
            ])
        expect(
            { CodeRules.swallowed($0, allowed: ["Sources/Sync/B.swift": "why"]) },
            finds: [source("try? database.write { }"), source("let a = try? send()")],
            passes: [
                source("try? fields.decode(String.self)"), [SourceFile("Sources/Sync/B.swift", "try? send()")],
                source("// DROPPED: nobody waits for it.\ntry? send()"),
                source("defer { try? database.shutDown() }"), test("try? remove()"),
            ])
        expect(
            { CodeRules.unfencedWrites($0, allowed: ["Sources/Sync/B.swift": "why"]) },
            finds: [source("try await environment.database.write { db in }"), source("database.write(body)")],
            passes: [
                source("try await environment.commit { db in }"), source("database.read { }"),
                [SourceFile("Sources/Sync/B.swift", "database.write { }")], source("database.write { }", in: "Vault"),
            ])
        expect(
            CodeRules.sleeping,
            finds: [test("try await Task.sleep(for: .seconds(1))"), test("sleep(1)"), test("time.sleep(0.1)")],
            passes: [source("Task.sleep"), test("asleep(1)")])
    }

    @Test("Files, functions and lines that are too long")
    func sizes() {
        func body(_ lines: Int) -> String { String(repeating: "    a()\n", count: lines) }
        expect(
            FormRules.fileLength, finds: [source(body(401))], passes: [source(body(400))])
        expect(
            FormRules.lineLength, finds: [source(String(repeating: "x", count: 121))],
            passes: [source(String(repeating: "ø", count: 120))])
        expect(
            FormRules.functionLength,
            finds: [
                source("func f() {\n\(body(69))}"), source("init(\n  a: Int = { 1 }()\n) throws {\n\(body(67))}"),
                source("struct S {\n    static func f<T>(_ a: T) -> [T]\n    where T: A {\n\(body(68))    }\n}"),
            ],
            passes: [
                source("func f() {\n\(body(68))}"), source("enum A {\n\(body(90))}"),
                source("protocol P {\n  func f()\n  func g() -> Int\n}\nenum A {\n\(body(90))}"),
                source("protocol P {\n  func f()\n  var a: Int { get }\n}\nenum A {\n\(body(90))}"),
                source("let a = \"func f() {\"\nenum A {\n\(body(90))}"),
            ])
    }

    @Test("Drawers, leftovers, traces of the workplace")
    func names() {
        expect(
            FormRules.drawers,
            finds: [
                [SourceFile("Sources/Utils/A.swift", "")], [SourceFile("Sources/Sync/Common.swift", "")],
                [SourceFile("Tests/Shared/A.swift", "")],
            ],
            passes: [[SourceFile("Sources/Sync/SharedEndpoint.swift", "")]])
        expect(
            FormRules.leftovers, finds: [source("// TO" + "DO: later"), [SourceFile("a.md", "FIX" + "ME")]],
            passes: [source("// todo list of the tenant")])
        expect(
            FormRules.workplace,
            finds: [[SourceFile("a.md", "see /wo" + "rk/x")], source("// written by an Assis" + "tant")],
            passes: [source("// a session of the console"), source("let a = \"/network/x\"")])
    }

    @Test("Migrations without a number, with a gap, or not embedded")
    func migrations() {
        let manifest = SourceFile("Package.swift", "\"0001_a.sqlite.sql\" \"0002_b.sqlite.sql\" \"0003_c.sqlite.sql\"")
        func files(_ names: String...) -> [SourceFile] {
            [manifest] + names.map { SourceFile("migrations/" + $0, "") }
        }
        expect(
            FormRules.migrations,
            finds: [
                files("0001_a.sqlite.sql", "notes.sql"), files("0001_a.sqlite.sql", "0003_c.sqlite.sql"),
                files("0001_z.sqlite.sql"), files("0001_a.sqlite.sql", "0001_A.mysql.sql"),
            ],
            passes: [files("0001_a.sqlite.sql", "0002_b.sqlite.sql"), files("Migrations.swift")])
    }
}
