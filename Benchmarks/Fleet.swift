#if POSTGRES
    import Domain
    import Foundation
    import LibCrypto
    import Sandbox
    import Storage

    /// Companies on one PostgreSQL with both simulators in this process, for real servers that share them.
    final class Fleet: Sendable {
        /// Of the leases; short, so that a handover does not take long.
        static let leaseSeconds = 3
        private static let patienceSeconds = 600

        let companies: Companies
        let cluster: PrivateCluster
        let database: PostgresDatabase
        let url: String
        let scratch: String

        var tenants: [TenantID] { companies.tenants }
        var invoicesPerCompany: Int { companies.plan.invoicesEach }
        var stripe: StripeSimulator { companies.stripe }
        var visma: VismaSimulator { companies.visma }

        /// - Parameter invoices: so many at least, the same for each company.
        init(scratch: String, tenantCount: Int, invoices: Int, seed: UInt64) async throws {
            self.scratch = scratch
            cluster = try PrivateCluster(.none, password: hex(try secureRandomBytes(16)))
            url = try cluster.makeDatabase("fleet")
            database = PostgresDatabase(try PostgresAddress(url: url))
            companies = try await Companies(
                .init(count: tenantCount, invoicesEach: (invoices + tenantCount - 1) / tenantCount, seed: seed),
                database: database, scratch: scratch)
        }

        func end() {
            database.shutDown()
            cluster.stop()
        }

        // MARK: Servers

        func start(_ name: String, _ systems: Simulators.Systems, _ more: [String: String] = [:]) throws -> Node {
            try Node(
                name: name, scratch: scratch,
                environment: [
                    "MLC_DATABASE": url, "MLC_KEY_FILE": companies.keyFile,
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
