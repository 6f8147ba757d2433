import Domain
import Outbound
import Stripe
import Testing

@Suite("Reading from the account: payouts, records, balances, countries")
struct AccountTests {
    private func payout(_ extra: String) -> String {
        #"{"id":"po_1","object":"payout","amount":122895,"currency":"nok","arrival_date":1795100000,\#(extra),"#
            + #""created":1795000000,"failure_message":null,"failure_code":null}"#
    }

    @Test("an automatic payout holds its movements, all pages of them")
    func automaticPayout() async throws {
        let transport = ScriptedTransport(bodies: [
            payout(#""status":"paid","automatic":true,"reconciliation_status":"completed""#),
            list([movementJSON(id: "txn_9", type: "payout", amount: -122_895, fee: 0, source: "po_1")], more: true),
            list([movementJSON(id: "txn_1", amount: 125_000, fee: 2105, source: "ch_1")]),
        ])
        let found = try #require(try await client(transport).payout(PayoutID("po_1")))
        #expect(
            transport.targets == [
                "GET /v1/payouts/po_1", "GET /v1/balance_transactions?payout=po_1&expand[]=data.source&limit=100",
                "GET /v1/balance_transactions?payout=po_1&expand[]=data.source&limit=100&starting_after=txn_9",
            ])
        #expect(found.amount == Money(minorUnits: 122_895, currency: .nok))
        #expect(found.status == "paid")
        #expect(found.arrivesOn == Timestamp(unixSeconds: 1_795_100_000))
        #expect(found.movements.map(\.type) == ["payout", "charge"])
        #expect(found.movements[1].net == found.amount)
        #expect(found.movements[1].source == "ch_1")
    }

    @Test(
        "what Stripe cannot tell yet, or never, is not asked for",
        arguments: [
            #""status":"paid","automatic":false,"reconciliation_status":"not_applicable""#,
            #""status":"in_transit","automatic":true,"reconciliation_status":"in_progress""#,
        ])
    func withoutMovements(extra: String) async throws {
        let transport = ScriptedTransport(bodies: [payout(extra)])
        let found = try #require(try await client(transport).payout(PayoutID("po_1")))
        #expect(found.movements.isEmpty)
        #expect(found.isAutomatic == extra.contains("true"))
        #expect(found.isReconciling == extra.contains("in_progress"))
        #expect(transport.sent.count == 1)
    }

    @Test("payouts since a moment, one of them failed; an unknown one is nil")
    func payouts() async throws {
        let failed = payout(#""status":"failed","automatic":true"#)
            .replacing(#""failure_message":null"#, with: #""failure_message":"No account.""#)
        let coded = payout(#""status":"failed","automatic":true"#)
            .replacing(#""failure_code":null"#, with: #""failure_code":"account_closed""#)
        let missing = #"{"error":{"code":"resource_missing","message":"No such payout"}}"#
        let transport = ScriptedTransport([
            .answer(answer(200, list([failed, coded]))), .answer(answer(404, missing)),
        ])
        let found = try await client(transport).payouts(createdFrom: exampleNow)
        #expect(found.map(\.failure) == ["No account.", "account_closed"])
        #expect(transport.targets == ["GET /v1/payouts?created[gte]=1795000000&limit=100"])
        #expect(try await client(transport).payout(PayoutID("po_2")) == nil)
    }

    @Test("reported payments since a moment, by their mark; a list that is not offered concludes nothing")
    func paymentRecords() async throws {
        let record =
            #"{"id":"pr_1","amount_requested":{"value":1,"currency":"nok"},"created":1795000000,"#
            + #""metadata":{"mlc_effect":"k"}}"#
        let transport = ScriptedTransport([
            .answer(answer(200, list([record]))),
            .answer(answer(404, #"{"error":{"message":"Unrecognized request URL (GET: /v1/payment_records)."}}"#)),
            .answer(answer(500, "{}")),
        ])
        let stripe = client(transport)
        let found = try await stripe.paymentRecords(createdFrom: exampleNow)
        #expect(found?.map(\.metadata) == [["mlc_effect": "k"]])
        #expect(transport.targets == ["GET /v1/payment_records?created_after=1794999999&limit=100"])
        #expect(try await stripe.paymentRecords(createdFrom: exampleNow) == nil)
        await #expect(throws: ConnectorError.self) { try await stripe.paymentRecords(createdFrom: exampleNow) }
    }

    @Test("credit notes of an invoice, voided ones too")
    func creditNotes() async throws {
        let note = #"{"id":"cn_1","number":"CN-1","total":300,"currency":"nok","status":"void","metadata":{}}"#
        let transport = ScriptedTransport(bodies: [list([note])])
        let found = try await client(transport).creditNotes(invoice: StripeInvoiceID("in_1"))
        #expect(found.map(\.status) == ["void"])
        #expect(transport.targets == ["GET /v1/credit_notes?invoice=in_1&limit=100"])
    }

    @Test("customers page by page, and no page that does not move")
    func customersPage() async throws {
        func customer(_ id: String) -> String { #"{"id":"\#(id)","description":"17"}"# }
        let transport = ScriptedTransport(bodies: [
            list([customer("cus_3"), customer("cus_2")], more: true), list([customer("cus_1")]),
        ])
        let stripe = client(transport)
        let first = try await stripe.customersPage(after: nil, limit: 2)
        #expect(first.customers.map(\.id.rawValue) == ["cus_3", "cus_2"])
        #expect(first.customers[0].description == "17")
        #expect(first.next == StripeCustomerID("cus_2"))
        #expect(try await stripe.customersPage(after: first.next, limit: 2).next == nil)
        #expect(
            transport.targets == ["GET /v1/customers?limit=2", "GET /v1/customers?limit=2&starting_after=cus_2"])
        for stuck in [list([], more: true), list([customer("cus_2")], more: true)] {
            let error = await #expect(throws: ConnectorError.self) {
                try await client(ScriptedTransport(bodies: [stuck])).customersPage(after: first.next, limit: 2)
            }
            #expect(error?.code == "stripe.unreadable_answer")
        }
        for limit in [0, 101] {
            await #expect(throws: ConnectorError.self) { try await stripe.customersPage(after: nil, limit: limit) }
        }
        #expect(transport.sent.count == 2)
    }

    @Test("a customer's balance is the newest one in the currency; a credit is negative")
    func customerBalance() async throws {
        let rows = list([
            #"{"id":"cbtxn_3","currency":"sek","ending_balance":-900}"#,
            #"{"id":"cbtxn_2","currency":"nok","ending_balance":-500}"#,
            #"{"id":"cbtxn_1","currency":"nok","ending_balance":-100}"#,
        ])
        let transport = ScriptedTransport(bodies: [rows, rows])
        let stripe = client(transport)
        let customer = StripeCustomerID("cus_1")
        #expect(try await stripe.customerBalance(customer, .nok) == Money(minorUnits: -500, currency: .nok))
        #expect(try await stripe.customerBalance(customer, .eur) == .zero(.eur))
        #expect(transport.targets[0] == "GET /v1/customers/cus_1/balance_transactions?limit=100")
    }

    @Test("what a country's accounts can be paid in")
    func currencies() async throws {
        let transport = ScriptedTransport([
            .answer(answer(200, #"{"id":"NO","supported_payment_currencies":["nok","sek","usd"]}"#)),
            .answer(answer(404, #"{"error":{"code":"resource_missing","message":"No such country spec"}}"#)),
        ])
        let stripe = client(transport)
        #expect(try await stripe.supportedCurrencies(country: "NO") == [.nok, .sek, .usd])
        #expect(try await stripe.supportedCurrencies(country: "XX") == nil)
        #expect(transport.targets == ["GET /v1/country_specs/NO", "GET /v1/country_specs/XX"])
    }

    @Test("the account's country, also with a key that may not read the account")
    func country() async throws {
        let invoice = invoiceJSON().replacing(#""livemode""#, with: #""account_country":"SE","livemode""#)
        let forbidden = ScriptedTransport.Step.answer(answer(403, #"{"error":{"message":"No."}}"#))
        let transport = ScriptedTransport([
            .answer(answer(200, #"{"id":"acct_1","country":"NO"}"#)), forbidden, .answer(answer(200, list([invoice]))),
            forbidden, .answer(answer(200, list([]))), .answer(answer(401, "{}")),
        ])
        let stripe = client(transport)
        #expect(try await stripe.accountCountry() == "NO")
        #expect(try await stripe.accountCountry() == "SE")
        #expect(try await stripe.accountCountry() == nil)
        #expect(transport.targets.prefix(3) == ["GET /v1/account", "GET /v1/account", "GET /v1/invoices?limit=1"])
        await #expect(throws: ConnectorError.self) { try await stripe.accountCountry() }
    }
}
