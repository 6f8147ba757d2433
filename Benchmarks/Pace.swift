import Foundation

/// Moments at a steady rate, and limits of time, from threads of their own: what is measured shares its threads with
/// nobody who waits.
enum Pace {
    private static let stepMilliseconds = 100.0

    /// The numbers from 0, each at its moment; whoever is late gets all that have gathered.
    static func ticks(_ count: Int, perSecond: Double) -> AsyncStream<Int> {
        let (ticks, clock) = AsyncStream.makeStream(of: Int.self)
        let stop = Load.Stop()
        clock.onTermination = { _ in stop.set() }
        Thread.detachNewThread {
            let begun = DispatchTime.now().uptimeNanoseconds
            for number in 0..<count {
                wait(until: begun + UInt64(Double(number) / perSecond * 1_000_000_000), stop)
                guard !stop.isSet else { return }
                clock.yield(number)
            }
            clock.finish()
        }
        return ticks
    }

    private static func wait(until moment: UInt64, _ stop: Load.Stop) {
        while !stop.isSet {
            let now = DispatchTime.now().uptimeNanoseconds
            guard now < moment else { return }
            let left = (Double(moment - now) / 1_000_000).rounded(.up)
            poll(nil, 0, Int32(min(left, stepMilliseconds)))
        }
    }

    /// Throws when `body` takes longer than that.
    static func within<R: Sendable>(
        seconds: Double, _ what: String, _ body: @escaping @Sendable () async throws -> R
    ) async throws -> R {
        try await withThrowingTaskGroup(of: R.self) { group in
            group.addTask { try await body() }
            group.addTask {
                // The first tick comes at once, the second when the time is over.
                for await number in ticks(2, perSecond: 1 / seconds) where number == 1 {
                    throw Load.Failed(description: "not within \(Int(seconds)) s: \(what)")
                }
                throw CancellationError()
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
    }
}

extension [Duration] {
    var milliseconds: [Double] { map { $0 / .milliseconds(1) } }
}

extension [Double] {
    /// So many of a hundred are not above it.
    func percentile(_ percent: Int) -> Double {
        isEmpty ? 0 : sorted()[Swift.min(count - 1, count * percent / 100)]
    }
}
