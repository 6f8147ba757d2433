import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// How many bytes of bodies are held, over all requests: memory is refused before it is gone.
final class BodyAllowance: Sendable {
    private let max: Int
    private let held = Atomic<Int>(0)

    init(max: Int = WebLimits.webhookBytesUnderWayMax) { self.max = max }

    /// False, with nothing taken, when that would be too much.
    fileprivate func take(_ count: Int) -> Bool {
        let before = held.wrappingAdd(count, ordering: .relaxed).oldValue
        if before + count <= max { return true }
        giveBack(count)
        return false
    }

    fileprivate func giveBack(_ count: Int) { held.wrappingSubtract(count, ordering: .relaxed) }
}

/// The raw bytes of a request.
enum WebhookBody {
    enum Failure: Error {
        case tooLarge
        /// Too much is held already.
        case noRoom
    }

    /// Reads the body and lends it to `use`, counted against the allowance until that has ended. Throws `.tooLarge` by
    /// `Content-Length` before anything is read, else while reading.
    static func read<R>(
        of request: Request, _ allowance: BodyAllowance, _ use: ([UInt8]) async throws -> R
    ) async throws -> R {
        let declared = request.headers[.contentLength].flatMap { Int($0) } ?? 0
        guard declared <= WebLimits.webhookBodyBytesMax else { throw Failure.tooLarge }
        var bytes = [UInt8]()
        bytes.reserveCapacity(min(max(0, declared), WebLimits.bodyBytesReserved))
        var taken = 0
        defer { allowance.giveBack(taken) }
        for try await part in request.body {
            guard bytes.count + part.readableBytes <= WebLimits.webhookBodyBytesMax else { throw Failure.tooLarge }
            guard allowance.take(part.readableBytes) else { throw Failure.noRoom }
            taken += part.readableBytes
            bytes.append(contentsOf: part.readableBytesView)
        }
        return try await use(bytes)
    }

    /// The values' bytes as they came. Joining several into one, as HTTP allows, would let a second header add codes.
    static func values(of name: HTTPField.Name?, in headers: HTTPFields) -> [[UInt8]] {
        guard let name else { return [] }
        return headers[fields: name].map { field in field.withUnsafeBytesOfValue { Array($0) } }
    }
}
