import Foundation

extension StripeBook {
    /// A thin event: what happened to which object, and nothing of the object itself. Each kind's address is
    /// its own name in the plural.
    func thin(_ event: StripeEventRecord) -> StripeJSON {
        var related = StripeJSON.null
        if case .string(let kind) = event.object["object"], case .string(let id) = event.object["id"] {
            related = ["id": .string(id), "type": .string(kind), "url": .string("/v1/\(kind)s/\(id)")]
        }
        let created = Date(timeIntervalSince1970: TimeInterval(event.created))
        let request: StripeJSON =
            event.requestID.map {
                [
                    "request": ["id": .string($0), "idempotency_key": .text(event.idempotencyKey)], "type": "request",
                ]
            } ?? .null
        return [
            "id": .string(event.id), "object": "v2.core.event", "type": .string("v1." + event.type),
            "context": .null, "created": .string(created.formatted(.iso8601WithFraction)), "livemode": .bool(isLive),
            "reason": request, "related_object": related,
        ]
    }
}

extension FormatStyle where Self == Date.ISO8601FormatStyle {
    /// `2026-09-21T13:46:40.000Z`.
    fileprivate static var iso8601WithFraction: Self { Date.ISO8601FormatStyle(includingFractionalSeconds: true) }
}
