import Domain
import LibCrypto
import Outbound
import Stripe
import Synchronization

/// Answers from a script, in order, and keeps what was sent.
final class ScriptedTransport: Transport {
    enum Step: Sendable {
        case answer(OutboundResponse)
        case failure(TransportFailure)
    }

    private struct State {
        var steps: [Step]
        var sent: [OutboundRequest] = []
    }

    private let state: Mutex<State>

    init(_ steps: [Step]) { state = Mutex(State(steps: steps)) }

    convenience init(bodies: [String]) { self.init(bodies.map { .answer(answer(200, $0)) }) }

    var sent: [OutboundRequest] { state.withLock { $0.sent } }

    /// Method and address of every request, brackets and quotation marks unescaped to be readable.
    var targets: [String] {
        sent.map { request in
            var text = request.method + " " + request.url.replacing("https://api.stripe.test", with: "")
            for (escaped, plain) in [("%5B", "["), ("%5D", "]"), ("%22", "\""), ("%20", " "), ("%3A", ":")] {
                text = text.replacing(escaped, with: plain)
            }
            return text
        }
    }

    func send(_ request: OutboundRequest) async throws(TransportFailure) -> OutboundResponse {
        let step = state.withLock { state in
            state.sent.append(request)
            return state.steps.isEmpty ? nil : state.steps.removeFirst()
        }
        switch step {
        case .answer(let response): return response
        case .failure(let failure): throw failure
        case nil: throw TransportFailure(kind: .notSent, text: "the script has no answer left")
        }
    }
}

func answer(_ status: Int, _ body: String, _ headers: [(String, String)] = []) -> OutboundResponse {
    OutboundResponse(status: status, headers: headers.map { (name: $0.0, value: $0.1) }, body: Array(body.utf8))
}

let exampleNow = Timestamp(unixSeconds: 1_795_000_000)

func client(_ transport: ScriptedTransport, key: String = "rk_test_51abcDEF", mode: StripeMode = .test) -> StripeClient
{
    StripeClient(
        settings: StripeSettings(origin: "https://api.stripe.test", timeoutMilliseconds: 5000, mode: mode),
        transport: transport, key: { Secret(key) }, now: { exampleNow })
}

/// A list as Stripe answers it.
func list(_ rows: [String], more: Bool = false) -> String {
    #"{"object":"list","url":"/v1/x","has_more":\#(more),"data":[\#(rows.joined(separator: ","))]}"#
}

func invoiceJSON(
    id: String = "in_1", status: String = "open", currency: String = "nok", payments: String? = nil,
    lines: String = list([])
) -> String {
    let tail = payments.map { #","payments":\#($0)"# } ?? ""
    return #"{"id":"\#(id)","object":"invoice","customer":"cus_1","status":"\#(status)","currency":"\#(currency)","#
        + #""total":125000,"amount_due":125000,"amount_paid":0,"amount_remaining":125000,"starting_balance":0,"#
        + #""lines":\#(lines),"number":"V-000224","hosted_invoice_url":"https://invoice.stripe.com/i/x","#
        + #""metadata":{"mlc_tenant":"nord"},"created":1795000000,"livemode":false\#(tail)}"#
}

func paymentJSON(id: String, settlement: String, status: String = "open", paid: String = "null") -> String {
    #"{"id":"\#(id)","object":"invoice_payment","invoice":"in_1","status":"\#(status)","currency":"nok","#
        + #""amount_requested":125000,"amount_paid":\#(paid),"is_default":true,"#
        + #""status_transitions":{"paid_at":\#(paid == "null" ? "null" : "1795000100"),"canceled_at":null},"#
        + #""payment":\#(settlement)}"#
}

func chargeJSON(
    id: String, status: String = "succeeded", disputed: Bool = false, created: Int = 1_795_000_050, refunded: Int = 0,
    movement: String = "null"
) -> String {
    #"{"id":"\#(id)","object":"charge","payment_intent":"pi_1","amount":125000,"amount_refunded":\#(refunded),"#
        + #""currency":"nok","status":"\#(status)","disputed":\#(disputed),"created":\#(created),"#
        + #""failure_code":\#(status == "failed" ? "\"card_declined\"" : "null"),"#
        + #""failure_message":\#(status == "failed" ? "\"Your card was declined.\"" : "null"),"#
        + #""balance_transaction":\#(movement)}"#
}

func movementJSON(
    id: String, type: String = "charge", amount: Int, fee: Int, source: String, created: Int = 1_795_000_060
) -> String {
    #"{"id":"\#(id)","object":"balance_transaction","type":"\#(type)","amount":\#(amount),"fee":\#(fee),"#
        + #""net":\#(amount - fee),"currency":"nok","source":"\#(source)","description":null,"created":\#(created)}"#
}
