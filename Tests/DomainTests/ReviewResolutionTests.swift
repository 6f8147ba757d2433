import Foundation
import Testing

@testable import Domain

@Suite("What a person may decide about a review")
struct ReviewResolutionTests {
    private static let subjects: [Subject] = [
        .document(Samples.document), .customer(VismaCustomerNumber("10001")), .payout(PayoutID("po_1")), .endpoint,
    ]

    /// The rows `| code | resolution, ... |` of `docs/cases.md`.
    private static func documented() throws -> [String: [String]] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../docs/cases.md").standardized
        let text = try String(contentsOf: file, encoding: .utf8)
        let part = try #require(
            text.components(separatedBy: "\n## What a review may be resolved by\n").dropFirst().first)
        var rows: [String: [String]] = [:]
        for line in part.components(separatedBy: "\n| way |")[0].split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|").map { cell in
                cell.matches(of: /`([a-z_]+)`/).map { String($0.output.1) }
            }
            try #require(cells.count >= 2)
            for code in cells[0] { rows[code] = cells[1] }
        }
        return rows
    }

    @Test("Every code has its line in the documents, with exactly the resolutions that are offered")
    func documents() throws {
        let offered = Review.Code.allCases.map { ($0.rawValue, ReviewResolution.offered(for: $0).map(\.rawValue)) }
        #expect(try Self.documented() == Dictionary(uniqueKeysWithValues: offered))
    }

    @Test("Whatever a review is of, there is a way to resolve it; what is of a document is offered for one alone")
    func everywhere() {
        for code in Review.Code.allCases where code != .pushCap {
            for subject in Self.subjects {
                let offered = ReviewResolution.offered(for: code, on: subject)
                #expect(offered.contains(.lookAgain), "\(code)")
                guard subject.key != Self.subjects[0].key else { continue }
                #expect(Set(offered).isSubset(of: [.lookAgain, .ignore]), "\(code) of \(subject)")
            }
        }
        #expect(ReviewResolution.offered(for: .pushCap, on: Self.subjects[0]) == [.push, .markSettled])
    }

    @Test("A resolution is read back from how it is stored, and its text fits a table's cell")
    func stored() {
        for resolution in ReviewResolution.allCases {
            #expect(ReviewResolution(stored: resolution.stored(reason: "agreed: by telephone")) == resolution)
            #expect((1...72).contains(resolution.effect.count))
        }
        for text in ["no longer the case", "confirmed: x", "ignore", "no longer found; ignore: x"] {
            #expect(ReviewResolution(stored: text) == nil)
        }
    }

    @Test("A finding is the same under another request's id, and under nothing else")
    func sameFinding() {
        let found = "visma.http_400: no such thing, HTTP 400, request abc-1"
        #expect(Review.isSameFinding(found, "visma.http_400: no such thing, HTTP 400, request abc-2"))
        #expect(Review.isSameFinding(found, found))
        #expect(!Review.isSameFinding(found, "visma.http_400: no such thing, HTTP 404, request abc-1"))
    }

    @Test("A document that a person has settled is left alone until a person asks for something of it")
    func leftAlone() {
        var situation = Samples.before()
        situation.settledByWordAt = Samples.now
        #expect(Plan.actions(for: situation).allSatisfy { $0 == .setLink(.stopped) })
        let request = Request(kind: .push, cause: nil, reason: "so", actor: "cli:kari", askedAt: Samples.now)
        situation.requests = [request]
        #expect(!situation.isLeftAlone)
        situation.requests[0].askedAt = Samples.now.adding(seconds: -1)
        #expect(situation.isLeftAlone)
        for state in Booking.State.allCases {
            situation.bookings = [Samples.booking(.booked)]
            situation.bookings[0].state = state
            #expect(situation.isLeftAlone == !situation.bookings[0].isUnderWay, "\(state)")
        }
    }

    @Test("Left alone, a link that collects is settled, one that was seen is stopped, a draft waits")
    func links() {
        for (state, wanted) in [
            (.seen, [.setLink(.stopped)]), (.collecting, [.setLink(.settled)]), (.drafted, []), (.settled, []),
            (.stopped, []),
        ] as [(Link.State, [Action])] {
            var situation = Samples.before()
            situation.settledByWordAt = Samples.now
            situation.link = Link(
                document: Samples.document, state: state, revision: 1,
                vismaCustomer: VismaCustomerNumber("10001"), currency: .nok)
            #expect(Plan.actions(for: situation) == wanted, "\(state)")
        }
    }
}
