package import Domain
import LibCrypto
package import Migrations

/// Brings a database to the schema that this binary knows: forward only, each migration in a transaction of its own.
package struct Migrator: Sendable {
    /// A migration that the database has had.
    package struct Applied: Hashable, Sendable {
        package var number: Int
        package var name: String
        /// SHA-256 of the file in hexadecimal.
        package var checksum: String
        package var appliedAt: Timestamp
    }

    package struct Status: Hashable, Sendable {
        package var applied: [Applied]
        package var pending: [MigrationFile]
        package var isCurrent: Bool { pending.isEmpty }
        /// `0002_later`, in order.
        package var pendingTitles: [String] { pending.map(\.title) }
    }

    /// Held on PostgreSQL for the length of a migration; any number that nothing else here uses.
    private static let lockKey: Int64 = 0x6d6c_6331

    private let database: any Database
    private let files: [MigrationFile]

    /// `files` are the shipped ones of the database's dialect unless given.
    package init(database: any Database, files: [MigrationFile]? = nil) {
        self.database = database
        self.files = files ?? MigrationFiles.of(database.dialect)
    }

    /// What was applied and what is pending. Throws `.migrationChanged` or `.migrationUnknown` when the database's
    /// history is not the beginning of this binary's: then nothing may be started on it.
    package nonisolated(nonsending) func status() async throws -> Status {
        let (files, dialect) = (files, database.dialect)
        return try await database.read { try Self.status($0, files: files, dialect) }
    }

    /// Applies what is pending and answers the titles. Two processes may start together: each migration is decided
    /// inside its own transaction.
    @discardableResult
    package nonisolated(nonsending) func migrate(now: Timestamp) async throws -> [String] {
        let (files, dialect) = (files, database.dialect)
        var titles: [String] = []
        while let title = try await database.write({ try Self.applyNext($0, files: files, dialect, now: now) }) {
            titles.append(title)
        }
        return titles
    }

    private static func status(
        _ db: any SQLConnection, files: [MigrationFile], _ dialect: MigrationFile.Dialect
    ) throws -> Status {
        let applied = try history(db, dialect)
        for (index, row) in applied.enumerated() {
            let title = MigrationFile(number: row.number, name: row.name, dialect: dialect, bytes: []).title
            guard index < files.count else {
                throw StorageError(
                    .migrationUnknown,
                    "the database has had migration \(title), which this binary does not know: run the version of "
                        + "ml-connector that applied it or a newer one, or restore a backup taken before it")
            }
            let file = files[index]
            guard file.number == row.number, file.name == row.name, checksum(file) == row.checksum else {
                throw StorageError(
                    .migrationChanged,
                    "migration \(title) was applied at \(row.appliedAt) with other text than this binary's "
                        + "\(file.title): a shipped migration is never edited, so run a released ml-connector or "
                        + "restore the file")
            }
        }
        return Status(applied: applied, pending: Array(files.dropFirst(applied.count)))
    }

    private static func applyNext(
        _ db: any SQLConnection, files: [MigrationFile], _ dialect: MigrationFile.Dialect, now: Timestamp
    ) throws -> String? {
        if dialect == .postgres {
            // Each statement sees what was committed before it, so that after the wait for another process its
            // migration is seen.
            try db.executeScript("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            try db.executeScript("SELECT pg_advisory_xact_lock(\(lockKey))")
        }
        guard let file = try status(db, files: files, dialect).pending.first else { return nil }
        try db.execute(
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                number BIGINT NOT NULL PRIMARY KEY,
                name TEXT NOT NULL,
                checksum TEXT NOT NULL,
                applied_at BIGINT NOT NULL
            )
            """)
        do {
            try db.executeScript(String(decoding: file.bytes, as: UTF8.self))
        } catch let error as StorageError {
            throw StorageError(
                .migrationFailed,
                "migration \(file.title) failed and was rolled back (\(error.text)): nothing of it was kept; remove "
                    + "the cause and run `ml-connector migrate` again")
        }
        try db.execute(
            """
            INSERT INTO schema_migrations (number, name, checksum, applied_at)
            VALUES (\(file.number), \(file.name), \(checksum(file)), \(now))
            """)
        return file.title
    }

    private static func history(_ db: any SQLConnection, _ dialect: MigrationFile.Dialect) throws -> [Applied] {
        let table: SQLStatement =
            switch dialect {
            case .sqlite: "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'"
            case .postgres:
                """
                SELECT tablename FROM pg_tables
                WHERE schemaname = current_schema() AND tablename = 'schema_migrations'
                """
            }
        guard try !db.query(table).isEmpty else { return [] }
        return try db.query("SELECT number, name, checksum, applied_at FROM schema_migrations ORDER BY number").map {
            Applied(
                number: try $0.int("number"), name: try $0.text("name"), checksum: try $0.text("checksum"),
                appliedAt: try $0.timestamp("applied_at"))
        }
    }

    private static func checksum(_ file: MigrationFile) -> String { hex(sha256(file.bytes)) }
}
