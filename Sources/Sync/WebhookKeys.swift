/// How an endpoint's secrets are named to the vault.
enum WebhookKeys {
    static let purpose = "webhook_secret"

    static func label(_ endpointKey: String, version: Int) -> String { "\(endpointKey)/\(version)" }
}
