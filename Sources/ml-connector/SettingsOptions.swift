import ArgumentParser
import Sync

/// Where the store and the keys are, and how to log: every command that opens the database takes these.
struct StoreOptions: ParsableArguments {
    @Option(
        name: .long,
        help: "A SQLite file, or postgres://USER@HOST/NAME (MLC_DATABASE; default ./.state/ml-connector.sqlite).")
    var database: String?

    @Option(name: .long, help: "The file with the master keys (MLC_KEY_FILE; default ./.state/master.key).")
    var keyFile: String?

    @Option(name: .long, help: "trace, debug, info, notice, warning, error or critical (MLC_LOG_LEVEL; default info).")
    var logLevel: String?

    @Option(name: .long, help: "text or json, on standard error (MLC_LOG_FORMAT; default text).")
    var logFormat: String?

    var given: [Setting: String] {
        [.database: database, .keyFile: keyFile, .logLevel: logLevel, .logFormat: logFormat].compactMapValues { $0 }
    }
}

/// Where the two systems are and how they are called.
struct SystemOptions: ParsableArguments {
    @Option(name: .customLong("visma-api-url"), help: "Visma.net's address (MLC_VISMA_API_URL).")
    var vismaAPI: String?

    @Option(name: .customLong("visma-connect-url"), help: "Visma Connect's address (MLC_VISMA_CONNECT_URL).")
    var vismaConnect: String?

    @Option(name: .customLong("stripe-url"), help: "Stripe's address (MLC_STRIPE_URL).")
    var stripe: String?

    @Option(name: .long, help: "on or off: whether anything is written to Visma or Stripe (MLC_WRITES; default on).")
    var writes: String?

    @Option(
        name: .customLong("public-url"),
        help:
            "https://host under which Stripe reaches this server; without it no webhook is registered (MLC_PUBLIC_URL)."
    )
    var publicURL: String?

    var given: [Setting: String] {
        [
            .vismaAPI: vismaAPI, .vismaConnect: vismaConnect, .stripe: stripe, .writes: writes, .publicURL: publicURL,
        ].compactMapValues { $0 }
    }
}

/// Where the server listens.
struct ServerOptions: ParsableArguments {
    @Option(name: .long, help: "The address to listen on (MLC_HOST; default 127.0.0.1).")
    var host: String?

    @Option(name: .long, help: "The port to listen on, 0 for a free one (MLC_PORT; default 8080).")
    var port: String?

    @Option(
        name: .customLong("tls-certificate"),
        help: "A PEM file with the certificate chain, for https; read anew when it changes (MLC_TLS_CERTIFICATE).")
    var certificate: String?

    @Option(name: .customLong("tls-key"), help: "The PEM file with its private key (MLC_TLS_KEY).")
    var certificateKey: String?

    @Option(
        name: .customLong("trusted-proxies"),
        help: "Addresses of the proxies in front that end TLS, like 10.0.0.7,10.1.0.0/16 (MLC_TRUSTED_PROXIES).")
    var proxies: String?

    var given: [Setting: String] {
        [
            .host: host, .port: port, .tlsCertificate: certificate, .tlsKey: certificateKey, .trustedProxies: proxies,
        ].compactMapValues { $0 }
    }
}

/// Every setting there is. The raw value is its name in the environment.
enum Setting: String, CaseIterable, Sendable {
    case database = "MLC_DATABASE"
    /// A file that holds what `database` would: for a URL with a password.
    case databaseFile = "MLC_DATABASE_FILE"
    case keyFile = "MLC_KEY_FILE"
    case masterKeys = "MLC_MASTER_KEYS"
    case host = "MLC_HOST"
    case port = "MLC_PORT"
    case tlsCertificate = "MLC_TLS_CERTIFICATE"
    case tlsKey = "MLC_TLS_KEY"
    case trustedProxies = "MLC_TRUSTED_PROXIES"
    case publicURL = "MLC_PUBLIC_URL"
    case vismaAPI = "MLC_VISMA_API_URL"
    case vismaConnect = "MLC_VISMA_CONNECT_URL"
    case stripe = "MLC_STRIPE_URL"
    case vismaTimeout = "MLC_VISMA_TIMEOUT_SECONDS"
    case stripeTimeout = "MLC_STRIPE_TIMEOUT_SECONDS"
    case vismaSignatureHeader = "MLC_VISMA_SIGNATURE_HEADER"
    case writes = "MLC_WRITES"
    case logLevel = "MLC_LOG_LEVEL"
    case logFormat = "MLC_LOG_FORMAT"
    case leaseSeconds = "MLC_LEASE_SECONDS"
    case lateEffect = "MLC_LATE_EFFECT_SECONDS"
    case killAt = "MLC_KILL_AT"
    case pauseAt = "MLC_PAUSE_AT"

    static let prefix = "MLC_"

    var fallback: String? {
        switch self {
        case .database: "./.state/ml-connector.sqlite"
        case .keyFile: "./.state/master.key"
        case .host: "127.0.0.1"
        case .port: "8080"
        case .vismaAPI: "https://api.finance.visma.net"
        case .vismaConnect: "https://connect.visma.com"
        case .stripe: "https://api.stripe.com"
        case .vismaTimeout: "60"
        case .stripeTimeout: "30"
        case .vismaSignatureHeader: VismaWebhooks.headerDefault
        case .writes: "on"
        case .logLevel: "info"
        case .logFormat: "text"
        case .leaseSeconds: "30"
        case .lateEffect: "240"
        case .databaseFile, .masterKeys, .tlsCertificate, .tlsKey, .trustedProxies, .publicURL, .killAt, .pauseAt: nil
        }
    }

    /// The option that says the same, where there is one.
    var flag: String? {
        switch self {
        case .database: "--database"
        case .keyFile: "--key-file"
        case .host: "--host"
        case .port: "--port"
        case .tlsCertificate: "--tls-certificate"
        case .tlsKey: "--tls-key"
        case .trustedProxies: "--trusted-proxies"
        case .publicURL: "--public-url"
        case .vismaAPI: "--visma-api-url"
        case .vismaConnect: "--visma-connect-url"
        case .stripe: "--stripe-url"
        case .writes: "--writes"
        case .logLevel: "--log-level"
        case .logFormat: "--log-format"
        case .databaseFile, .masterKeys, .vismaTimeout, .stripeTimeout, .vismaSignatureHeader, .leaseSeconds,
            .lateEffect, .killAt, .pauseAt:
            nil
        }
    }
}
