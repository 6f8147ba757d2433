import Foundation
import Synchronization

/// One connection that only hears what is announced, on a thread of its own, and is made again when it is lost.
// SAFETY: `session` is used on `queue` only.
final class PostgresListener: @unchecked Sendable {
    static let channel = "ml_connector"
    /// Announcements that nobody has taken yet; older ones are dropped.
    static let waitingMax = 10_000
    /// How soon `stop` is noticed.
    private static let waitMilliseconds: Int32 = 250
    private static let reconnectMilliseconds: UInt32 = 1000

    private let session: PostgresSession
    private let queue = DispatchQueue(label: "storage.listener")
    private let isStopped = Mutex(false)

    init(_ session: PostgresSession) { self.session = session }

    func start(_ heard: @escaping @Sendable (Announcement) -> Void) {
        queue.async { [self] in
            var isLost = false
            while !isStopped.withLock({ $0 }) {
                do {
                    try session.listen(on: Self.channel)
                    isLost = false
                    try hear(heard)
                } catch {
                    session.close()
                    if !isLost { heard(.lost(Self.understood(error))) }
                    isLost = true
                    usleep(1000 * Self.reconnectMilliseconds)
                }
            }
            session.close()
        }
    }

    func stop() { isStopped.withLock { $0 = true } }

    private func hear(_ heard: (Announcement) -> Void) throws {
        while !isStopped.withLock({ $0 }) {
            for payload in try session.announced(waitMilliseconds: Self.waitMilliseconds) {
                for notice in ChangeNotice.read(payload) { heard(.notice(notice)) }
            }
        }
    }

    private static func understood(_ error: any Error) -> StorageError {
        (error as? PostgresFailure)?.error ?? StorageError(.other, "listening: \(error)")
    }
}
