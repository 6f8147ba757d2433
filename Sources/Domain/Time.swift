package import Foundation

/// An instant: microseconds since 1970 in UTC. What the database keeps.
package struct Timestamp: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    package var microseconds: Int64

    package init(microseconds: Int64) { self.microseconds = microseconds }
    package init(unixSeconds: Int64) { microseconds = unixSeconds * 1_000_000 }

    package var unixSeconds: Int64 {
        microseconds.quotientRoundedDown(by: 1_000_000)
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

    package func adding(seconds: Int64) -> Timestamp { Timestamp(microseconds: microseconds + seconds * 1_000_000) }
    package func adding(milliseconds: Int64) -> Timestamp {
        Timestamp(microseconds: microseconds + milliseconds * 1000)
    }

    /// Whole seconds from `earlier` to here.
    package func seconds(since earlier: Timestamp) -> Int64 { (microseconds - earlier.microseconds) / 1_000_000 }

    /// `2026-11-22T14:30:05Z`
    package var description: String {
        let day = LocalDate(daysSince1970: Int(unixSeconds.quotientRoundedDown(by: 86_400)))
        let second = Int(unixSeconds - unixSeconds.quotientRoundedDown(by: 86_400) * 86_400)
        let clock = [second / 3600, second / 60 % 60, second % 60].map { ($0 < 10 ? "0" : "") + String($0) }
        return "\(day)T\(clock.joined(separator: ":"))Z"
    }

    /// Reads what `description` writes; nil for anything else.
    package init?(_ text: String) {
        guard let parts = text.wholeMatch(of: /(\d{4}-\d\d-\d\d)T(\d\d):(\d\d):(\d\d)Z/)?.output,
            let day = LocalDate(String(parts.1)), let hour = Int64(parts.2), let minute = Int64(parts.3),
            let second = Int64(parts.4), hour < 24, minute < 60, second < 60
        else { return nil }
        self.init(unixSeconds: Int64(day.daysSince1970) * 86_400 + hour * 3600 + minute * 60 + second)
    }

    /// The calendar day at this instant in `zone`.
    package func day(in zone: TimeZone) -> LocalDate {
        let offset = zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(unixSeconds)))
        return LocalDate(daysSince1970: Int((unixSeconds + Int64(offset)).quotientRoundedDown(by: 86_400)))
    }
}

extension Int64 {
    func quotientRoundedDown(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

/// A day of the calendar without a time or a zone: what an invoice is dated by.
package struct LocalDate: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    package let daysSince1970: Int

    package init(daysSince1970: Int) { self.daysSince1970 = daysSince1970 }

    /// Nil unless year, month and day make a real date of the Gregorian calendar.
    package init?(year: Int, month: Int, day: Int) {
        guard (1900...9999).contains(year), (1...12).contains(month), day >= 1 else { return nil }
        self.init(daysSince1970: Self.days(year: year, month: month, day: day))
        guard parts == (year, month, day) else { return nil }
    }

    /// Reads `2026-11-22`, also at the head of `2026-11-22T00:00:00` and `2026-11-22 00:00:00`, as Visma has both.
    package init?(_ text: String) {
        let head = text.prefix(10).split(separator: "-", omittingEmptySubsequences: false)
        let isPlain = head.allSatisfy { $0.utf8.allSatisfy { (48...57).contains($0) } }
        guard isPlain, head.map(\.count) == [4, 2, 2], [nil, "T", " "].contains(text.dropFirst(10).first),
            let year = Int(head[0]), let month = Int(head[1]), let day = Int(head[2])
        else { return nil }
        self.init(year: year, month: month, day: day)
    }

    /// Counted in eras of 400 years that begin on 1 March, so that the leap day is a year's last.
    private static func days(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    package var parts: (year: Int, month: Int, day: Int) {
        let shifted = daysSince1970 + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
    }

    package func adding(days: Int) -> LocalDate { LocalDate(daysSince1970: daysSince1970 + days) }

    package static func < (left: LocalDate, right: LocalDate) -> Bool { left.daysSince1970 < right.daysSince1970 }

    package var description: String {
        let (year, month, day) = parts
        return "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)"
    }

    /// Midnight at the beginning of this day in `zone`.
    package func start(in zone: TimeZone) -> Timestamp { instant(secondOfDay: 0, in: zone) }

    /// 23:59:59 of this day in `zone`: the instant at which an invoice due on it falls due.
    package func endOfDay(in zone: TimeZone) -> Timestamp { instant(secondOfDay: 86_399, in: zone) }

    /// Noon of this day in `zone`.
    package func noon(in zone: TimeZone) -> Timestamp { instant(secondOfDay: 43_200, in: zone) }

    func instant(secondOfDay: Int64, in zone: TimeZone) -> Timestamp {
        let asIfUTC = Int64(daysSince1970) * 86_400 + secondOfDay
        let first = zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(asIfUTC)))
        // The offset belongs to the instant sought, not to the first guess: asked again once it is nearly known.
        let guess = asIfUTC - Int64(first)
        let offset = zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(guess)))
        return Timestamp(unixSeconds: asIfUTC - Int64(offset))
    }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = LocalDate(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a date is written yyyy-MM-dd"))
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
