package import Foundation

/// A part of each day, in the company's zone, in which its Visma lists are not polled: `22:00-06:00`. Stripe's webhooks
/// and what they lead to go on.
package struct QuietHours: Hashable, Sendable, Codable, CustomStringConvertible {
    /// Minutes since midnight; from `first` up to but without `end`, over midnight when `end` is not later.
    package let first: Int
    package let end: Int

    /// Nil unless it reads `HH:MM-HH:MM` with two different times.
    package init?(_ text: String) {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(Self.minute)
        guard ends.count == 2, let first = ends[0], let end = ends[1], first != end else { return nil }
        self.first = first
        self.end = end
    }

    private static func minute(_ text: Substring) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [2, 2], text.utf8.allSatisfy({ (48...58).contains($0) }),
            let hour = Int(parts[0]), let minute = Int(parts[1]), hour < 24, minute < 60
        else { return nil }
        return hour * 60 + minute
    }

    package var description: String {
        "\(Self.text(first))-\(Self.text(end))"
    }

    private static func text(_ minute: Int) -> String {
        let parts = [minute / 60, minute % 60].map { ($0 < 10 ? "0" : "") + "\($0)" }
        return parts.joined(separator: ":")
    }

    /// When the quiet hours that hold at `moment` are over; nil when none do.
    package func end(at moment: Timestamp, in zone: TimeZone) -> Timestamp? {
        let today = moment.day(in: zone)
        return [today.adding(days: -1), today].compactMap { day -> Timestamp? in
            let begins = day.instant(secondOfDay: Int64(first) * 60, in: zone)
            let lastDay = end > first ? day : day.adding(days: 1)
            let ends = lastDay.instant(secondOfDay: Int64(end) * 60, in: zone)
            return begins <= moment && moment < ends ? ends : nil
        }.max()
    }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = QuietHours(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "quiet hours are written HH:MM-HH:MM"))
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
