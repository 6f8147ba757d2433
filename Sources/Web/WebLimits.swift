/// What a request may cost, each with its unit.
package enum WebLimits {
    /// Stripe publishes no limit; events seen stay far below 1 MiB (facts: webhooks).
    package static let webhookBodyBytesMax = 2 * 1024 * 1024
    /// Bodies of webhooks that are being read or wait for their answer; what comes beyond is answered 503.
    package static let webhookBytesUnderWayMax = 256 * 1024 * 1024
    /// Taken at once for a body, whatever length it declares.
    static let bodyBytesReserved = 16 * 1024
    /// Told with a 503. Stripe goes by its own schedule; proxies and people read it.
    package static let retryAfterSeconds = 30
    /// Beyond this new connections wait in the kernel's queue.
    package static let connectionsMax = 4096
    /// A connection that neither sends nor waits for an answer is closed.
    package static let connectionIdleSeconds: Int64 = 75
    /// Label sets kept of one metric; what comes beyond is counted as refused and not kept.
    package static let metricSeriesMax = 3000
    /// Names kept in one registry.
    package static let metricNamesMax = 300
    /// A longer label value is cut.
    package static let metricLabelBytesMax = 120
    /// Tenants that get gauges of their own; `mlc_tenants` counts all.
    package static let gaugedTenantsMax = 500
}
