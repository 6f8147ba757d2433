import CPostgres

/// Where a PostgreSQL database is and how to reach it, as libpq reads it from a URL. It may hold a password and shows
/// none.
package struct PostgresAddress: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    /// What may be shown: user, host, port, database and TLS mode.
    package let description: String
    package var hasPassword: Bool { options["password"] != nil || options["sslpassword"] != nil }
    package var customMirror: Mirror { Mirror(self, children: ["address": description]) }

    /// libpq's keywords and their values.
    let options: [String: String]

    /// Takes `postgres://user@host:port/name?sslmode=...` with every keyword of libpq. Throws `.invalidArgument`. No
    /// text of libpq's is repeated, as it may quote the password.
    package init(url: String) throws {
        guard let list = PQconninfoParse(url, nil) else {
            throw Self.wrong("libpq does not read it as a URL (a password's special characters are to be %-encoded)")
        }
        defer { PQconninfoFree(list) }
        var options: [String: String] = [:]
        var entry = list
        while let keyword = entry.pointee.keyword {
            if let value = entry.pointee.val, value.pointee != 0 {
                options[String(cString: keyword)] = String(cString: value)
            }
            entry += 1
        }
        guard options["dbname"] != nil else { throw Self.wrong("it names no database") }
        guard Self.isLocal(options) || options["sslmode"] != nil else {
            throw Self.wrong(
                "the database is on another host and nothing says whether to use TLS: add ?sslmode=verify-full, or "
                    + "what you mean instead")
        }
        self.options = options
        description = Self.shown(options)
    }

    private init(options: [String: String]) {
        self.options = options
        description = Self.shown(options)
    }

    /// Another database of the same server.
    package func database(named name: String) -> PostgresAddress {
        PostgresAddress(options: options.merging(["dbname": name]) { $1 })
    }

    /// A socket's directory or this machine's own address: nothing goes over a network.
    private static func isLocal(_ options: [String: String]) -> Bool {
        (options["hostaddr"] ?? options["host"] ?? "/").split(separator: ",").allSatisfy { host in
            host.hasPrefix("/") || host.hasPrefix("@") || host == "localhost" || host == "::1"
                || host.hasPrefix("127.")
        }
    }

    private static func shown(_ options: [String: String]) -> String {
        var text = "postgres://"
        if let user = options["user"] { text += user + "@" }
        if let host = options["host"] ?? options["hostaddr"] { text += host }
        if let port = options["port"] { text += ":" + port }
        text += "/" + (options["dbname"] ?? "")
        if let mode = options["sslmode"] { text += "?sslmode=" + mode }
        return text
    }

    private static func wrong(_ what: String) -> StorageError {
        StorageError(.invalidArgument, "\(what); write postgres://USER@HOST:PORT/NAME?sslmode=MODE")
    }
}
