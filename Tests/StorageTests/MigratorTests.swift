import Migrations
import Storage
import Testing

@Suite("Migrations")
struct MigratorTests {
    private func file(_ number: Int, _ name: String, _ sql: String) -> MigrationFile {
        MigrationFile(number: number, name: name, dialect: .sqlite, bytes: Array(sql.utf8))
    }

    private func failure(_ body: () async throws -> Void) async -> StorageError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? StorageError
        }
    }

    @Test("the shipped files are numbered from 1 without gaps and hold SQL")
    func shipped() {
        #expect(MigrationFiles.all.map(\.number) == Array(1...MigrationFiles.all.count))
        #expect(MigrationFiles.all.allSatisfy { String(decoding: $0.bytes, as: UTF8.self).contains("CREATE TABLE") })
        #expect(MigrationFiles.all.first?.title == "0001_foundation")
    }

    @Test("a new database is brought up once, and a second run does nothing")
    func fresh() async throws {
        let database = try SQLiteDatabase(.inline(path: nil))
        let migrator = Migrator(database: database)
        #expect(try await migrator.status().pending.map(\.title) == ["0001_foundation", "0002_every_state"])
        #expect(try await migrator.migrate(now: now) == ["0001_foundation", "0002_every_state"])
        #expect(try await migrator.migrate(now: now) == [])
        let status = try await migrator.status()
        #expect(status.isCurrent)
        #expect(status.applied.map(\.appliedAt) == [now, now])
        #expect(status.applied.first?.checksum.count == 64)
    }

    @Test("later files are applied in order on what is there")
    func later() async throws {
        let database = try SQLiteDatabase(.inline(path: nil))
        let first = file(1, "one", "CREATE TABLE one (a INTEGER) STRICT; INSERT INTO one VALUES (1);")
        let second = file(2, "two", "ALTER TABLE one ADD COLUMN b INTEGER;")
        try await Migrator(database: database, files: [first]).migrate(now: now)
        #expect(try await Migrator(database: database, files: [first, second]).migrate(now: now) == ["0002_two"])
        #expect(try await database.read { try $0.query("SELECT a, b FROM one").count } == 1)
    }

    @Test("a file that was edited after it was applied is refused by name, with the remedy")
    func edited() async throws {
        let database = try SQLiteDatabase(.inline(path: nil))
        try await Migrator(database: database, files: [file(1, "one", "CREATE TABLE one (a);")]).migrate(now: now)
        let changed = Migrator(
            database: database, files: [file(1, "one", "CREATE TABLE one (b);"), file(2, "two", "SELECT 1;")])
        let error = await failure { try await changed.migrate(now: now) }
        #expect(error?.code == .migrationChanged)
        #expect(error?.text.contains("0001_one") == true)
        #expect(error?.text.contains("never edited") == true)
        #expect(await failure { _ = try await changed.status() }?.code == .migrationChanged)
        // Nothing after it was applied either.
        let count = try await database.read { try $0.query("SELECT number FROM schema_migrations").count }
        #expect(count == 1)
    }

    @Test("a renamed file is refused")
    func renamed() async throws {
        let database = try SQLiteDatabase(.inline(path: nil))
        try await Migrator(database: database, files: [file(1, "one", "SELECT 1;")]).migrate(now: now)
        let other = Migrator(database: database, files: [file(1, "other", "SELECT 1;")])
        #expect(await failure { try await other.migrate(now: now) }?.code == .migrationChanged)
    }

    @Test("a history newer than the binary is refused by name, with the remedy")
    func newer() async throws {
        let database = try SQLiteDatabase(.inline(path: nil))
        let first = file(1, "one", "CREATE TABLE one (a);")
        try await Migrator(database: database, files: [first, file(2, "two", "SELECT 1;")]).migrate(now: now)
        let old = Migrator(database: database, files: [first])
        let error = await failure { try await old.migrate(now: now) }
        #expect(error?.code == .migrationUnknown)
        #expect(error?.text.contains("0002_two") == true)
        #expect(error?.text.contains("newer") == true)
    }

    @Test("a migration that fails half way leaves nothing of itself and names itself")
    func failing() async throws {
        let database = try SQLiteDatabase(.inline(path: nil))
        let files = [
            file(1, "one", "CREATE TABLE one (a);"),
            file(2, "two", "CREATE TABLE two (a); INSERT INTO absent VALUES (1);"),
        ]
        let error = await failure { try await Migrator(database: database, files: files).migrate(now: now) }
        #expect(error?.code == .migrationFailed)
        #expect(error?.text.contains("0002_two") == true)
        let status = try await Migrator(database: database, files: files).status()
        #expect(status.applied.map(\.name) == ["one"])
        let tables = try await database.read { try $0.query("SELECT name FROM sqlite_master WHERE name = 'two'") }
        #expect(tables.isEmpty)
    }

    @Test("two processes that start together apply each migration once")
    func together() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/store.sqlite"
        try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await Migrator(database: SQLiteDatabase(.pool(path: path))).migrate(now: now)
                }
            }
            var titles: [String] = []
            for try await applied in group { titles += applied }
            #expect(titles.sorted() == MigrationFiles.all.map(\.title))
        }
    }
}
