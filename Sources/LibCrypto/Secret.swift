import COpenSSL

/// Secret bytes: not copyable, wiped when they end, never describable.
package struct Secret: ~Copyable, Sendable {
    // SAFETY: the buffer belongs to this value alone, is never written after init and is freed in deinit.
    private nonisolated(unsafe) let bytes: UnsafeMutableRawBufferPointer

    /// Takes a copy of `source`; the caller wipes its own when it can.
    package init(copying source: some Swift.Collection<UInt8>) {
        bytes = .allocate(byteCount: max(1, source.count), alignment: 1)
        bytes.copyBytes(from: source)
        count = source.count
    }

    /// Takes the UTF-8 bytes of `text`.
    package init(_ text: String) { self.init(copying: Array(text.utf8)) }

    package let count: Int

    deinit {
        OPENSSL_cleanse(bytes.baseAddress, bytes.count)
        bytes.deallocate()
    }

    /// Lends the bytes for the length of `body`; they must not be kept.
    package borrowing func withBytes<R: ~Copyable, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[..<count]))
    }

    /// Lends the secret as text, for a header or a form field. The string is a copy that the runtime frees unwiped:
    /// use it at the last moment and keep it nowhere.
    package borrowing func withText<R: ~Copyable, E: Error>(_ body: (String) throws(E) -> R) throws(E) -> R {
        try withBytes { (raw: UnsafeRawBufferPointer) throws(E) -> R in
            try body(String(decoding: raw, as: UTF8.self))
        }
    }

    /// A second value with the same bytes, with a lifetime of its own.
    package borrowing func duplicate() -> Secret {
        withBytes { Secret(copying: $0) }
    }

    /// What may be shown of a secret: its last four characters, when it is long enough for them to say nothing.
    package borrowing func fingerprint() -> String {
        withText { $0.count >= 12 ? "…" + $0.suffix(4) : "…" }
    }
}

/// Compares without telling by its time where the difference is. Lengths are not secret.
package func constantTimeEqual(_ left: some Swift.Collection<UInt8>, _ right: some Swift.Collection<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    let (first, second) = (Array(left), Array(right))
    return CRYPTO_memcmp(first, second, first.count) == 0
}

/// The same without a copy.
package func constantTimeEqual(_ left: UnsafeRawBufferPointer, _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return left.isEmpty || CRYPTO_memcmp(left.baseAddress, right, right.count) == 0
}

/// Opens a secret anew for each use, so that nobody keeps it.
package typealias SecretSource = @Sendable () throws -> Secret
