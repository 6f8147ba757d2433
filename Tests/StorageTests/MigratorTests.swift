import Migrations
import Storage
import Testing

@Suite("Migrations")
struct MigratorTests {
    private func file(_ number: Int, _ name: String, _ sql: String) -> MigrationFile {
        MigrationFile(number: number, name: name, dialect: .sqlite, bytes: Array(sql.utf8))
    }

    /// An empty database, and what keeps its place.
    private func empty(_ engine: Engine) async throws -> (place: Place, database: any Database) {
        let place = try await Place(engine, isMigrated: false)
        return (place, try place.open())
    }

    private func failure(_ body: () async throws -> Void) async -> StorageError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? StorageError
        }
    }

    @Test(
        "the shipped files are numbered from 1 without gaps, hold SQL, and are the same for every dialect",
        arguments: MigrationFile.Dialect.allCases)
    func shipped(_ dialect: MigrationFile.Dialect) {
        let files = MigrationFiles.of(dialect)
        #expect(files.map(\.number) == [1, 2, 3, 4, 5, 6])
        #expect(files.map(\.title) == MigrationFiles.of(.sqlite).map(\.title))
        #expect(files.allSatisfy { String(decoding: $0.bytes, as: UTF8.self).contains("CREATE ") })
        #expect(files.first?.title == "0001_foundation")
    }

    @Test("a new database is brought up once, and a second run does nothing", arguments: Engine.dialects)
    func fresh(_ engine: Engine) async throws {
        let (place, database) = try await empty(engine)
        defer { withExtendedLifetime(place) {} }
        let migrator = Migrator(database: database)
        let titles = [
            "0001_foundation", "0002_every_state", "0003_hosting", "0004_nodes", "0005_limits", "0006_growth",
        ]
        #expect(try await migrator.status().pending.map(\.title) == titles)
        #expect(try await migrator.migrate(now: now) == titles)
        #expect(try await migrator.migrate(now: now) == [])
        let status = try await migrator.status()
        #expect(status.isCurrent)
        #expect(status.applied.map(\.appliedAt) == Array(repeating: now, count: titles.count))
        #expect(status.applied.first?.checksum.count == 64)
    }

    @Test("later files are applied in order on what is there", arguments: Engine.dialects)
    func later(_ engine: Engine) async throws {
        let (place, database) = try await empty(engine)
        defer { withExtendedLifetime(place) {} }
        let first = file(1, "one", "CREATE TABLE one (a INTEGER); INSERT INTO one VALUES (1);")
        let second = file(2, "two", "ALTER TABLE one ADD COLUMN b INTEGER;")
        try await Migrator(database: database, files: [first]).migrate(now: now)
        #expect(try await Migrator(database: database, files: [first, second]).migrate(now: now) == ["0002_two"])
        #expect(try await database.read { try $0.query("SELECT a, b FROM one").count } == 1)
    }

    @Test("a file that was edited after it was applied is refused by name, with the remedy", arguments: Engine.dialects)
    func edited(_ engine: Engine) async throws {
        let (place, database) = try await empty(engine)
        defer { withExtendedLifetime(place) {} }
        try await Migrator(database: database, files: [file(1, "one", "CREATE TABLE one (a TEXT);")]).migrate(now: now)
        let changed = Migrator(
            database: database, files: [file(1, "one", "CREATE TABLE one (b TEXT);"), file(2, "two", "SELECT 1;")])
        let error = await failure { try await changed.migrate(now: now) }
        #expect(error?.code == .migrationChanged)
        #expect(error?.text.contains("0001_one") == true)
        #expect(error?.text.contains("never edited") == true)
        #expect(await failure { _ = try await changed.status() }?.code == .migrationChanged)
        // Nothing after it was applied either.
        let count = try await database.read { try $0.query("SELECT number FROM schema_migrations").count }
        #expect(count == 1)
    }

    @Test("a renamed file is refused", arguments: Engine.dialects)
    func renamed(_ engine: Engine) async throws {
        let (place, database) = try await empty(engine)
        defer { withExtendedLifetime(place) {} }
        try await Migrator(database: database, files: [file(1, "one", "SELECT 1;")]).migrate(now: now)
        let other = Migrator(database: database, files: [file(1, "other", "SELECT 1;")])
        #expect(await failure { try await other.migrate(now: now) }?.code == .migrationChanged)
    }

    @Test("a history newer than the binary is refused by name, with the remedy", arguments: Engine.dialects)
    func newer(_ engine: Engine) async throws {
        let (place, database) = try await empty(engine)
        defer { withExtendedLifetime(place) {} }
        let first = file(1, "one", "CREATE TABLE one (a TEXT);")
        try await Migrator(database: database, files: [first, file(2, "two", "SELECT 1;")]).migrate(now: now)
        let old = Migrator(database: database, files: [first])
        let error = await failure { try await old.migrate(now: now) }
        #expect(error?.code == .migrationUnknown)
        #expect(error?.text.contains("0002_two") == true)
        #expect(error?.text.contains("newer") == true)
    }

    @Test("a migration that fails half way leaves nothing of itself and names itself", arguments: Engine.dialects)
    func failing(_ engine: Engine) async throws {
        let (place, database) = try await empty(engine)
        defer { withExtendedLifetime(place) {} }
        let files = [
            file(1, "one", "CREATE TABLE one (a TEXT);"),
            file(2, "two", "CREATE TABLE two (a TEXT); INSERT INTO absent VALUES (1);"),
        ]
        let error = await failure { try await Migrator(database: database, files: files).migrate(now: now) }
        #expect(error?.code == .migrationFailed)
        #expect(error?.text.contains("0002_two") == true)
        let status = try await Migrator(database: database, files: files).status()
        #expect(status.applied.map(\.name) == ["one"])
        #expect(try await database.tables() == ["one", "schema_migrations"])
    }

    @Test(
        "two processes that start together apply each migration once",
        arguments: Engine.allCases.filter { $0 != .inline })
    func together(_ engine: Engine) async throws {
        let place = try await Place(engine, isMigrated: false)
        try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<4 {
                group.addTask { try await Migrator(database: place.open()).migrate(now: now) }
            }
            var titles: [String] = []
            for try await applied in group { titles += applied }
            #expect(titles.sorted() == MigrationFiles.of(.sqlite).map(\.title))
        }
    }
}
