/// The types of the server's catalogue that statements and answers use (`pg_type.oid`, which never change).
enum PostgresType {
    static let boolean: UInt32 = 16
    static let bytes: UInt32 = 17
    static let name: UInt32 = 19
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let oid: UInt32 = 26
    static let varchar: UInt32 = 1043
    static let void: UInt32 = 2278

    static func of(_ type: SQLType) -> UInt32 {
        switch type {
        case .integer: int8
        case .text: text
        case .blob: bytes
        }
    }
}

/// Arguments in libpq's binary form, one buffer for all.
struct PostgresParameters {
    private var buffer: [UInt8] = []
    /// Nil for NULL.
    private var offsets: [Int?] = []
    private var lengths: [Int32] = []

    init(_ values: [SQLValue]) {
        offsets.reserveCapacity(values.count)
        lengths.reserveCapacity(values.count)
        for value in values {
            let start = buffer.count
            switch value {
            case .null: break
            case .integer(let integer): withUnsafeBytes(of: integer.bigEndian) { buffer.append(contentsOf: $0) }
            case .text(let text): buffer.append(contentsOf: text.utf8)
            case .blob(let bytes): buffer.append(contentsOf: bytes)
            }
            offsets.append(value == .null ? nil : start)
            lengths.append(Int32(buffer.count - start))
        }
        // An empty value is told from NULL by its pointer, so there is one even when nothing was written.
        buffer.append(0)
    }

    /// Lends libpq's three arrays: pointers, lengths and formats (1 is binary).
    func lend<R>(
        _ body: (_ pointers: [UnsafePointer<CChar>?], _ lengths: [Int32], _ formats: [Int32]) throws -> R
    ) rethrows -> R {
        try buffer.withUnsafeBytes { bytes in
            let base = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            let pointers = offsets.map { offset in offset.flatMap { base?.advanced(by: $0) } }
            return try body(pointers, lengths, [Int32](repeating: 1, count: lengths.count))
        }
    }
}

extension SQLValue {
    /// A value of a binary answer. Throws `.unreadableRow` for a type that no column here has, such as a float.
    init(postgres bytes: UnsafeRawBufferPointer, type: UInt32, column: String) throws {
        switch (type, bytes.count) {
        case (PostgresType.int8, 8):
            self = .integer(Int64(bigEndian: bytes.loadUnaligned(as: Int64.self)))
        case (PostgresType.int4, 4):
            self = .integer(Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self))))
        case (PostgresType.int2, 2):
            self = .integer(Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self))))
        case (PostgresType.oid, 4):
            self = .integer(Int64(UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self))))
        case (PostgresType.boolean, 1): self = .integer(bytes[0] == 0 ? 0 : 1)
        case (PostgresType.text, _), (PostgresType.varchar, _), (PostgresType.name, _):
            self = .text(String(decoding: bytes, as: UTF8.self))
        case (PostgresType.bytes, _): self = .blob([UInt8](bytes))
        case (PostgresType.void, _): self = .null
        default:
            throw StorageError(.unreadableRow, "column \(column) is of the server's type \(type), which is not read")
        }
    }
}
