import Migrations
import Storage

/// What the engine itself says of the schema, in one form for every dialect.
extension Database {
    func tables() async throws -> [String] {
        let statement: SQLStatement =
            switch dialect {
            case .sqlite: "SELECT name AS name FROM sqlite_master WHERE type = 'table' ORDER BY 1"
            case .postgres: "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
            }
        return try await read { try $0.query(statement).map { try $0.text("name") } }
    }

    /// `tenant_id>tenants` for each.
    func foreignKeys(of table: String) async throws -> [String] {
        let statement: SQLStatement =
            switch dialect {
            case .sqlite:
                "SELECT \"from\" || '>' || \"table\" AS key FROM pragma_foreign_key_list(\(table))"
            case .postgres:
                """
                SELECT a.attname || '>' || c.confrelid::regclass::text AS key
                FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
                WHERE c.contype = 'f' AND c.conrelid = to_regclass(\(table))
                """
            }
        return try await read { try $0.query(statement).map { try $0.text("key") } }
    }

    /// The text of the table's CHECKs, with one space between words.
    func checks(of table: String) async throws -> String {
        let statement: SQLStatement =
            switch dialect {
            case .sqlite: "SELECT sql AS text FROM sqlite_master WHERE name = \(table)"
            case .postgres:
                """
                SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint
                WHERE contype = 'c' AND conrelid = to_regclass(\(table))
                """
            }
        let texts = try await read { try $0.query(statement).map { try $0.text("text") } }
        return texts.joined(separator: " ").split(whereSeparator: \.isWhitespace).joined(separator: " ")
            .replacing("( ", with: "(").replacing(" )", with: ")")
    }

    /// `table.column kind needed` for all.
    func columns() async throws -> [String] {
        let statement: SQLStatement =
            switch dialect {
            case .sqlite:
                """
                SELECT m.name || '.' || c.name || ' ' || CASE c.type WHEN 'TEXT' THEN 'text' WHEN 'BLOB' THEN 'bytes'
                    ELSE 'integer' END || CASE c."notnull" WHEN 1 THEN ' needed' ELSE '' END AS shape
                FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY 1
                """
            case .postgres:
                """
                SELECT (table_name || '.' || column_name || ' ' || CASE data_type WHEN 'text' THEN 'text'
                    WHEN 'bytea' THEN 'bytes' WHEN 'bigint' THEN 'integer' ELSE data_type END
                    || CASE is_nullable WHEN 'NO' THEN ' needed' ELSE '' END)::text COLLATE "C" AS shape
                FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1
                """
            }
        return try await read { try $0.query(statement).map { try $0.text("shape") } }
    }
}
