import Foundation

/// Where the rows are: the path of a SQLite file, or the URL of a PostgreSQL database.
package struct DatabaseAddress: Sendable, CustomStringConvertible {
    private enum Engine: Sendable {
        case sqlite(path: String)
        #if POSTGRES
            case postgres(PostgresAddress)
        #endif
    }

    private let engine: Engine

    /// Takes a path, or `postgres://USER@HOST:PORT/NAME?...`. Throws `.invalidArgument`.
    package init(_ text: String) throws {
        guard let scheme = text.firstRange(of: "://").map({ text[..<$0.lowerBound].lowercased() }) else {
            engine = .sqlite(path: text)
            return
        }
        guard ["postgres", "postgresql"].contains(scheme) else {
            throw StorageError(
                .invalidArgument, "write the path of a SQLite file, or postgres://USER@HOST:PORT/NAME?sslmode=MODE")
        }
        #if POSTGRES
            engine = .postgres(try PostgresAddress(url: text))
        #else
            throw StorageError(
                .invalidArgument,
                "this binary was built without PostgreSQL: build it with ML_CONNECTOR_POSTGRES=1, or give the path of "
                    + "a SQLite file")
        #endif
    }

    /// What may be shown: never a password.
    package var description: String {
        switch engine {
        case .sqlite(let path): path
        #if POSTGRES
            case .postgres(let address): address.description
        #endif
        }
    }

    package var hasPassword: Bool {
        switch engine {
        case .sqlite: false
        #if POSTGRES
            case .postgres(let address): address.hasPassword
        #endif
        }
    }

    /// The file; nil when a server keeps the rows.
    package var path: String? {
        switch engine {
        case .sqlite(let path): path
        #if POSTGRES
            case .postgres: nil
        #endif
        }
    }

    /// Opens it. A SQLite file is made when there is none; a server's database must be there.
    package func open() throws -> any Database {
        switch engine {
        case .sqlite(let path): try SQLiteDatabase(.pool(path: path))
        #if POSTGRES
            case .postgres(let address): PostgresDatabase(address)
        #endif
        }
    }

    /// Nil when another process holds it.
    package nonisolated(nonsending) func acquireLock() async throws -> (any ProcessLock)? {
        switch engine {
        case .sqlite(let path): try FileLock.acquire(database: path)
        #if POSTGRES
            case .postgres(let address): try await PostgresLock.acquire(address, isShared: false)
        #endif
        }
    }

    /// The lock as several nodes have it at the same time. Nil when another process holds it alone, or when the engine
    /// serves one process only.
    package nonisolated(nonsending) func acquireSharedLock() async throws -> (any ProcessLock)? {
        switch engine {
        case .sqlite: nil
        #if POSTGRES
            case .postgres(let address): try await PostgresLock.acquire(address, isShared: true)
        #endif
        }
    }

    /// Several nodes may work on it.
    package var isForMany: Bool { path == nil }

    /// Who holds the lock, for an error's text only.
    package var lockHolder: String {
        switch engine {
        case .sqlite(let path): FileLock.holder(database: path)
        #if POSTGRES
            case .postgres: "another process"
        #endif
        }
    }
}

/// The right to work on a database: as the only process, or among others that share it. It ends with this object, and
/// with the process however that dies. Who holds it alone knows that no other owner of a lease lives.
package protocol ProcessLock: AnyObject, Sendable {
    /// Lets others share what this process held alone, where the engine serves several.
    func share() async throws
}
