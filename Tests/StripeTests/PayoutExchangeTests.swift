import Domain
import Outbound
import Stripe
import Testing

@Suite("What a payout holds of other currencies, from Stripe's answers")
struct PayoutExchangeTests {
    private static func payout(_ id: String = "po_1", automatic: Bool = true) -> String {
        #"{"id":"\#(id)","object":"payout","amount":122895,"currency":"nok","arrival_date":1795100000,"#
            + #""status":"paid","automatic":\#(automatic),"reconciliation_status":"completed"}"#
    }

    /// Exchanged, unless `rate` is null.
    private static func movement(
        _ id: String, _ amount: Int, type: String = "charge", rate: String = "11.5", source: String
    ) -> String {
        #"{"id":"\#(id)","object":"balance_transaction","type":"\#(type)","amount":\#(amount),"fee":0,"#
            + #""currency":"nok","exchange_rate":\#(rate),"source":\#(source),"description":null,"created":1795000060}"#
    }

    private static func object(_ kind: String, _ id: String, _ amount: Int, _ more: String = "") -> String {
        #"{"id":"\#(id)","object":"\#(kind)","amount":\#(amount),"currency":"eur"\#(more)}"#
    }

    private func read(_ rows: [String]) async throws -> [BalanceMovement] {
        let transport = ScriptedTransport(bodies: [Self.payout(), list(rows)])
        return try #require(try await client(transport).payout(PayoutID("po_1"))).movements
    }

    private func euro(_ cents: Int64) -> Money { Money(minorUnits: cents, currency: .eur) }

    @Test("the charge, refund or dispute says what was in its own currency, with the sign of the movement")
    func originals() async throws {
        let found = try await read([
            Self.movement("txn_1", 115_000, source: Self.object("charge", "ch_1", 10_000)),
            Self.movement("txn_2", 57_500, source: Self.object("charge", "ch_2", 9000, #","amount_captured":5000"#)),
            Self.movement("txn_3", -11_500, type: "refund", source: Self.object("refund", "re_1", 1000)),
            Self.movement("txn_4", 11_500, type: "refund_failure", source: Self.object("refund", "re_1", 1000)),
            Self.movement("txn_5", -23_000, type: "adjustment", source: Self.object("dispute", "dp_1", 2000)),
        ])
        #expect(found.map(\.original) == [euro(10_000), euro(5000), euro(-1000), euro(1000), euro(-2000)])
        #expect(found.map(\.source) == ["ch_1", "ch_2", "re_1", "re_1", "dp_1"])
        #expect(found.map(\.isExchanged) == [true, true, true, true, true])
    }

    @Test("what tells nothing leaves it unknown: an id alone, another kind of object, a movement of nothing")
    func unknown() async throws {
        let found = try await read([
            Self.movement("txn_1", 115_000, source: #""ch_1""#), Self.movement("txn_2", 115_000, source: "null"),
            Self.movement("txn_3", 115_000, source: #"{"id":"tr_1","object":"transfer","amount":{"value":1}}"#),
            Self.movement("txn_4", 0, source: Self.object("charge", "ch_4", 1)),
            Self.movement("txn_5", 115_000, rate: "null", source: Self.object("charge", "ch_5", 115_000)),
        ])
        #expect(found.map(\.original) == [nil, nil, nil, nil, nil])
        #expect(found.map(\.source) == ["ch_1", nil, "tr_1", "ch_4", "ch_5"])
        #expect(found.map(\.isExchanged) == [true, true, true, true, false])
    }

    @Test("a charge whose currency cannot be read is an answer that cannot be used")
    func unreadable() async throws {
        let source = Self.object("charge", "ch_1", 1).replacing("eur", with: "euros")
        let error = await #expect(throws: ConnectorError.self) {
            try await read([Self.movement("txn_1", 11, source: source)])
        }
        #expect(error?.code == "stripe.unreadable_answer")
    }

    @Test("a payout that failed is read for what was exchanged in it, and those before it; one made by hand is not")
    func returned() async throws {
        func back(_ id: String, _ amount: Int, of payout: String, automatic: Bool = true) -> String {
            Self.movement(
                "txn_\(id)", amount, type: "payout_failure", rate: "null",
                source: Self.payout(payout, automatic: automatic))
        }
        let transport = ScriptedTransport(bodies: [
            Self.payout("po_3"),
            list([
                back("own", -122_895, of: "po_3"), back("a", 5000, of: "po_2"),
                back("b", 700, of: "po_m", automatic: false),
                back("c", 40, of: "po_r"), back("d", -40, of: "po_r"),
            ]),
            list([
                Self.movement("txn_2", 4000, source: Self.object("charge", "ch_2", 400)),
                Self.movement("txn_2n", 100, rate: "null", source: #""ch_n""#), back("e", 900, of: "po_1"),
            ]),
            list([Self.movement("txn_1", 900, source: Self.object("charge", "ch_1", 90)), back("f", 900, of: "po_2")]),
        ])
        let found = try #require(try await client(transport).payout(PayoutID("po_3")))
        #expect(found.returned.map(\.original) == [euro(400), euro(90)])
        #expect(found.movements.count == 5)
        #expect(
            transport.targets.dropFirst(2) == [
                "GET /v1/balance_transactions?payout=po_2&expand[]=data.source&limit=100",
                "GET /v1/balance_transactions?payout=po_1&expand[]=data.source&limit=100",
            ])
    }
}
