#if POSTGRES
    import Foundation
    import Storage
    import Synchronization

    /// One PostgreSQL server for all tests of this process, started by the first that needs it; it ends with the
    /// process. Where it cannot be started, every test that needs it fails.
    enum TestCluster {
        /// So many databases at once, as each takes some connections.
        private static let databasesMax = 8
        private static let template = "migrated"

        private static let cluster = Result {
            try PrivateCluster(.none, password: UUID().uuidString.replacing("-", with: ""))
        }
        private static let permits = Permits(databasesMax)
        private static let templating = Permits(1)
        private static let numbers = Mutex(0)
        /// Databases with the schema whose tests have ended: to empty one is much quicker than to make one.
        private static let spare = Mutex<[String]>([])
        private static let isTemplateMade = Mutex(false)

        /// An address by the port, where a password is asked for.
        static func portURL() throws -> String { try cluster.get().url }

        /// A new database, empty or with the schema.
        static func makeDatabase(isMigrated: Bool) async throws -> TestDatabase {
            await permits.take()
            do {
                if isMigrated {
                    try await makeTemplate()
                    if let name = spare.withLock({ $0.popLast() }) {
                        let database = TestDatabase(url: try cluster.get().url(of: name), name: name)
                        try await empty(database.url)
                        database.isReusable.value = true
                        return database
                    }
                }
                let number = numbers.withLock {
                    $0 += 1
                    return $0
                }
                let name = "store_\(number)"
                let url = try cluster.get().makeDatabase(name, from: isMigrated ? template : "template1")
                let database = TestDatabase(url: url, name: name)
                database.isReusable.value = isMigrated
                return database
            } catch {
                permits.give()
                throw error
            }
        }

        private static func makeTemplate() async throws {
            await templating.take()
            defer { templating.give() }
            guard !isTemplateMade.withLock({ $0 }) else { return }
            let database = PostgresDatabase(try PostgresAddress(url: cluster.get().makeDatabase(template)))
            defer { database.shutDown() }
            try await Migrator(database: database).migrate(now: now)
            isTemplateMade.withLock { $0 = true }
        }

        private static func empty(_ url: String) async throws {
            let database = PostgresDatabase(try PostgresAddress(url: url))
            defer { database.shutDown() }
            try await database.write { db in
                try db.executeScript(
                    """
                    ALTER TABLE audit DISABLE TRIGGER audit_no_change;
                    SET LOCAL session_replication_role = replica;
                    DO $$
                    DECLARE
                        name TEXT;
                    BEGIN
                        FOR name IN SELECT tablename FROM pg_tables
                            WHERE schemaname = 'public' AND tablename <> 'schema_migrations'
                        LOOP
                            EXECUTE 'DELETE FROM ' || quote_ident(name);
                        END LOOP;
                    END
                    $$;
                    ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_no_change;
                    """)
            }
        }

        fileprivate static func giveBack(_ database: TestDatabase) {
            if database.isReusable.value { spare.withLock { $0.append(database.name) } }
            permits.give()
        }
    }

    /// A database that goes when the test does.
    final class TestDatabase: Sendable {
        /// By the socket, without a password.
        let url: String
        fileprivate let name: String
        /// False for one that its test changed beyond its rows.
        let isReusable = Flag()

        fileprivate init(url: String, name: String) {
            self.url = url
            self.name = name
        }

        deinit { TestCluster.giveBack(self) }
    }

    /// Lets so many in at once.
    private final class Permits: Sendable {
        private struct State {
            var free: Int
            var waiting: [CheckedContinuation<Void, Never>] = []
        }

        private let state: Mutex<State>

        init(_ count: Int) { state = Mutex(State(free: count)) }

        func take() async {
            await withCheckedContinuation { continuation in
                let isFree = state.withLock { state in
                    guard state.free > 0 else {
                        state.waiting.append(continuation)
                        return false
                    }
                    state.free -= 1
                    return true
                }
                if isFree { continuation.resume() }
            }
        }

        func give() {
            let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
                guard !state.waiting.isEmpty else {
                    state.free += 1
                    return nil
                }
                return state.waiting.removeFirst()
            }
            next?.resume()
        }
    }
#endif
