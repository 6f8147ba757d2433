import Foundation
import Testing

@testable import Domain

@Suite("Days and instants")
struct TimeTests {
    let oslo: TimeZone

    init() throws { oslo = try #require(TimeZone(identifier: "Europe/Oslo")) }

    @Test("Every day from 1900 to 2100 has the parts and the text that a calendar gives it, and comes back from both")
    func roundTrip() throws {
        let start = try #require(LocalDate(year: 1900, month: 1, day: 1))
        let end = try #require(LocalDate(year: 2100, month: 12, day: 31))
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        var (year, month, day) = (1900, 1, 1)
        for number in start.daysSince1970...end.daysSince1970 {
            let date = LocalDate(daysSince1970: number)
            guard date.parts == (year, month, day), LocalDate(year: year, month: month, day: day) == date,
                LocalDate(date.description) == date
            else {
                Issue.record("day \(number) is \(date), not \(year)-\(month)-\(day)")
                return
            }
            let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
            day += 1
            if day > lengths[month - 1] + (month == 2 && isLeap ? 1 : 0) { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
        #expect((year, month, day) == (2101, 1, 1))
    }

    @Test("The epoch is day 0")
    func epoch() {
        #expect(LocalDate(daysSince1970: 0).description == "1970-01-01")
        #expect(LocalDate("2000-03-01")?.daysSince1970 == 11_017)
    }

    @Test("29 February is a day only in leap years")
    func leapDays() {
        #expect(LocalDate("2024-02-29") != nil)
        #expect(LocalDate("2000-02-29") != nil)
        #expect(LocalDate("1900-02-29") == nil)
        #expect(LocalDate("2100-02-29") == nil)
        #expect(LocalDate("2026-02-29") == nil)
        #expect(LocalDate("2024-02-29")?.adding(days: 1).description == "2024-03-01")
        #expect(LocalDate("2024-12-31")?.adding(days: -366).description == "2023-12-31")
    }

    @Test(
        "What is not a date is not read",
        arguments: [
            "", "2026", "2026-1-2", "2026-13-01", "2026-00-10", "2026-04-31", "2026-+1-02", "2026-01--1", "26-01-01",
            "2026/01/01", "1899-12-31", "2026-01-011", "2026-01-01+01:00", "20260101",
        ])
    func notADate(_ text: String) {
        #expect(LocalDate(text) == nil)
    }

    @Test("A date is read at the head of Visma's date and time")
    func head() throws {
        #expect(LocalDate("2026-11-22T00:00:00") == LocalDate("2026-11-22"))
        #expect(LocalDate("2026-11-22 13:02:18.967") == LocalDate("2026-11-22"))
        let read = try JSONDecoder().decode([LocalDate].self, from: Data("[\"2026-11-22T13:00:00.123\"]".utf8))
        #expect(try String(decoding: JSONEncoder().encode(read), as: UTF8.self) == "[\"2026-11-22\"]")
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([LocalDate].self, from: Data("[\"soon\"]".utf8))
        }
    }

    @Test(
        "A day ends at 23:59:59 by the clock in Oslo, also when the clock changes",
        arguments: [
            ("2026-01-15", "2026-01-15T22:59:59Z"), ("2026-07-15", "2026-07-15T21:59:59Z"),
            // Summer time begins on 29 March and ends on 25 October.
            ("2026-03-28", "2026-03-28T22:59:59Z"), ("2026-03-29", "2026-03-29T21:59:59Z"),
            ("2026-03-30", "2026-03-30T21:59:59Z"), ("2026-10-24", "2026-10-24T21:59:59Z"),
            ("2026-10-25", "2026-10-25T22:59:59Z"), ("2026-10-26", "2026-10-26T22:59:59Z"),
        ])
    func endOfDay(_ day: String, _ instant: String) throws {
        let date = try #require(LocalDate(day))
        #expect(date.endOfDay(in: oslo).description == instant)
        #expect(date.endOfDay(in: oslo).day(in: oslo) == date)
        #expect(date.endOfDay(in: oslo).adding(seconds: 1).day(in: oslo) == date.adding(days: 1))
        #expect(date.noon(in: oslo).day(in: oslo) == date)
    }

    @Test("The end of a day is that day's in zones on both sides of the date line, every day of a year")
    func endOfDayElsewhere() throws {
        let first = try #require(LocalDate("2026-01-01"))
        for name in ["Pacific/Kiritimati", "Pacific/Pago_Pago", "America/St_Johns", "Asia/Kathmandu", "Asia/Tokyo"] {
            let zone = try #require(TimeZone(identifier: name))
            for date in (0..<365).map({ first.adding(days: $0) }) {
                let end = date.endOfDay(in: zone)
                guard end.day(in: zone) == date, end.adding(seconds: 1).day(in: zone) == date.adding(days: 1) else {
                    Issue.record("\(date) ends at \(end) in \(name)")
                    return
                }
            }
        }
    }

    @Test("The day of an instant near midnight is the company's, not UTC's")
    func dayNearMidnight() {
        // 22:30 UTC is half past midnight in Oslo's summer and half past eleven in its winter.
        #expect(Timestamp(unixSeconds: 1_782_858_600).description == "2026-06-30T22:30:00Z")
        #expect(Timestamp(unixSeconds: 1_782_858_600).day(in: oslo).description == "2026-07-01")
        #expect(Timestamp(unixSeconds: 1_798_669_800).description == "2026-12-30T22:30:00Z")
        #expect(Timestamp(unixSeconds: 1_798_669_800).day(in: oslo).description == "2026-12-30")
        #expect(Timestamp(unixSeconds: 1_798_673_400).day(in: oslo).description == "2026-12-31")
    }

    @Test("An instant is written in UTC to the second, rounded down, also before 1970")
    func description() {
        #expect(Timestamp(microseconds: 0).description == "1970-01-01T00:00:00Z")
        #expect(Timestamp(microseconds: 999_999).description == "1970-01-01T00:00:00Z")
        #expect(Timestamp(microseconds: -1).description == "1969-12-31T23:59:59Z")
        #expect(Timestamp(unixSeconds: 1_795_357_805).description == "2026-11-22T14:30:05Z")
        #expect(Timestamp(unixSeconds: 951_782_399).description == "2000-02-28T23:59:59Z")
        #expect(Timestamp(unixSeconds: 951_782_400).description == "2000-02-29T00:00:00Z")
    }

    @Test("Time passes in seconds and milliseconds")
    func adding() {
        let start = Timestamp(unixSeconds: 100)
        #expect(start.adding(seconds: 5).seconds(since: start) == 5)
        #expect(start.adding(milliseconds: 1500).microseconds == 101_500_000)
        #expect(start < start.adding(milliseconds: 1))
        #expect(Timestamp(microseconds: -1_500_000).unixSeconds == -2)
    }

    @Test("An instant is read as it is written, and nothing else is one")
    func written() {
        for seconds in [0, 1_795_348_800, -1, 4_102_444_799] as [Int64] {
            let moment = Timestamp(unixSeconds: seconds)
            #expect(Timestamp(moment.description) == moment)
        }
        for text in ["2026-11-01", "2026-11-01T24:00:00Z", "2026-02-30T00:00:00Z", "2026-11-01T08:00:00", "now"] {
            #expect(Timestamp(text) == nil, "\(text)")
        }
    }
}
