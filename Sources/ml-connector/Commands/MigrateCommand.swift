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
        let address = settings.database
        if status, let path = address.path, !FileManager.default.fileExists(atPath: path) {
            return show(
                try await Migrator(database: SQLiteDatabase(.inline(path: nil))).status(), address, exists: false)
        }
        if !status { try Assembly.makeParent(of: address) }
        let lock = status ? nil : try await address.acquireLock()
        let database = try address.open()
        defer { try? database.shutDown() }
        let migrator = Migrator(database: database)
        let before = try await migrator.status()
        if status || before.isCurrent { return show(before, address, exists: true) }
        guard lock != nil else {
            throw Failure(.refused, "\(address.lockHolder) works on \(address): stop it, then migrate")
        }
        try await migrator.migrate(now: SystemSource.now())
        show(try await migrator.status(), address, exists: true)
        withExtendedLifetime(lock) {}
    }

    private func show(_ status: Migrator.Status, _ address: DatabaseAddress, exists: Bool) {
        format.show([
            "database": .text(address.description), "exists": .flag(exists), "is_current": .flag(status.isCurrent),
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
