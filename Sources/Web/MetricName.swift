/// The names under which this program tells its figures. A name that was shipped is not changed: dashboards and
/// alerts go by it.
package enum MetricName {
    /// Deliveries to the webhook address, by `outcome`.
    package static let webhooks = "mlc_webhooks_total"
    /// Seconds from the head of a request to its answer, by `route`, `method` and `status`.
    package static let requestDuration = "mlc_http_request_duration_seconds"
    /// Scrapes whose gauges could not be read.
    package static let scrapeErrors = "mlc_metrics_scrape_errors_total"
    /// Series that were not kept, by `metric`: too many label sets, or a name that is taken by another kind.
    package static let seriesRefused = "mlc_metrics_series_refused_total"

    /// Tenants, by `state`.
    package static let tenants = "mlc_tenants"
    /// Stored events, by `tenant` and `state`.
    package static let events = "mlc_events"
    /// Known subjects, by `tenant`.
    package static let workSubjects = "mlc_work_subjects"
    /// Subjects to be looked at, by `tenant`.
    package static let workDirty = "mlc_work_dirty"
    /// Subjects whose last look failed, by `tenant`.
    package static let workFailing = "mlc_work_failing"
    /// Reviews that wait for a person, by `tenant`.
    package static let reviewsOpen = "mlc_reviews_open"
    /// 1 for a tenant's gate before an outside system that is not free, by `tenant`, `system` and `state`.
    package static let gates = "mlc_gates"

    /// The line that a scrape shows with a name.
    static let help: [String: String] = [
        webhooks: "Webhook deliveries by outcome.",
        requestDuration: "Time from the head of a request to its answer.",
        scrapeErrors: "Scrapes whose gauges could not be read.",
        seriesRefused: "Series that were not kept, by metric.",
        tenants: "Tenants by state.",
        events: "Stored Stripe events by tenant and state.",
        workSubjects: "Known subjects by tenant.",
        workDirty: "Subjects that wait for a look, by tenant.",
        workFailing: "Subjects whose last look failed, by tenant.",
        reviewsOpen: "Reviews that wait for a person, by tenant.",
        gates: "Gates before an outside system that are not free, by tenant, system and state.",
    ]
}
