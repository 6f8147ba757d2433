#if POSTGRES
    import Domain
    import Foundation
    import LibCrypto
    import Logging
    import Outbound
    import Sandbox
    import Storage
    import Sync
    import Synchronization
    import Vault

    /// Companies on one PostgreSQL with both simulators in this process, for real servers that share them.
    final class Fleet: Sendable {
        /// Of the leases; short, so that a handover does not take long.
        static let leaseSeconds = 3
        private static let patienceSeconds = 600

        let tenants: [TenantID]
        let invoicesPerCompany: Int
        let cluster: PrivateCluster
        let database: PostgresDatabase
        let url: String
        let scratch: String
        let stripe: StripeSimulator
        let visma: VismaSimulator
        private let clock: SandboxClock

        static func tenant(_ index: Int) -> TenantID { TenantID("company-\(index)") }
        private static func vismaTenant(_ index: Int) -> String {
            let digits = String(index)
            return "7e57ab1e-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
        }
        private static func account(_ index: Int) -> String { "acct_company\(index)" }
        private static func secret(_ index: Int) -> String { "secret-of-company-\(index)" }
        private static func key(_ index: Int) -> String { "rk_test_company\(index)0123456789abcdef" }

        /// - Parameter invoices: so many at least, the same for each company.
        init(scratch: String, tenantCount: Int, invoices: Int, seed: UInt64) async throws {
            self.scratch = scratch
            invoicesPerCompany = (invoices + tenantCount - 1) / tenantCount
            tenants = (1...tenantCount).map(Self.tenant)
            cluster = try PrivateCluster(.none, password: hex(try secureRandomBytes(16)))
            url = try cluster.makeDatabase("fleet")
            database = PostgresDatabase(try PostgresAddress(url: url))
            clock = .running()
            stripe = StripeSimulator(clock: clock, seed: seed)
            visma = VismaSimulator(clock: clock, seed: seed)
            for index in 1...tenantCount { try plant(index) }
            try await Migrator(database: database).migrate(now: Stage.now())
            try await admit()
        }

        func end() {
            database.shutDown()
            cluster.stop()
        }

        private func plant(_ index: Int) throws {
            visma.addCompany(
                VismaCompany(
                    tenantID: Self.vismaTenant(index), number: "\(index)", name: "Company \(index)",
                    clientID: "client-\(index)", clientSecret: Self.secret(index), baseCurrency: "NOK",
                    cashAccounts: [.init(number: "1580", description: "Stripe", currency: "NOK", entryTypes: [])],
                    paymentMethods: [.init(id: "3", description: "Stripe")], behaviour: VismaBehaviour()))
            stripe.addAccount(
                id: Self.account(index), secretKey: Self.key(index), country: "NO", supportedCurrencies: ["nok"])
            let customer = try visma.addCustomer(
                VismaCustomerSeed(
                    name: "Customer \(index)", mainEmail: "customer\(index)@example.com", street: "Storgata 1",
                    postalCode: "0155", city: "Oslo"), in: Self.vismaTenant(index))
            let today = LocalDate(daysSince1970: Int(Stage.now().unixSeconds / 86_400))
            for number in 1...invoicesPerCompany {
                _ = try visma.addInvoice(
                    VismaInvoiceSeed(
                        customer: customer, date: today.adding(days: -3).description,
                        dueDate: today.adding(days: 11).description,
                        lines: [.init("Consulting", quantity: "\(number)", unitPrice: "1250.00")]),
                    in: Self.vismaTenant(index))
            }
        }

        private func admit() async throws {
            let keyFile = scratch + "/master.key"
            _ = try MasterKeyFile.generate(at: keyFile, randomBytes: { try secureRandomBytes($0) })
            let vault = Vault(
                database: database, keys: try MasterKeyRing(file: keyFile), randomBytes: { try secureRandomBytes($0) })
            let nowhere = try HostRules().baseURL("http://127.0.0.1:1")
            let environment = SyncEnvironment(
                database: database, vault: vault, now: Stage.now, makeID: { UUID().uuidString },
                transport: NoNetwork(), endpoints: .init(vismaAPI: nowhere, vismaConnect: nowhere, stripe: nowhere),
                log: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }, node: "bench")
            let admin = TenantAdmin(environment: environment, actor: "cli:bench")
            for index in 1...tenants.count {
                let manifest = try Manifest(yaml: Self.manifest(index))
                try await admin.add(manifest)
                for (purpose, secret) in [
                    (CredentialPurpose.vismaClientID, "client-\(index)"), (.vismaClientSecret, Self.secret(index)),
                    (.stripeKey, Self.key(index)),
                ] {
                    _ = try await admin.setCredential(purpose, Secret(secret), of: manifest.id)
                }
                _ = try await admin.apply(manifest)
            }
        }

        private static func manifest(_ index: Int) -> String {
            """
            id: \(tenant(index))
            name: Company \(index)
            state: active
            visma:
              tenant: \(vismaTenant(index))
            stripe:
              account: \(account(index))
            policy:
              time_zone: Europe/Oslo
              start_date: "2020-01-01"
              payment_method: "3"
              poll_seconds: 3600
              cash_accounts:
                NOK: "1580"
            """
        }

        // MARK: Servers

        struct Systems: Sendable {
            var stripePort: Int
            var vismaPort: Int
        }

        /// Runs both simulators for the length of `body`.
        func whileServing<R: Sendable>(_ body: @escaping @Sendable (Systems) async throws -> R) async throws -> R {
            var quiet = Logger(label: "bench")
            quiet.logLevel = .error
            let (log, visma) = (quiet, visma)
            return try await SandboxServer(stripe: stripe, logger: log).whileServing { stripePort in
                try await SandboxServer(other: { visma.handle($0) }, logger: log).whileServing { vismaPort in
                    try await body(Systems(stripePort: stripePort, vismaPort: vismaPort))
                }
            }
        }

        func start(_ name: String, _ systems: Systems, _ more: [String: String] = [:]) throws -> Node {
            try Node(
                name: name, scratch: scratch,
                environment: [
                    "MLC_DATABASE": url, "MLC_KEY_FILE": scratch + "/master.key",
                    "MLC_STRIPE_URL": "http://127.0.0.1:\(systems.stripePort)",
                    "MLC_VISMA_API_URL": "http://127.0.0.1:\(systems.vismaPort)",
                    "MLC_VISMA_CONNECT_URL": "http://127.0.0.1:\(systems.vismaPort)",
                    // Nobody listens there: webhooks are carried to the servers as a load balancer would.
                    "MLC_PUBLIC_URL": "http://127.0.0.1:9", "MLC_LEASE_SECONDS": "\(Self.leaseSeconds)",
                    "MLC_VISMA_TIMEOUT_SECONDS": "2", "MLC_STRIPE_TIMEOUT_SECONDS": "2",
                    "MLC_LATE_EFFECT_SECONDS": "1",
                ].merging(more) { $1 })
        }

        /// Asks again and again until it is so.
        static func until(_ what: String, _ isSo: () async throws -> Bool) async throws {
            let limit = ContinuousClock.now + .seconds(patienceSeconds)
            while try await !isSo() {
                guard ContinuousClock.now < limit else { throw Load.Failed(description: "never: \(what)") }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// A real server in a process of its own.
    final class Node: Sendable {
        let name: String
        private let process: Process
        private let scratch: String
        private let settings: [String: String]
        let log: String

        private static let binary = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "ml-connector")

        init(name: String, scratch: String, environment: [String: String]) throws {
            self.name = name
            self.scratch = scratch
            settings = environment
            log = scratch + "/\(name).log"
            guard FileManager.default.createFile(atPath: log, contents: nil) else {
                throw Load.Failed(description: "cannot write \(log)")
            }
            process = Process()
            process.executableURL = Self.binary
            process.arguments = ["serve", "--port", "0", "--port-file", scratch + "/\(name).port"]
            process.environment = environment
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle(forWritingAtPath: log)
            try Self.start(process)
        }

        deinit { signal(SIGKILL) }

        /// A child inherits the blocked signals of the thread that starts it, and a server must hear SIGTERM.
        private static func start(_ process: Process) throws {
            var none = sigset_t()
            var former = sigset_t()
            sigemptyset(&none)
            pthread_sigmask(SIG_SETMASK, &none, &former)
            defer { pthread_sigmask(SIG_SETMASK, &former, nil) }
            try process.run()
        }

        /// How the log names it: `host-process-random`.
        var processID: Int32 { process.processIdentifier }
        var isRunning: Bool { process.isRunning }
        var status: Int32 { process.terminationStatus }

        func signal(_ signal: Int32) { if process.isRunning { kill(process.processIdentifier, signal) } }

        /// It stands still, by SIGSTOP.
        var isPaused: Bool {
            guard let text = FileManager.default.contents(atPath: "/proc/\(processID)/stat") else { return false }
            // The state follows the name, which may hold anything and ends with the last parenthesis.
            return String(decoding: text, as: UTF8.self).split(separator: ")").last?.hasPrefix(" T") == true
        }

        /// Nil until it takes requests.
        var port: Int? {
            guard let text = FileManager.default.contents(atPath: scratch + "/\(name).port") else { return nil }
            return Int(String(decoding: text, as: UTF8.self).filter(\.isNumber))
        }

        func said() -> String {
            FileManager.default.contents(atPath: log).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }

        /// Another command of the program, with the same settings: its exit status.
        func run(_ arguments: String...) async throws -> Int32 {
            let command = Process()
            command.executableURL = Self.binary
            command.arguments = arguments
            command.environment = settings
            command.standardOutput = FileHandle.nullDevice
            command.standardError = FileHandle(forWritingAtPath: log)
            try Self.start(command)
            try await Fleet.until("\(arguments) ends") { !command.isRunning }
            return command.terminationStatus
        }
    }
#endif
