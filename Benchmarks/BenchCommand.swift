import ArgumentParser
import Foundation

/// Runs the figures one after the other and prints each with the baseline of the same run.
@main
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measures what the design promises, each figure beside its baseline.",
        discussion: "Two cores are shared by load generator and server; read the ratios, not the rates.")

    enum Output: String, ExpressibleByArgument { case table, json }

    @Option(name: .long, help: "Only what this figure needs, by its name in the output.")
    var only: String?

    @Option(name: .long, help: "table, or json: one object, last on standard output.")
    var output: Output = .table

    @Option(name: .long, help: "How often acknowledged_lost kills the server.")
    var kills = 50

    @Option(name: .long, help: "How many companies three nodes share in node_wait_seconds_max.")
    var tenants = 30

    @Option(name: .long, help: "What is drawn at random is drawn from this.")
    var seed: UInt64 = 1

    func run() async throws {
        let figures = Figures.all.filter { only == nil || $0.names.contains(only ?? "") }
        guard !figures.isEmpty else {
            throw ValidationError("no figure is called that; there are \(Figures.all.flatMap(\.names))")
        }
        var readings: [Reading] = []
        for figure in figures {
            tell("measuring \(figure.names.joined(separator: ", "))")
            let read = try await Scratch.with { scratch in
                try await figure.measure(FigureOptions(scratch: scratch, kills: kills, tenants: tenants, seed: seed))
            }
            for reading in read { tell("  " + reading.line) }
            readings += read
        }
        switch output {
        case .table: for reading in readings { print(reading.line) }
        case .json: print("{" + readings.map(\.json).joined(separator: ",") + "}")
        }
        if readings.contains(where: { $0.isMet == false }) { throw ExitCode(5) }
    }
}

/// Progress goes to standard error.
func tell(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
