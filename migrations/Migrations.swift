/// One shipped step of the schema's history. A shipped file is never edited: its checksum is in every database.
package struct MigrationFile: Hashable, Sendable {
    package enum Dialect: String, Sendable, CaseIterable {
        case sqlite, postgres
    }

    /// From 1 upwards without gaps.
    package var number: Int
    package var name: String
    package var dialect: Dialect
    /// The SQL script, UTF-8.
    package var bytes: [UInt8]

    package init(number: Int, name: String, dialect: Dialect, bytes: [UInt8]) {
        self.number = number
        self.name = name
        self.dialect = dialect
        self.bytes = bytes
    }

    /// `0001_foundation`
    package var title: String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "_" + name
    }
}

/// The migrations that this binary knows, in order. SwiftPM replaces the first digit of a file's name in the
/// generated constant, so a file is listed here by hand together with its number.
package enum MigrationFiles {
    private static let all: [MigrationFile] = [
        MigrationFile(
            number: 1, name: "foundation", dialect: .sqlite, bytes: PackageResources._001_foundation_sqlite_sql),
        MigrationFile(
            number: 1, name: "foundation", dialect: .postgres, bytes: PackageResources._001_foundation_postgres_sql),
        MigrationFile(
            number: 2, name: "every_state", dialect: .sqlite, bytes: PackageResources._002_every_state_sqlite_sql),
        MigrationFile(
            number: 2, name: "every_state", dialect: .postgres, bytes: PackageResources._002_every_state_postgres_sql),
        MigrationFile(number: 3, name: "hosting", dialect: .sqlite, bytes: PackageResources._003_hosting_sqlite_sql),
        MigrationFile(
            number: 3, name: "hosting", dialect: .postgres, bytes: PackageResources._003_hosting_postgres_sql),
        MigrationFile(number: 4, name: "nodes", dialect: .sqlite, bytes: PackageResources._004_nodes_sqlite_sql),
        MigrationFile(number: 4, name: "nodes", dialect: .postgres, bytes: PackageResources._004_nodes_postgres_sql),
        MigrationFile(number: 5, name: "limits", dialect: .sqlite, bytes: PackageResources._005_limits_sqlite_sql),
        MigrationFile(
            number: 5, name: "limits", dialect: .postgres, bytes: PackageResources._005_limits_postgres_sql),
        MigrationFile(number: 6, name: "growth", dialect: .sqlite, bytes: PackageResources._006_growth_sqlite_sql),
        MigrationFile(
            number: 6, name: "growth", dialect: .postgres, bytes: PackageResources._006_growth_postgres_sql),
    ]

    package static func of(_ dialect: MigrationFile.Dialect) -> [MigrationFile] {
        all.filter { $0.dialect == dialect }
    }
}
