/// What the database refused or could not do. `text` names tables, columns and ids, never a stored value: it is safe
/// to log and to show.
package struct StorageError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// Other transactions were in the way for as long as one waits: the transaction may be run again.
        case busy
        /// The server cannot be reached or was lost; what was to be committed then may or may not have been.
        case connectionLost = "connection_lost"
        case diskFull = "disk_full"
        case ioFailure = "io_failure"
        case damaged
        case notWritable = "not_writable"
        case uniqueViolation = "unique_violation"
        case foreignKeyViolation = "foreign_key_violation"
        case checkViolation = "check_violation"
        /// Any other constraint: NOT NULL, a column's type.
        case constraintViolation = "constraint_violation"
        /// An UPDATE or DELETE of what may only grow.
        case appendOnly = "append_only"
        /// A column is absent or holds what its type here cannot be.
        case unreadableRow = "unreadable_row"
        case notFound = "not_found"
        /// A compare-and-set found another value: read again.
        case conflict
        /// The state does not allow this move.
        case illegalMove = "illegal_move"
        /// The caller is no longer the tenant's owner under this term: it must stop writing.
        case leaseLost = "lease_lost"
        case migrationChanged = "migration_changed"
        case migrationUnknown = "migration_unknown"
        case migrationFailed = "migration_failed"
        case invalidArgument = "invalid_argument"
        case other
    }

    package var code: Code
    package var text: String

    package init(_ code: Code, _ text: String) {
        self.code = code
        self.text = text
    }

    package var description: String { "storage.\(code.rawValue): \(text)" }
}
