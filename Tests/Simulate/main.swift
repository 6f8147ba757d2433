import Foundation
import Simulation

// simulate --seed S --steps N [--count C] [--chaos 0] [--tail L]: C runs from seed S on, one line each; the exit status
// is 1 if any failed. Without chaos people act, and nothing goes wrong on the way. The last L lines of each trace are
// shown, or else the last 60 of each run that failed.

var seed: UInt64 = 1
var steps = 300
var count: UInt64 = 1
var hasChaos = true
var tail: Int?
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
    case "--chaos": hasChaos = value != 0
    case "--tail": tail = Int(value)
    default:
        FileHandle.standardError.write(
            Data("simulate: unknown option \(name); known are --seed, --steps, --count, --chaos, --tail\n".utf8))
        exit(2)
    }
}
/// At once, also into a file: a long batch is watched.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

var failed = false
for run in seed..<(seed + count) {
    let outcome = await Simulation.run(seed: run, steps: steps, hasChaos: hasChaos, tailMax: tail ?? 60)
    if outcome.failure != nil { failed = true }
    if outcome.failure != nil || tail != nil {
        for line in outcome.tail { say("  \(line)") }
    }
    say(outcome.line)
}
exit(failed ? 1 : 0)
