import ArgumentParser
import Foundation
import Storage

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Brings the database to this version's schema, making it when there is none.",
        discussion: """
            Forward only; a database that a newer version has migrated is refused. Running it again does nothing.

            Example: ml-connector migrate --status
            """)

    @Flag(name: .long, help: "Only tell what was applied and what is pending.")
    var status = false

    @OptionGroup var store: StoreOptions
    @OptionGroup var format: OutputOptions

    func run() async throws {
        let settings = try Settings.load(store.given)
        let path = settings.databasePath
        if status, !FileManager.default.fileExists(atPath: path) {
            return show(try await Migrator(database: SQLiteDatabase(.inline(path: nil))).status(), path, exists: false)
        }
        if !status { try Assembly.makeParent(of: path) }
        let lock = status ? nil : try ProcessLock.acquire(database: path)
        let database = try SQLiteDatabase(.pool(path: path))
        defer { try? database.shutDown() }
        let migrator = Migrator(database: database)
        let before = try await migrator.status()
        if status || before.isCurrent { return show(before, path, exists: true) }
        guard lock != nil else {
            throw Failure(
                .refused, "\(ProcessLock.holder(database: path)) works on \(path): stop it, then migrate")
        }
        try await migrator.migrate(now: SystemSource.now())
        show(try await migrator.status(), path, exists: true)
        withExtendedLifetime(lock) {}
    }

    private func show(_ status: Migrator.Status, _ path: String, exists: Bool) {
        format.show([
            "database": .text(path), "exists": .flag(exists), "is_current": .flag(status.isCurrent),
            "applied": Value(
                status.applied.map { migration in
                    [
                        "number": Value(migration.number), "name": .text(migration.name),
                        "applied_at": Value(migration.appliedAt),
                    ]
                }),
            "pending": Value(texts: status.pendingTitles),
        ])
    }
}
