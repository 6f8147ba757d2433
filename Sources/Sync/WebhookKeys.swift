/// How an endpoint's secrets are named to the vault.
package enum WebhookKeys {
    package static let purpose = "webhook_secret"

    package static func label(_ endpointKey: String, version: Int) -> String { "\(endpointKey)/\(version)" }
}
