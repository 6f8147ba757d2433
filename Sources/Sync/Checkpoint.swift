import Domain

/// A labelled place where a kill matters: between two commits, or between a commit and a call. In production reaching
/// one does nothing; proofs kill, throw or interleave there. The list is the code's own, so a new place cannot be
/// forgotten by them.
package struct Checkpoint: Hashable, Sendable, CustomStringConvertible {
    package let name: String
    package var description: String { name }

    package static let eventStored = Checkpoint(name: "event.stored")
    package static let eventsResolved = Checkpoint(name: "events.resolved")
    package static let pageStored = Checkpoint(name: "poll.page_stored")
    package static let cursorMoved = Checkpoint(name: "poll.cursor_moved")
    package static let observed = Checkpoint(name: "turn.observed")
    package static let noted = Checkpoint(name: "turn.noted")
    package static let workSettled = Checkpoint(name: "turn.settled")

    /// The intent is committed, nothing has been sent.
    package static func effectSent(_ step: String) -> Checkpoint { Checkpoint(name: "effect.sent/\(step)") }
    /// The other side has answered, nothing of it is committed.
    package static func effectAnswered(_ step: String) -> Checkpoint { Checkpoint(name: "effect.answered/\(step)") }
    package static func effectSettled(_ step: String) -> Checkpoint { Checkpoint(name: "effect.settled/\(step)") }

    package static let all: [Checkpoint] =
        [eventStored, eventsResolved, pageStored, cursorMoved, observed, noted, workSettled]
        + Step.all.flatMap { [effectSent($0), effectAnswered($0), effectSettled($0)] }
}

/// What happens at a checkpoint. It may throw, as a crash would end the work there.
package typealias CheckpointReached = @Sendable (Checkpoint) async throws -> Void
