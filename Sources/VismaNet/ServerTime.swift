import Domain

/// A date and time as Visma writes it. Its zone is not documented and most values carry none, so it is never turned
/// into an instant: it is compared with other values of the same server, and moved back for an overlap.
package struct ServerTime: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// As if the text were in UTC.
    private let seconds: Int64
    private let fraction: String

    private init(seconds: Int64, fraction: String) {
        self.seconds = seconds
        self.fraction = fraction
    }

    /// Reads `2026-01-29T13:02:18`, with a space for the T, with a fraction, with or without a zone (which is dropped),
    /// and a day alone. Nil for anything else.
    package init?(_ text: String) {
        guard let day = LocalDate(String(text.prefix(10))) else { return nil }
        var secondOfDay: Int64 = 0
        var fraction = ""
        let clock = text.dropFirst(10)
        if !clock.isEmpty {
            let parts = clock.dropFirst().prefix(8).split(separator: ":", omittingEmptySubsequences: false)
            let numbers = parts.compactMap { $0.utf8.count == 2 ? Int64($0) : nil }
            guard clock.first == "T" || clock.first == " ", numbers.count == 3, numbers[0] < 24, numbers[1] < 60,
                numbers[2] <= 60
            else { return nil }
            secondOfDay = numbers[0] * 3600 + numbers[1] * 60 + numbers[2]
            let rest = clock.dropFirst(9)
            if rest.first == "." { fraction = String(rest.dropFirst().prefix { $0.isASCII && $0.isNumber }) }
        }
        while fraction.hasSuffix("0") { fraction.removeLast() }
        self.init(seconds: Int64(day.daysSince1970) * 86_400 + secondOfDay, fraction: fraction)
    }

    /// `2026-01-29T13:02:18`: whole seconds (rounded down, so that a filter with `>=` loses nothing) and no zone, the
    /// only form that every filter accepts.
    package var description: String { String(Timestamp(unixSeconds: seconds).description.dropLast()) }

    /// A value so many seconds earlier: the overlap of a poll.
    package func moved(backSeconds: Int64) -> ServerTime {
        ServerTime(seconds: seconds - backSeconds, fraction: fraction)
    }

    var wholeSecond: ServerTime { ServerTime(seconds: seconds, fraction: "") }

    package static func < (left: ServerTime, right: ServerTime) -> Bool {
        // Fractions without trailing zeros compare as text.
        (left.seconds, left.fraction) < (right.seconds, right.fraction)
    }
}
