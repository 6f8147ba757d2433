import Domain
import Foundation
import GRDB

/// GRDB's connection, lent for one transaction.
final class SQLiteConnection: SQLConnection {
    private let database: GRDB.Database
    /// The first statement that failed. SQLite could go on after it, other engines could not.
    private(set) var failure: StorageError?

    init(_ database: GRDB.Database) { self.database = database }

    func serverTime() -> Timestamp? { nil }

    @discardableResult func execute(_ statement: SQLStatement) throws -> Int {
        try understanding {
            try prepared(statement).execute()
            return database.changesCount
        }
    }

    func query(_ statement: SQLStatement) throws -> [SQLRow] {
        try understanding {
            let prepared = try prepared(statement)
            let columns = prepared.columnNames
            var rows: [SQLRow] = []
            let cursor = try Row.fetchCursor(prepared)
            while let row = try cursor.next() {
                rows.append(SQLRow(columns: columns, values: try row.databaseValues.map(SQLValue.init(sqlite:))))
            }
            return rows
        }
    }

    func executeScript(_ script: String) throws {
        try understanding { try database.execute(sql: script) }
    }

    private func prepared(_ statement: SQLStatement) throws -> Statement {
        let prepared = try database.cachedStatement(sql: statement.text { _ in "?" })
        try prepared.setArguments(StatementArguments(statement.arguments.map(\.sqlite)))
        return prepared
    }

    private func understanding<R>(_ body: () throws -> R) throws -> R {
        if let failure { throw failure }
        do {
            return try body()
        } catch let error as DatabaseError {
            let failure = StorageError(sqlite: error, while: "running a statement")
            self.failure = failure
            throw failure
        }
    }
}

extension SQLValue {
    fileprivate var sqlite: DatabaseValue {
        switch self {
        case .null: .null
        case .integer(let integer): integer.databaseValue
        case .text(let text): text.databaseValue
        case .blob(let bytes): Data(bytes).databaseValue
        }
    }

    fileprivate init(sqlite value: DatabaseValue) throws {
        switch value.storage {
        case .null: self = .null
        case .int64(let integer): self = .integer(integer)
        case .string(let text): self = .text(text)
        case .blob(let data): self = .blob([UInt8](data))
        case .double: throw StorageError(.unreadableRow, "the answer holds a binary float, which no column may")
        }
    }
}

extension StorageError {
    /// SQLite's message names tables and columns; arguments are bound and do not appear in it.
    init(sqlite error: DatabaseError, while doing: String) {
        let code: Code =
            switch error.extendedResultCode {
            case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY, .SQLITE_CONSTRAINT_ROWID: .uniqueViolation
            case .SQLITE_CONSTRAINT_FOREIGNKEY: .foreignKeyViolation
            case .SQLITE_CONSTRAINT_CHECK: .checkViolation
            case .SQLITE_CONSTRAINT_TRIGGER: .appendOnly
            default: Self.code(primary: error.resultCode)
            }
        self.init(code, "\(doing): \(error.message ?? "SQLite code \(error.extendedResultCode.rawValue)")")
    }

    private static func code(primary: ResultCode) -> Code {
        switch primary {
        case .SQLITE_BUSY, .SQLITE_LOCKED: .busy
        case .SQLITE_FULL: .diskFull
        case .SQLITE_IOERR: .ioFailure
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: .damaged
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH: .notWritable
        case .SQLITE_CONSTRAINT: .constraintViolation
        default: .other
        }
    }
}
