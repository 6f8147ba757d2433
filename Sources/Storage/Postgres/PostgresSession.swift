import CPostgres
import Foundation

/// One connection of libpq's with its prepared statements. Not thread-safe: one owner uses it at a time.
final class PostgresSession {
    /// Statements that are kept prepared. The code has some two hundred; lists of ids add texts of their own.
    static let statementsMax = 500
    static let connectSecondsMax = 10
    /// When the server and the client take each other's machine for dead that says nothing: a client's transactions and
    /// its lock end then. The default of most systems is two hours. On a socket the settings have no effect, and need
    /// none.
    private static let keepalivesIdleSeconds = 15
    private static let keepalivesIntervalSeconds = 5
    private static let keepalivesCount = 3
    /// PostgreSQL before it is not tested.
    static let serverVersionMin: Int32 = 140_000

    private struct Text: Hashable {
        var sql: String
        var types: [SQLType]
    }

    private let address: PostgresAddress
    private let limits: PostgresDatabase.Limits
    private var connection: OpaquePointer?
    private var prepared: [Text: String] = [:]
    private var made = 0

    init(_ address: PostgresAddress, limits: PostgresDatabase.Limits) {
        self.address = address
        self.limits = limits
    }

    deinit { close() }

    func close() {
        if let connection { PQfinish(connection) }
        connection = nil
        prepared = [:]
    }

    /// Connects unless it is connected.
    func open() throws {
        if connection == nil { try connect() }
    }

    // MARK: Transactions

    /// Begins a transaction, connecting first when there is no connection. That it was lost before is no failure.
    func begin(isReadOnly: Bool) throws {
        let begin = "BEGIN ISOLATION LEVEL SERIALIZABLE " + (isReadOnly ? "READ ONLY" : "READ WRITE")
        if connection != nil {
            do {
                return try script(begin)
            } catch let failure as PostgresFailure where failure.error.code == .connectionLost {
                close()
            }
        }
        try open()
        try script(begin)
    }

    /// The first answer of the server that is COMMIT is the durable end. A connection that is lost meanwhile leaves
    /// the outcome unknown.
    func commit() throws {
        let result = try checked(PQexec(live(), "COMMIT"), while: "committing", isRetryableWhenLost: false)
        // In a transaction that has failed, COMMIT answers ROLLBACK without an error.
        guard result.tag == "COMMIT" else {
            throw PostgresFailure(StorageError(.other, "committing: the server rolled back"))
        }
    }

    /// Leaves no transaction open, if need be without a connection.
    func rollback() {
        guard let connection, PQtransactionStatus(connection) != PQTRANS_IDLE else { return }
        do {
            try script("ROLLBACK")
        } catch {
            close()
        }
    }

    // MARK: Statements

    func run(_ statement: SQLStatement) throws -> PostgresResult {
        let connection = try live()
        let text = Text(sql: statement.text { "$\($0)" }, types: statement.types)
        let name = try prepared[text] ?? prepare(text)
        let parameters = PostgresParameters(statement.arguments)
        let answer = parameters.lend { pointers, lengths, formats in
            PQexecPrepared(connection, name, Int32(lengths.count), pointers, lengths, formats, 1)
        }
        return try checked(answer, while: "running a statement")
    }

    /// Several statements without arguments.
    func script(_ text: String) throws {
        _ = try checked(PQexec(live(), text), while: "running a statement")
    }

    // MARK: Announcements

    /// Connects unless it is connected, and has the server send what is announced on `channel`.
    func listen(on channel: String) throws {
        try open()
        try script("LISTEN \(channel)")
    }

    /// What came on it, waiting so long for the first.
    func announced(waitMilliseconds: Int32) throws -> [String] {
        let connection = try live()
        var socket = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
        _ = poll(&socket, 1, waitMilliseconds)
        guard PQconsumeInput(connection) == 1, PQstatus(connection) == CONNECTION_OK else {
            let reason = Self.line(String(cString: PQerrorMessage(connection)))
            close()
            throw PostgresFailure(StorageError(.connectionLost, "listening: the connection was lost: \(reason)"))
        }
        var texts: [String] = []
        while let notice = PQnotifies(connection) {
            texts.append(String(cString: notice.pointee.extra))
            PQfreemem(notice)
        }
        return texts
    }

    private func prepare(_ text: Text) throws -> String {
        if prepared.count >= Self.statementsMax {
            try script("DEALLOCATE ALL")
            prepared = [:]
        }
        made += 1
        let name = "s\(made)"
        let types = text.types.map(PostgresType.of)
        _ = try checked(
            PQprepare(live(), name, text.sql, Int32(types.count), types), while: "preparing a statement")
        prepared[text] = name
        return name
    }

    // MARK: Connecting

    private func live() throws -> OpaquePointer {
        guard let connection else {
            throw PostgresFailure(StorageError(.connectionLost, "there is no connection"), isRetryable: true)
        }
        return connection
    }

    private func connect() throws {
        var options = ["connect_timeout": String(Self.connectSecondsMax)]
        options["application_name"] = "ml-connector \(getpid())"
        // One that only listens would not notice for hours that the server's machine is gone.
        options["keepalives_idle"] = String(Self.keepalivesIdleSeconds)
        options["keepalives_interval"] = String(Self.keepalivesIntervalSeconds)
        options["keepalives_count"] = String(Self.keepalivesCount)
        options.merge(address.options) { $1 }
        options["client_encoding"] = "UTF8"
        let keys = options.keys.sorted()
        let words = keys.map { UnsafePointer(strdup($0)) } + [nil]
        let values = keys.map { UnsafePointer(strdup(options[$0] ?? "")) } + [nil]
        defer { for word in words + values { free(UnsafeMutablePointer(mutating: word)) } }
        connection = PQconnectdbParams(words, values, 0)
        guard let connection, PQstatus(connection) == CONNECTION_OK else {
            // libpq names host, port, user and database here, never the password.
            let reason = connection.map { Self.line(String(cString: PQerrorMessage($0))) } ?? "out of memory"
            close()
            throw PostgresFailure(StorageError(.connectionLost, "cannot connect to \(address): \(reason)"))
        }
        // What the server only remarks would go to standard error.
        _ = PQsetNoticeReceiver(connection, { _, _ in }, nil)
        do {
            try setUp(connection)
        } catch {
            close()
            throw error
        }
    }

    private func setUp(_ connection: OpaquePointer) throws {
        guard PQserverVersion(connection) >= Self.serverVersionMin else {
            let least = Self.serverVersionMin / 10_000
            throw PostgresFailure(StorageError(.other, "\(address) is older than PostgreSQL \(least)"))
        }
        guard PQparameterStatus(connection, "server_encoding").map({ String(cString: $0) }) == "UTF8" else {
            throw PostgresFailure(
                StorageError(.other, "\(address) is not in UTF8: make the database with ENCODING UTF8"))
        }
        // An index's scan marks the pages that it read, a table's the whole table: then every other tenant's write
        // would be a conflict of SERIALIZABLE's. Every query on a tenant's rows has an index that begins with it.
        try script(
            """
            SET lock_timeout = \(limits.lockTimeoutMilliseconds);
            SET idle_in_transaction_session_timeout = \(limits.idleInTransactionMilliseconds);
            SET tcp_keepalives_idle = \(Self.keepalivesIdleSeconds);
            SET tcp_keepalives_interval = \(Self.keepalivesIntervalSeconds);
            SET tcp_keepalives_count = \(Self.keepalivesCount);
            SET enable_seqscan = off;
            SET bytea_output = hex
            """)
        // What was answered with 2xx is on disk. Stronger settings of the server's stay.
        let setting = try run("SELECT current_setting('synchronous_commit') AS value").rows().first?.text("value")
        if setting == "off" || setting == "local" { try script("SET synchronous_commit = on") }
    }

    // MARK: Results

    private func checked(
        _ answer: OpaquePointer?, while doing: String, isRetryableWhenLost: Bool = true
    ) throws -> PostgresResult {
        let result = PostgresResult(answer)
        switch PQresultStatus(answer) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return result
        default: break
        }
        guard let connection, PQstatus(connection) == CONNECTION_OK else {
            let reason = connection.map { Self.line(String(cString: PQerrorMessage($0))) } ?? ""
            close()
            let outcome = isRetryableWhenLost ? "" : " (whether it was committed is not known)"
            throw PostgresFailure(
                StorageError(.connectionLost, "\(doing): the connection was lost\(outcome): \(reason)"),
                isRetryable: isRetryableWhenLost)
        }
        throw PostgresFailure(
            state: result.field("C") ?? "XX000",
            message: result.field("M") ?? "no message", while: doing)
    }

    /// The first line alone.
    private static func line(_ text: String) -> String {
        text.split(separator: "\n").first.map(String.init) ?? "no reason given"
    }
}

/// What the server answered to one statement; freed with this object.
final class PostgresResult {
    private let answer: OpaquePointer?

    init(_ answer: OpaquePointer?) { self.answer = answer }

    deinit { PQclear(answer) }

    /// Like `COMMIT` or `INSERT 0 1`.
    var tag: String { PQcmdStatus(answer).map { String(cString: $0) } ?? "" }

    /// How many rows the command affected; 0 when it is none that counts.
    var affected: Int { PQcmdTuples(answer).flatMap { Int(String(cString: $0)) } ?? 0 }

    /// A field of an error by its letter in the protocol: `C` is the state, `M` the primary message.
    func field(_ letter: Unicode.Scalar) -> String? {
        PQresultErrorField(answer, Int32(letter.value)).map { String(cString: $0) }
    }

    /// Throws `StorageError`.
    func rows() throws -> [SQLRow] {
        let width = PQnfields(answer)
        let columns = (0..<width).map { PQfname(answer, $0).map { String(cString: $0) } ?? "" }
        let types = (0..<width).map { PQftype(answer, $0) }
        return try (0..<PQntuples(answer)).map { row in
            SQLRow(
                columns: columns,
                values: try (0..<width).map { column in
                    guard PQgetisnull(answer, row, column) == 0 else { return .null }
                    let bytes = UnsafeRawBufferPointer(
                        start: PQgetvalue(answer, row, column), count: Int(PQgetlength(answer, row, column)))
                    return try SQLValue(
                        postgres: bytes, type: types[Int(column)], column: columns[Int(column)])
                })
        }
    }
}
