import Foundation
import Simulation

// simulate --seed S --steps N [--count C]: C runs from seed S on, one line each; the exit status is 1 if any failed.
var seed: UInt64 = 1
var steps = 300
var count: UInt64 = 1
var arguments = CommandLine.arguments.dropFirst()
while let name = arguments.popFirst() {
    guard let value = arguments.popFirst().flatMap({ UInt64($0) }) else {
        FileHandle.standardError.write(Data("simulate: \(name) needs a whole number\n".utf8))
        exit(2)
    }
    switch name {
    case "--seed": seed = value
    case "--steps": steps = Int(value)
    case "--count": count = value
    default:
        FileHandle.standardError.write(
            Data("simulate: unknown option \(name); known are --seed, --steps, --count\n".utf8))
        exit(2)
    }
}
var failed = false
for run in seed..<(seed + count) {
    let outcome = await Simulation.run(seed: run, steps: steps)
    if outcome.failure != nil {
        failed = true
        for line in outcome.tail { print("  \(line)") }
    }
    if ProcessInfo.processInfo.environment["SIMULATE_TAIL"] != nil {
        for line in outcome.tail { print("  \(line)") }; print("invoices", outcome.stripeInvoices)
    }
    print(outcome.line)
}
exit(failed ? 1 : 0)
