/// A failure inside libcrypto or a check that did not hold. It never says anything about the material.
package enum CryptoFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The tag did not match: wrong key, wrong associated data, or altered bytes.
    case notAuthentic
    case badLength(what: String)
    /// A libcrypto call answered with failure.
    case library(call: String)

    package var description: String {
        switch self {
        case .notAuthentic: "the sealed bytes do not open: wrong key, wrong place, or altered"
        case .badLength(let what): "\(what) has the wrong length"
        case .library(let call): "libcrypto's \(call) failed"
        }
    }
}
