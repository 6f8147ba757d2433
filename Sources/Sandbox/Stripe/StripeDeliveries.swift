import LibCrypto

/// One attempt to deliver one event to one endpoint, signed and ready to be sent.
package struct StripeDelivery: Sendable {
    package let id: Int
    package let account: String
    package let endpoint: String
    package let url: String
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]
    package let eventID: String
    package let eventType: String
    /// 1 for the first attempt.
    package let attempt: Int
}

struct StripeDeliveryRecord: Sendable {
    /// Live deliveries are tried for up to three days.
    static let givenUpAfterSeconds: Int64 = 3 * 86_400
    /// An attempt that nobody reports on counts as unanswered after this long.
    static let unansweredSeconds: Int64 = 20
    static let backoffSecondsMax: Int64 = 3600

    var id: Int
    var eventID: String
    var endpointID: String
    var attempt: Int
    var dueAt: Int64
    var queuedAt: Int64
    var isInFlight = false

    /// Doubling from one second; Stripe publishes no intervals.
    var backoffSeconds: Int64 { min(Self.backoffSecondsMax, 1 << Int64(min(attempt - 1, 12))) }
}

extension StripeBook {
    /// What is due now, oldest first. Each is signed anew at this moment, as each retry is.
    mutating func takeDeliveries() -> [StripeDelivery] {
        var taken: [StripeDelivery] = []
        for record in deliveries.values.sorted(by: { $0.id < $1.id }) where record.dueAt <= now {
            guard let endpoint = endpoints[record.endpointID], endpoint.isEnabled, let event = events[record.eventID]
            else {
                // A disabled or deleted endpoint stops its retries.
                finish(record)
                continue
            }
            let attempt = record.attempt + (record.isInFlight ? 1 : 0)
            let version = endpoint.apiVersion ?? Self.version
            let body = (endpoint.isThin ? thin(event) : json(event, apiVersion: version)).bytes
            let headers = [
                (name: "Content-Type", value: "application/json; charset=utf-8"),
                (name: "User-Agent", value: "Stripe/1.0 (+https://stripe.com/docs/webhooks)"),
                (name: "Stripe-Signature", value: Self.signature(of: body, secret: endpoint.secret, at: now)),
            ]
            taken.append(
                StripeDelivery(
                    id: record.id, account: account, endpoint: endpoint.id, url: endpoint.url, headers: headers,
                    body: body, eventID: event.id, eventType: event.type, attempt: attempt))
            deliveries[record.id]?.isInFlight = true
            deliveries[record.id]?.attempt = attempt
            deliveries[record.id]?.dueAt = now + StripeDeliveryRecord.unansweredSeconds
        }
        return taken
    }

    /// `status` 0 stands for no answer at all. Anything but 2xx is tried again later.
    mutating func report(_ id: Int, status: Int) {
        guard var record = deliveries[id], record.isInFlight else { return }
        if (200..<300).contains(status) { return finish(record) }
        record.isInFlight = false
        record.dueAt = now + record.backoffSeconds
        record.attempt += 1
        if record.dueAt > record.queuedAt + StripeDeliveryRecord.givenUpAfterSeconds {
            abandonedEvents.insert(record.eventID)
            return finish(record)
        }
        deliveries[id] = record
    }

    mutating func finish(_ record: StripeDeliveryRecord) {
        deliveries[record.id] = nil
        pendingWebhooks[record.eventID, default: 1] -= 1
        if pendingWebhooks[record.eventID] == 0 { pendingWebhooks[record.eventID] = nil }
    }

    /// `t=…,v1=…`: HMAC-SHA256 over "t.body", keyed with the secret as it stands, prefix included.
    static func signature(of body: [UInt8], secret: String, at seconds: Int64) -> String {
        let stamp = Array("\(seconds).".utf8)
        guard let code = try? HMACKey(Secret(secret)).code(stamp, body) else {
            preconditionFailure("an HMAC over memory cannot fail unless libcrypto is broken")
        }
        return "t=\(seconds),v1=\(hex(code))"
    }
}
