extension StripeBook {
    static let endpointsMax = 16

    mutating func createEndpoint(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        let form = call.form
        try check(endpoint: form)
        if let version = form.text("api_version"), !StripeSimulator.isVersion(version) {
            throw .parameter("api_version", "Invalid api_version: \(version)")
        }
        if endpoints.count >= Self.endpointsMax {
            let mode = isLive ? "live" : "test"
            throw .state("You have reached the maximum of \(Self.endpointsMax) \(mode) webhook endpoints.")
        }
        let row = StripeEndpointRecord(
            id: makeID("we"), created: now, url: form.text("url") ?? "", enabledEvents: form.texts("enabled_events"),
            apiVersion: form.text("api_version"), description: form.text("description"),
            metadata: merged([:], form), secret: makeID("whsec", length: 32))
        endpoints.add(row)
        // Told this once and never again.
        return json(row, showsSecret: true)
    }

    private func check(endpoint form: StripeForm) throws(StripeFailure) {
        if form.has("url") {
            let url = form.text("url") ?? ""
            guard url.hasPrefix("https://") || url.hasPrefix("http://"), url.split(separator: "/").count >= 2 else {
                throw .parameter(
                    "url", "Invalid URL: An explicit scheme (such as https) must be provided.", code: "url_invalid")
            }
            if isLive, url.hasPrefix("http://") {
                throw .parameter("url", "Invalid URL: live endpoints must use https.", code: "url_invalid")
            }
        }
        for (position, name) in form.texts("enabled_events").enumerated() where !StripeEventNames.isKnown(name) {
            throw .parameter(
                "enabled_events[\(position)]", "Invalid enabled_events[\(position)]: \(name) is not a known event type")
        }
        if form.has("enabled_events"), form.texts("enabled_events").isEmpty {
            throw .parameter("enabled_events", "You must specify at least one event.", code: "parameter_invalid_empty")
        }
    }

    mutating func updateEndpoint(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        let form = call.form
        guard var row = endpoints[call.id] else { throw .absent("webhook endpoint", call.id) }
        try check(endpoint: form)
        if let url = form.text("url") { row.url = url }
        if form.has("enabled_events") { row.enabledEvents = form.texts("enabled_events") }
        if let disabled = form.flag("disabled") { row.isEnabled = !disabled }
        if form.has("description") { row.description = form.text("description") }
        if form.has("metadata") { row.metadata = merged(row.metadata, form) }
        endpoints[row.id] = row
        return json(row)
    }

    mutating func deleteEndpoint(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        guard endpoints[call.id] != nil else { throw .absent("webhook endpoint", call.id) }
        endpoints[call.id] = nil
        for delivery in deliveries.values where delivery.endpointID == call.id { finish(delivery) }
        return ["id": .string(call.id), "object": "webhook_endpoint", "deleted": .bool(true)]
    }

    func retrieveEndpoint(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        guard let row = endpoints[call.id] else { throw .absent("webhook endpoint", call.id) }
        return json(row)
    }

    func listEndpoints(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        try StripePage.cut(
            endpoints.newestFirst, call.form, noun: "webhook endpoint", url: "/v1/webhook_endpoints"
        ) { json($0) }
    }
}
