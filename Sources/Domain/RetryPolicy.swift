/// How long a subject waits after a failure: doubling from a second to five minutes, spread by the attempt so that
/// many do not return together.
package enum RetryPolicy {
    package static let delaySecondsMax: Int64 = 300

    package static func delaySeconds(attempts: Int) -> Int64 {
        attempts >= 9 ? delaySecondsMax : min(delaySecondsMax, 1 << Int64(max(0, attempts)))
    }
}
