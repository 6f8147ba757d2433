import Foundation
import Testing

@testable import Domain

@Suite("Quiet hours")
struct QuietHoursTests {
    private static let oslo = TimeZone(identifier: "Europe/Oslo") ?? .gmt

    private func moment(_ day: String, _ hour: Int64, _ minute: Int64 = 0) -> Timestamp {
        Samples.date(day).instant(secondOfDay: hour * 3600 + minute * 60, in: Self.oslo)
    }

    @Test("They read HH:MM-HH:MM, and nothing else", arguments: ["22:00-06:00", "00:00-23:59", "09:30-10:00"])
    func text(_ text: String) {
        #expect(QuietHours(text)?.description == text)
    }

    @Test(
        "Anything else is not understood",
        arguments: [
            "", "22-06", "22:00", "24:00-06:00", "22:60-06:00", "2:00-6:00", "22:00-22:00", "22:00-06:00-07:00",
            "٢٢:00-06:00",
        ])
    func wrong(_ text: String) { #expect(QuietHours(text) == nil) }

    @Test("Over midnight they end the next morning; their end itself is not in them")
    func overMidnight() throws {
        let hours = try #require(QuietHours("22:00-06:00"))
        let morning = moment("2026-11-23", 6)
        #expect(hours.end(at: moment("2026-11-22", 21, 59), in: Self.oslo) == nil)
        #expect(hours.end(at: moment("2026-11-22", 22), in: Self.oslo) == morning)
        #expect(hours.end(at: moment("2026-11-23", 5, 59), in: Self.oslo) == morning)
        #expect(hours.end(at: morning, in: Self.oslo) == nil)
    }

    @Test("Within a day they end that day")
    func withinDay() throws {
        let hours = try #require(QuietHours("11:30-13:00"))
        #expect(hours.end(at: moment("2026-11-22", 12), in: Self.oslo) == moment("2026-11-22", 13))
        #expect(hours.end(at: moment("2026-11-22", 13), in: Self.oslo) == nil)
    }

    @Test("They are of the company's clock: in the night of summer time they are an hour shorter or longer")
    func summerTime() throws {
        let hours = try #require(QuietHours("22:00-06:00"))
        for (day, length) in [("2026-03-28", Int64(7)), ("2026-10-24", 9), ("2026-11-22", 8)] {
            let begins = moment(day, 22)
            #expect(hours.end(at: begins, in: Self.oslo)?.seconds(since: begins) == length * 3600)
        }
    }
}
