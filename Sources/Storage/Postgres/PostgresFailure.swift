/// What libpq or the server refused, and whether the same transaction may be run again from its start.
struct PostgresFailure: Error {
    var error: StorageError
    /// Nothing of the transaction can have been kept.
    var isRetryable = false

    init(_ error: StorageError, isRetryable: Bool = false) {
        self.error = error
        self.isRetryable = isRetryable
    }

    /// - Parameters:
    ///   - state: the server's five characters (PostgreSQL's appendix A).
    ///   - message: its primary message. It names tables and constraints; rows stand in the detail, which is not
    ///     taken, and in data exceptions (class 22), of which only the code is told.
    init(state: String, message: String, while doing: String) {
        let told = state.hasPrefix("22") ? "the server does not take a value (\(state))" : "\(message) (\(state))"
        self.init(StorageError(Self.code(state), "\(doing): \(told)"), isRetryable: Self.retryable.contains(state))
    }

    /// Serialization failure and deadlock: the server has rolled back, and the next attempt sees what won.
    private static let retryable: Set<String> = ["40001", "40P01"]

    private static func code(_ state: String) -> StorageError.Code {
        switch state {
        case "23505": .uniqueViolation
        case "23503": .foreignKeyViolation
        case "23514": .checkViolation
        // Raised by the schema's own trigger.
        case "ML001": .appendOnly
        case "40001", "40P01", "55P03": .busy
        case "25006", "42501": .notWritable
        case "53100": .diskFull
        case "57P01", "57P02", "57P03", "25P03": .connectionLost
        default: code(class: state.prefix(2))
        }
    }

    private static func code(class prefix: Substring) -> StorageError.Code {
        switch prefix {
        case "23": .constraintViolation
        case "22": .invalidArgument
        case "08": .connectionLost
        case "58": .ioFailure
        case "XX": .damaged
        default: .other
        }
    }
}
