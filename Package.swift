// swift-tools-version: 6.2
import PackageDescription

// One list of rooms, one loop of settings. Imports go one way (docs/decisions/0001-rooms.md):
// Domain <- Storage <- Vault <- Sync <- Web <- ml-connector; Domain <- Outbound <- VismaNet, Stripe <- Sync.
// Sandbox imports no client and no Domain: it is written from the facts so that it can contradict them.

// PostgreSQL needs libpq-dev, which a plain `swift build` does not ask for: the Makefile and ops/build.sh turn it on.
let isPostgresOn = Context.environment["ML_CONNECTOR_POSTGRES"] == "1"

let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTLS: Target.Dependency = .product(name: "HummingbirdTLS", package: "hummingbird")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

let rooms: [Target] = [
    .target(name: "Domain"),
    .target(name: "LibCrypto", dependencies: ["COpenSSL"]),
    .target(
        name: "Storage",
        dependencies: ["Domain", "LibCrypto", "Migrations", grdb] + (isPostgresOn ? ["CPostgres"] : []),
        exclude: isPostgresOn ? [] : ["Postgres"]
    ),
    .target(name: "Vault", dependencies: ["Domain", "Storage", "LibCrypto"]),
    .target(name: "Outbound", dependencies: ["Domain", "LibCrypto", httpClient, logging]),
    .target(name: "VismaNet", dependencies: ["Domain", "Outbound", "LibCrypto"]),
    .target(name: "Stripe", dependencies: ["Domain", "Outbound", "LibCrypto"]),
    .target(
        name: "Sync",
        dependencies: [
            "Domain", "Storage", "Vault", "LibCrypto", "Outbound", "VismaNet", "Stripe", logging, metrics, lifecycle,
            yams,
        ]
    ),
    .target(
        name: "Web",
        dependencies: [
            "Domain", "Storage", "Sync", hummingbird, hummingbirdTLS, nioSSL, logging, metrics, lifecycle,
        ]),
    .target(name: "Sandbox", dependencies: ["LibCrypto", hummingbird, httpClient, logging, lifecycle]),
    .target(
        name: "Migrations", path: "migrations",
        resources: [
            .embedInCode("0001_foundation.sqlite.sql"), .embedInCode("0002_every_state.sqlite.sql"),
            .embedInCode("0001_foundation.postgres.sql"), .embedInCode("0002_every_state.postgres.sql"),
            .embedInCode("0003_hosting.sqlite.sql"), .embedInCode("0003_hosting.postgres.sql"),
            .embedInCode("0004_nodes.sqlite.sql"), .embedInCode("0004_nodes.postgres.sql"),
            .embedInCode("0005_limits.sqlite.sql"), .embedInCode("0005_limits.postgres.sql"),
            .embedInCode("0006_growth.sqlite.sql"), .embedInCode("0006_growth.postgres.sql"),
        ]
    ),
    .target(
        name: "Tenants", path: "tenants", exclude: ["README.md"],
        resources: [.embedInCode("demo-nord.yaml"), .embedInCode("demo-kyst.yaml")]),
    .executableTarget(
        name: "ml-connector",
        dependencies: [
            "Domain", "Storage", "Vault", "LibCrypto", "Outbound", "VismaNet", "Stripe", "Sync", "Web", "Sandbox",
            "Tenants",
            arguments, hummingbird, httpClient, logging, metrics, lifecycle,
        ]
    ),
]

let proofs: [Target] = [
    .target(
        name: "Simulation",
        dependencies: [
            "Domain", "Storage", "Vault", "LibCrypto", "Outbound", "VismaNet", "Stripe", "Sync", "Sandbox", logging,
        ],
        path: "Tests/Simulation"
    ),
    .executableTarget(name: "simulate", dependencies: ["Simulation"], path: "Tests/Simulate"),
    .executableTarget(
        name: "bench",
        dependencies: [
            "Domain", "Storage", "Vault", "LibCrypto", "Outbound", "Stripe", "Sync", "Web", "Sandbox", arguments,
            hummingbird, httpClient, logging, lifecycle,
        ], path: "Benchmarks"),
    .testTarget(name: "DomainTests", dependencies: ["Domain", "Sync"]),
    .testTarget(name: "LibCryptoTests", dependencies: ["LibCrypto"]),
    .testTarget(name: "StorageTests", dependencies: ["Domain", "Storage", "Migrations", grdb]),
    .testTarget(name: "VaultTests", dependencies: ["Domain", "Storage", "Vault", "LibCrypto"]),
    .testTarget(name: "OutboundTests", dependencies: ["Domain", "Outbound"]),
    .testTarget(name: "VismaNetTests", dependencies: ["Domain", "Outbound", "VismaNet"]),
    .testTarget(name: "StripeTests", dependencies: ["Domain", "Outbound", "Stripe", "LibCrypto"]),
    .testTarget(
        name: "SyncTests",
        dependencies: [
            "Domain", "Storage", "Vault", "LibCrypto", "Outbound", "VismaNet", "Stripe", "Sync", "Sandbox",
            "Simulation", "Migrations", logging, lifecycle,
        ]
    ),
    .testTarget(
        name: "WebTests",
        dependencies: [
            "Domain", "Storage", "Vault", "LibCrypto", "Outbound", "Stripe", "Sync", "Web", "Sandbox", "Simulation",
            hummingbird, httpClient, nioSSL, logging, metrics, lifecycle,
        ]),
    .testTarget(name: "SandboxTests", dependencies: ["Sandbox", "LibCrypto", "Simulation"]),
    .testTarget(
        name: "ContractTests", dependencies: ["Domain", "Outbound", "VismaNet", "Stripe", "Sandbox", "Simulation"]),
    .testTarget(name: "SimulationTests", dependencies: ["Simulation"]),
    .testTarget(name: "CLITests", dependencies: ["Domain", "Storage", "Sandbox", "Sync", "ml-connector", "bench"]),
    .testTarget(name: "TidyTests"),
]

let package = Package(
    name: "ml-connector",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "ml-connector", targets: ["ml-connector"])],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [.systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])])]
        + (isPostgresOn
            ? [.systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])])] : [])
        + rooms + proofs,
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .treatAllWarnings(as: .error),
        ]
        + (isPostgresOn && ["Storage", "StorageTests", "ml-connector", "CLITests", "bench"].contains(target.name)
            ? [.define("POSTGRES")] : [])
}

// What computes the most in the proofs is optimised in debug builds too: the whole suite takes two thirds of the time.
let computing = [
    "Domain", "LibCrypto", "Storage", "Outbound", "VismaNet", "Stripe", "Sync", "Sandbox", "Simulation", "DomainTests",
    "bench",
]
for target in package.targets where computing.contains(target.name) {
    target.swiftSettings?.append(.unsafeFlags(["-O"], .when(configuration: .debug)))
}
