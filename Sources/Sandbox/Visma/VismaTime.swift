/// Visma's date texts. A time is kept as milliseconds of the company's own wall clock, counted as if that were UTC:
/// the API never says a zone.
enum VismaTime {
    private static let dayMilliseconds: Int64 = 86_400_000

    static func local(_ utcMicroseconds: Int64, offsetMinutes: Int) -> Int64 {
        utcMicroseconds / 1000 + Int64(offsetMinutes) * 60_000
    }

    /// `2020-01-29T13:02:18.967`; trailing zeros of the fraction are left out, as the real system does.
    static func text(_ local: Int64) -> String {
        let (day, time) = split(local)
        let seconds = time / 1000
        var text = date(day: day) + "T" + two(seconds / 3600) + ":" + two(seconds / 60 % 60) + ":" + two(seconds % 60)
        let fraction = time % 1000
        if fraction > 0 {
            var digits = String(1000 + fraction).dropFirst()
            while digits.hasSuffix("0") { digits = digits.dropLast() }
            text += "." + digits
        }
        return text
    }

    static func date(_ local: Int64) -> String { date(day: split(local).day) }

    /// `202611`, the form of `financialPeriod`.
    static func period(of date: String) -> String { String(date.prefix(4) + date.dropFirst(5).prefix(2)) }

    /// Accepts `yyyy-MM-dd`, then a blank or `T` and `HH:mm:ss`, then a fraction. Nil for anything else, above all
    /// for a zone.
    static func parse(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let dayOfMonth = number(bytes[8..<10]),
            (1...12).contains(month), (1...31).contains(dayOfMonth)
        else { return nil }
        let day = days(year: year, month: month, day: dayOfMonth)
        guard date(day: day) == String(decoding: bytes[0..<10], as: UTF8.self) else { return nil }
        guard bytes.count > 10 else { return day * dayMilliseconds }
        guard bytes.count >= 19, bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: " "),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]), let second = number(bytes[17..<19]),
            hour < 24, minute < 60, second < 60
        else { return nil }
        var fraction: Int64 = 0
        if bytes.count > 19 {
            guard bytes[19] == UInt8(ascii: "."), (1...7).contains(bytes.count - 20), number(bytes[20...]) != nil
            else { return nil }
            let digits = (bytes[20...] + [48, 48, 48]).prefix(3)
            fraction = number(digits) ?? 0
        }
        return day * dayMilliseconds + ((hour * 60 + minute) * 60 + second) * 1000 + fraction
    }

    /// The date of a text that `parse` accepts.
    static func parseDate(_ text: String) -> String? { parse(text).map { date($0) } }

    /// `date` plus a count of days.
    static func adding(days count: Int, to date: String) -> String {
        guard let start = parse(date) else { return date }
        return self.date(start + Int64(count) * dayMilliseconds)
    }

    private static func split(_ local: Int64) -> (day: Int64, time: Int64) {
        let time = ((local % dayMilliseconds) + dayMilliseconds) % dayMilliseconds
        return ((local - time) / dayMilliseconds, time)
    }

    private static func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : String(value) }

    private static func number(_ bytes: some Collection<UInt8>) -> Int64? {
        guard bytes.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int64(String(decoding: bytes, as: UTF8.self))
    }

    /// Days since 1970-01-01 of a proleptic Gregorian date (Hinnant's algorithm).
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(day: Int64) -> String {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return String(String(10_000 + year).suffix(4)) + "-" + two(month) + "-" + two(dayOfMonth)
    }
}
