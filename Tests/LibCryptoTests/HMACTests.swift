import LibCrypto
import Testing

@Suite("HMAC-SHA256, SHA-256 and comparison")
struct HMACTests {
    struct Vector: Sendable {
        var key: [UInt8]
        var data: [UInt8]
        var code: String
    }

    /// RFC 4231, sections 4.2 to 4.8 but for the truncated one.
    static let vectors: [Vector] = [
        Vector(
            key: [UInt8](repeating: 0x0b, count: 20), data: Array("Hi There".utf8),
            code: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        Vector(
            key: Array("Jefe".utf8), data: Array("what do ya want for nothing?".utf8),
            code: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        Vector(
            key: [UInt8](repeating: 0xaa, count: 20), data: [UInt8](repeating: 0xdd, count: 50),
            code: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        Vector(
            key: [UInt8](1...25), data: [UInt8](repeating: 0xcd, count: 50),
            code: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        Vector(
            key: [UInt8](repeating: 0xaa, count: 131),
            data: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            code: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        Vector(
            key: [UInt8](repeating: 0xaa, count: 131),
            data: Array(
                ("This is a test using a larger than block-size key and a larger than block-size data. The key needs"
                    + " to be hashed before being used by the HMAC algorithm.").utf8),
            code: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
    ]

    @Test("known answers of RFC 4231", arguments: vectors)
    func knownAnswers(_ vector: Vector) throws {
        let key = try HMACKey(Secret(copying: vector.key))
        #expect(try hex(key.code(vector.data)) == vector.code)
        // The kept schedule is not used up, and parts are one message.
        let half = vector.data.count / 2
        let two = (Array(vector.data[..<half]), Array(vector.data[half...]))
        #expect(try key.withCode(over: two.0, two.1) { hex($0) } == vector.code)
        #expect(try hex(key.code(Array(vector.data[..<half]), [], Array(vector.data[half...]))) == vector.code)
    }

    @Test("one key codes from many tasks at once")
    func concurrent() async throws {
        let key = try HMACKey(Secret(copying: Self.vectors[0].key))
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<64 { group.addTask { hex(try key.code(Self.vectors[0].data)) } }
            for try await code in group { #expect(code == Self.vectors[0].code) }
        }
    }

    @Test("SHA-256 known answers of FIPS 180-4's examples")
    func digests() {
        #expect(hex(sha256([])) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(
            hex(sha256(Array("abc".utf8))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test("comparison in constant time tells equal from unequal at every place and length")
    func constantTime() {
        let code = [UInt8](0..<32)
        #expect(constantTimeEqual(code, code))
        #expect(constantTimeEqual([UInt8](), [UInt8]()))
        #expect(!constantTimeEqual(code, Array(code.dropLast())))
        #expect(!constantTimeEqual(code, code + [0]))
        for index in code.indices {
            var other = code
            other[index] ^= 0x80
            #expect(!constantTimeEqual(code, other))
            #expect(other.withUnsafeBytes { !constantTimeEqual($0, code) && constantTimeEqual($0, other) })
        }
    }

    @Test("hexadecimal reads what it writes and refuses the rest")
    func hexadecimal() {
        let all = [UInt8](0...255)
        #expect(bytes(hex: hex(all)) == all)
        #expect(bytes(hex: "FFfe") == [255, 254])
        #expect(bytes(hex: "abc") == nil)
        #expect(bytes(hex: "0g") == nil)
    }
}
