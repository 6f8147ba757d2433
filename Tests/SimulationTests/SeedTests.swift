import Foundation
import Simulation
import Testing

@Suite("The whole platform in one process, from one seed")
struct SeedTests {
    private static let seeds: ClosedRange<UInt64> = 1...25
    private static let steps = 100

    @Test("The same seed gives the same run, to the last line")
    func same() async throws {
        let first = await Simulation.run(seed: 1, steps: Self.steps)
        let second = await Simulation.run(seed: 1, steps: Self.steps)
        #expect(first.failure == nil)
        #expect(first.line == second.line)
        #expect(first.tail == second.tail)
    }

    /// The `simulate` program, which is built beside the test bundle.
    private static let program: URL? = {
        var folders = Bundle.allBundles.map { $0.bundleURL.deletingLastPathComponent() }
        if let test = CommandLine.arguments.first { folders.append(URL(filePath: test).deletingLastPathComponent()) }
        return folders.map { $0.appending(path: "simulate") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }()

    // Skipped, and shown so, where only the tests were built and not the program.
    @Test("A second process gives the same line", .enabled(if: program != nil))
    func secondProcess() async throws {
        let here = await Simulation.run(seed: 1, steps: Self.steps)
        let process = Process()
        let program = try #require(Self.program)
        process.executableURL = program
        process.arguments = ["--seed", "1", "--steps", String(Self.steps)]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(text.split(separator: "\n").last.map(String.init) == here.line)
    }

    @Test("Five and twenty seeds pass, each another run; chaos strikes, and processes die in them")
    func batch() async throws {
        let outcomes = await withTaskGroup(of: Simulation.Outcome.self) { group in
            for seed in Self.seeds { group.addTask { await Simulation.run(seed: seed, steps: Self.steps) } }
            var all: [Simulation.Outcome] = []
            for await outcome in group { all.append(outcome) }
            return all.sorted { $0.seed < $1.seed }
        }
        for outcome in outcomes {
            #expect(outcome.failure == nil, "\(outcome.line)\n\(outcome.tail.joined(separator: "\n"))")
        }
        #expect(Set(outcomes.map(\.hash)).count == outcomes.count)
        #expect(outcomes.map(\.faults).reduce(0, +) > 0)
        #expect(outcomes.map(\.crashes).reduce(0, +) > 0)
        #expect(outcomes.map(\.stripeInvoices).reduce(0, +) > outcomes.count * 3)
    }
}
