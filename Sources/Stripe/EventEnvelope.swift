package import Domain
import Foundation

/// Names of events.
package enum EventType {
    /// The name that Stripe uses: plain-talk aliases are translated, and a thin event's `v1.` is taken off. A name
    /// that is not known is returned as it is.
    package static func canonical(_ name: String) -> String {
        let bare = name.hasPrefix("v1.") ? String(name.dropFirst(3)) : name
        return switch bare {
        case "charge.completed": "charge.succeeded"
        case "dispute.created": "charge.dispute.created"
        default: bare
        }
    }

    /// What our endpoints ask for: everything that can change what a Visma invoice should say. All names stand in
    /// the list of `enabled_events` of the pinned version.
    package static let subscribed = [
        "charge.succeeded", "charge.failed", "charge.pending", "charge.expired", "charge.updated",
        "charge.refunded", "charge.refund.updated",
        "charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed",
        "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated",
        "refund.created", "refund.updated", "refund.failed",
        "invoice.finalized", "invoice.finalization_failed", "invoice.updated", "invoice.paid",
        "invoice.payment_failed", "invoice.payment_action_required", "invoice.overpaid", "invoice.voided",
        "invoice.marked_uncollectible", "invoice.deleted", "invoice_payment.paid",
        "payment_intent.processing", "payment_intent.payment_failed", "payment_intent.canceled",
        "payment_intent.partially_funded", "credit_note.created", "credit_note.updated", "credit_note.voided",
        "payout.paid", "payout.failed", "payout.canceled", "payout.updated", "payout.reconciliation_completed",
        "customer.created", "customer.updated", "customer.deleted",
    ]

    /// Whether an event tells of money: a payment, a refund, a dispute, a payout, or the failure of one. The others
    /// mostly follow from what we did ourselves.
    package static func tellsOfMoney(_ name: String) -> Bool {
        let families = ["charge.", "refund.", "payment_intent.", "invoice_payment.", "payout."]
        return families.contains { name.hasPrefix($0) }
            || ["invoice.paid", "invoice.payment_failed", "invoice.overpaid"].contains(name)
    }
}

/// The few fields of an event that routing needs. What the objects look like now is read from Stripe afterwards, so
/// that the version of the event's body hardly matters, and a type that we do not know is data.
package struct EventEnvelope: Hashable, Sendable {
    package enum Form: String, Sendable {
        /// `"object": "event"`, with the object as it was in `data.object`.
        case snapshot
        /// `"object": "v2.core.event"`, with only a pointer to the object.
        case thin
    }

    /// `evt_...`: what deduplication goes by.
    package var id: String
    /// The same for both forms: without the `v1.` that a thin event puts before it.
    package var type: String
    package var form: Form
    /// The connected account it is about, where there is one.
    package var account: String?
    package var livemode: Bool
    /// Nil when it cannot be read. Never order by it: it has whole seconds and events overtake one another.
    package var createdAt: Timestamp?
    package var objects: Objects

    /// The ids to resolve the event by. An object's own id stands in the field of its kind too.
    package struct Objects: Hashable, Sendable {
        /// `invoice`, `charge`, `dispute`, `refund`, `invoice_payment`, `payment_intent`, `customer`, ...
        package var kind: String?
        package var id: String?
        package var invoice: StripeInvoiceID?
        package var intent: PaymentIntentID?
        package var charge: ChargeID?
        package var customer: StripeCustomerID?
        /// Of a customer's own snapshot only: what the local index finds it by. Personal: it goes into no log.
        package var customerDescription: String?

        package init(
            kind: String? = nil, id: String? = nil, invoice: StripeInvoiceID? = nil, intent: PaymentIntentID? = nil,
            charge: ChargeID? = nil, customer: StripeCustomerID? = nil, customerDescription: String? = nil
        ) {
            self.kind = kind
            self.id = id
            self.invoice = invoice
            self.intent = intent
            self.charge = charge
            self.customer = customer
            self.customerDescription = customerDescription
        }
    }

    package init(
        id: String, type: String, form: Form, account: String? = nil, livemode: Bool, createdAt: Timestamp? = nil,
        objects: Objects = Objects()
    ) {
        self.id = id
        self.type = type
        self.form = form
        self.account = account
        self.livemode = livemode
        self.createdAt = createdAt
        self.objects = objects
    }

    /// Reads a body of either form, or only of the form asked for. Throws `.notJSON` or `.wrongForm`.
    package static func parse(_ body: [UInt8], expecting form: Form? = nil) throws(WebhookFailure) -> EventEnvelope {
        guard !body.isEmpty else { throw .emptyBody }
        let raw: RawEvent
        do {
            raw = try JSONDecoder().decode(RawEvent.self, from: Data(body))
        } catch DecodingError.dataCorrupted {
            throw .notJSON
        } catch {
            throw .wrongForm("it is not a JSON object")
        }
        let found: Form
        switch raw.object {
        case "event": found = .snapshot
        case "v2.core.event": found = .thin
        default: throw .wrongForm("its \"object\" is neither event nor v2.core.event")
        }
        if let form, form != found { throw .wrongForm("\(form.rawValue) was expected, \(found.rawValue) came") }
        guard let id = raw.id, !id.isEmpty, let type = raw.type, !type.isEmpty, let livemode = raw.livemode else {
            throw .wrongForm("id, type or livemode is missing")
        }
        return EventEnvelope(
            id: id, type: EventType.canonical(type), form: found, account: raw.account, livemode: livemode,
            createdAt: raw.createdAt,
            objects: (found == .snapshot ? raw.data?.object : raw.related).flatMap(Objects.init) ?? Objects())
    }
}

extension EventEnvelope.Objects {
    fileprivate init(_ raw: RawObject) {
        let settlement = raw.payment
        self.init(
            kind: raw.kind, id: raw.id,
            invoice: (raw.kind == "invoice" ? raw.id : raw.invoice?.id).map { StripeInvoiceID($0) },
            intent: (raw.kind == "payment_intent" ? raw.id : raw.intent?.id ?? settlement?.intent?.id)
                .map { PaymentIntentID($0) },
            charge: (raw.kind == "charge" ? raw.id : raw.charge?.id ?? settlement?.charge?.id).map { ChargeID($0) },
            customer: (raw.kind == "customer" ? raw.id : raw.customer?.id).map { StripeCustomerID($0) },
            customerDescription: raw.kind == "customer" ? raw.description : nil)
    }
}

extension StripeClient {
    /// The kinds whose own read tells what they hang on. What they are called in a path is their plural.
    private static let traceable: Set = ["charge", "refund", "dispute", "invoice_payment", "credit_note"]

    /// The ids in an object as Stripe has it now, by its ordinary read: for thin events, which name only the object,
    /// and for objects that name only their charge. Nil when it is gone, or of a kind that hangs on no invoice.
    package func objects(of kind: String, id: String) async throws(ConnectorError) -> EventEnvelope.Objects? {
        guard Self.traceable.contains(kind) else { return nil }
        let path = try "/v1/\(kind)s/" + StripeRequests.segment(id)
        guard let response = try await getIfPresent(path) else { return nil }
        return EventEnvelope.Objects(try StripeJSON.read(RawObject.self, response, isWrite: false))
    }

    /// The metadata of an invoice that need not be ours and of which nothing else is read. Nil when it is gone.
    package func metadata(of invoice: StripeInvoiceID) async throws(ConnectorError) -> [String: String]? {
        let path = try "/v1/invoices/" + StripeRequests.segment(invoice.rawValue)
        guard let response = try await getIfPresent(path) else { return nil }
        return try StripeJSON.read(Marked.self, response, isWrite: false).metadata ?? [:]
    }

    private struct Marked: Decodable {
        var metadata: [String: String]?
    }
}

/// The event as it stands in the body. Every field is read by itself: one of an unexpected shape is absent, and the
/// rest of the event still counts.
private struct RawEvent: Decodable {
    var id: String?
    var type: String?
    var object: String?
    var account: String?
    var livemode: Bool?
    var createdAt: Timestamp?
    var data: RawData?
    var related: RawObject?

    enum Field: String, CodingKey {
        case id, type, object, account, livemode, created, data
        case related = "related_object"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Field.self)
        id = try? fields.decode(String.self, forKey: .id)
        type = try? fields.decode(String.self, forKey: .type)
        object = try? fields.decode(String.self, forKey: .object)
        account = try? fields.decode(String.self, forKey: .account)
        livemode = try? fields.decode(Bool.self, forKey: .livemode)
        data = try? fields.decode(RawData.self, forKey: .data)
        related = try? fields.decode(RawObject.self, forKey: .related)
        if let seconds = try? fields.decode(Int64.self, forKey: .created) {
            createdAt = (0..<1_000_000_000_000).contains(seconds) ? Timestamp(unixSeconds: seconds) : nil
        } else if let text = try? fields.decode(String.self, forKey: .created) {
            createdAt = UTCText.instant(iso: text)
        }
    }
}

private struct RawData: Decodable {
    var object: RawObject
}

/// An object of any kind, or a thin event's `related_object`, which names its kind `type`.
private struct RawObject: Decodable {
    var id: String?
    var kind: String?
    var description: String?
    var invoice: RawReference?
    var intent: RawReference?
    var charge: RawReference?
    var customer: RawReference?
    var payment: RawSettlement?

    enum Field: String, CodingKey {
        case id, object, type, description, invoice, charge, customer, payment
        case intent = "payment_intent"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Field.self)
        id = (try? fields.decode(String.self, forKey: .id)).flatMap { $0.isEmpty ? nil : $0 }
        description = try? fields.decode(String.self, forKey: .description)
        kind =
            (try? fields.decode(String.self, forKey: .object)) ?? (try? fields.decode(String.self, forKey: .type))
        func reference(_ field: Field) -> RawReference? {
            (try? fields.decode(RawReference.self, forKey: field)).flatMap { $0.id.isEmpty ? nil : $0 }
        }
        invoice = reference(.invoice)
        intent = reference(.intent)
        charge = reference(.charge)
        customer = reference(.customer)
        payment = try? fields.decode(RawSettlement.self, forKey: .payment)
    }
}

/// `payment` of an InvoicePayment.
private struct RawSettlement: Decodable {
    var intent: RawReference?
    var charge: RawReference?

    enum Field: String, CodingKey {
        case charge
        case intent = "payment_intent"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Field.self)
        intent = try? fields.decode(RawReference.self, forKey: .intent)
        charge = try? fields.decode(RawReference.self, forKey: .charge)
    }
}

/// The id of another object, which stands there as text or, expanded, as the object itself.
struct RawReference: Decodable, Hashable, Sendable {
    var id: String

    enum Field: String, CodingKey { case id }

    init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            id = text
        } else {
            id = try decoder.container(keyedBy: Field.self).decode(String.self, forKey: .id)
        }
    }
}

/// The two ways in which Stripe and HTTP write an instant as text, both in UTC.
enum UTCText {
    /// `2026-09-30T12:00:00Z`, also with a fraction, which is dropped.
    static func instant(iso text: String) -> Timestamp? {
        guard text.hasSuffix("Z"), text.dropFirst(10).first == "T", let day = LocalDate(text) else { return nil }
        return instant(day, clock: text.dropFirst(11).prefix(8))
    }

    /// `Wed, 21 Oct 2026 07:28:00 GMT`
    static func instant(http text: String) -> Timestamp? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let date = Int(parts[1]), let year = Int(parts[3]),
            let month = months.firstIndex(of: String(parts[2])),
            let day = LocalDate(year: year, month: month + 1, day: date)
        else { return nil }
        return instant(day, clock: parts[4])
    }

    private static func instant(_ day: LocalDate, clock: Substring) -> Timestamp? {
        let parts = clock.split(separator: ":", omittingEmptySubsequences: false).map { Int64($0) }
        guard parts.count == 3, let hour = parts[0], let minute = parts[1], let second = parts[2],
            (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second)
        else { return nil }
        return Timestamp(unixSeconds: Int64(day.daysSince1970) * 86_400 + hour * 3600 + minute * 60 + second)
    }
}
