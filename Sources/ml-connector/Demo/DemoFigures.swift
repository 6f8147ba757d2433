import Sandbox

/// How often each state of money occurred, and what stands for it on the other side: counted in the two simulators'
/// books alone.
struct DemoFigures: Sendable {
    private let visma: [String: [SandboxJSON]]
    private let stripe: [String: [SandboxJSON]]
    /// Base currency by company.
    private let baseCurrencies: [String: String]

    init(_ books: DemoBooks, baseCurrencies: [String: String]) {
        visma = Dictionary(grouping: books.visma) { $0["kind"]?.stringValue ?? "" }
        stripe = Dictionary(grouping: books.stripe) { $0["kind"]?.stringValue ?? "" }
        self.baseCurrencies = baseCurrencies
    }

    var record: Record { Record(payments + returned + settled + kept) }

    // MARK: Reading

    private func text(_ row: SandboxJSON, _ name: String) -> String { row[name]?.stringValue ?? "" }
    private func number(_ row: SandboxJSON, _ name: String) -> Int64 { row[name]?.intValue ?? 0 }

    private func count(_ rows: [SandboxJSON]?, _ isMeant: (SandboxJSON) -> Bool) -> Value {
        Value((rows ?? []).filter(isMeant).count)
    }

    private func document(_ invoice: SandboxJSON) -> SandboxJSON? {
        let metadata = invoice["metadata"]
        return visma["document"]?.first {
            $0["visma_tenant"] == metadata?["mlc_company"]
                && "\(text($0, "type")):\(text($0, "number"))" == metadata?["mlc_document"]?.stringValue
        }
    }

    private func references(_ type: String, voided: Bool) -> Set<String> {
        let rows = (visma["payment"] ?? []).filter {
            text($0, "type") == type && (text($0, "status") == "Voided") == voided
        }
        return Set(rows.map { text($0, "reference") })
    }

    private var paid: [SandboxJSON] {
        (stripe["invoice_payment"] ?? []).filter {
            text($0, "status") == "paid" && !text($0, "payment_intent").isEmpty
        }
    }

    private var entries: [SandboxJSON] { visma["cash_transaction"] ?? [] }

    // MARK: Counting

    private var payments: [(name: String, value: Value)] {
        let partly = Set(
            (stripe["invoice"] ?? []).filter { text($0, "status") == "open" && number($0, "amount_paid") > 0 }
                .map { text($0, "id") })
        let shared = Dictionary(grouping: paid) { text($0, "payment_intent") }.values.filter { $0.count > 1 }
        let foreign = paid.filter { payment in
            let invoice = stripe["invoice"]?.first { $0["id"] == payment["invoice"] }
            let company = invoice?["metadata"]?["mlc_company"]?.stringValue ?? ""
            return baseCurrencies[company] != text(payment, "currency").uppercased()
        }
        return [
            ("payments_posted", count(visma["payment"], isStripes)),
            ("payments_partial", count(paid) { partly.contains(text($0, "invoice")) }),
            ("payments_overpaid", count(paid) { number($0, "amount_overpaid") > 0 }),
            ("payments_on_several_invoices", Value(shared.count)),
            ("payments_in_foreign_currency", Value(foreign.count)),
        ]
    }

    private func isStripes(_ payment: SandboxJSON) -> Bool {
        text(payment, "type") == "Payment" && ["pi_", "py_"].contains(text(payment, "reference").prefix(3))
    }

    private var returned: [(name: String, value: Value)] {
        let succeeded = (stripe["refund"] ?? []).filter { text($0, "status") == "succeeded" }
        let full = Set(
            (stripe["charge"] ?? []).filter { number($0, "amount_refunded") == number($0, "amount") }
                .map { text($0, "id") })
        let (standing, undone) = (references("Refund", voided: false), references("Refund", voided: true))
        let voided = references("Payment", voided: true).subtracting(references("Payment", voided: false))
        let byVoid = succeeded.filter {
            voided.contains(text($0, "payment_intent")) && full.contains(text($0, "charge"))
        }
        let byDocument = succeeded.filter { standing.contains(text($0, "id")) }
        let givenBack = Set(byVoid.map { text($0, "payment_intent") })
        let lost = (stripe["dispute"] ?? []).filter { text($0, "status") == "lost" }
        let losses = Set(entries.map { text($0, "reference") })
        return [
            ("refunds_full", count(succeeded) { full.contains(text($0, "charge")) }),
            ("refunds_partial", count(succeeded) { !full.contains(text($0, "charge")) }),
            ("refunds_failed", count(stripe["refund"]) { text($0, "status") == "failed" }),
            ("refunds_booked", Value(byDocument.count)), ("refunds_booked_by_void", Value(byVoid.count)),
            ("refunds_undone", count(stripe["refund"]) { undone.contains(text($0, "id")) }),
            ("refunds_waiting", Value(succeeded.count - byDocument.count - byVoid.count)),
            ("disputes_open", count(stripe["dispute"]) { text($0, "status").hasSuffix("needs_response") }),
            ("disputes_won", count(stripe["dispute"]) { text($0, "status") == "won" }),
            ("disputes_lost", Value(lost.count)),
            ("disputes_lost_booked", count(lost) { losses.contains(text($0, "id")) }),
            ("bookings_voided_by_people", Value(voided.filter { $0.hasPrefix("pi_") }.subtracting(givenBack).count)),
        ]
    }

    private var settled: [(name: String, value: Value)] {
        let reported = Dictionary(
            grouping: (stripe["invoice_payment"] ?? []).filter { !text($0, "payment_record").isEmpty }
        ) { text($0, "invoice") }.mapValues { $0.reduce(0) { $0 + number($1, "amount_paid") } }
        let gone = (stripe["invoice"] ?? []).filter { ["void", "uncollectible"].contains(text($0, "status")) }
        let writtenOff = Set(
            (visma["payment"] ?? []).filter { text($0, "type") == "SmallBalanceWo" && text($0, "status") != "Voided" }
                .flatMap { $0["applications"]?.elements ?? [] }.map { text($0, "number") })
        let (lost, reversed) = (
            gone.filter { document($0).map { writtenOff.contains(text($0, "number")) } == true },
            gone.filter { document($0).map { !writtenOff.contains(text($0, "number")) } == true }
        )
        return [
            (
                "paid_outside_in_full",
                count(stripe["invoice"]) {
                    number($0, "amount_paid_off_stripe") > reported[text($0, "id")] ?? 0
                }
            ),
            ("paid_outside_in_part", Value(reported.count)),
            ("credit_notes_told", Value(stripe["credit_note"]?.count ?? 0)),
            ("reversals_told", Value(reversed.count)), ("write_offs_told", Value(lost.count)),
        ]
    }

    private var kept: [(name: String, value: Value)] {
        [
            (
                "fees_on_payments",
                count(visma["payment"]) {
                    isStripes($0) && text($0, "status") != "Voided" && $0["charges"]?.elements?.isEmpty == false
                }
            ),
            ("fees_as_cash_transactions", count(entries) { text($0, "reference").hasPrefix("txn_") }),
            ("payouts_arrived", count(stripe["payout"]) { text($0, "status") == "paid" }),
            ("payouts_booked", count(visma["journal"]) { text($0, "text").hasPrefix("po_") }),
        ]
    }
}
