import Domain
import Logging
import ServiceLifecycle
package import Storage
import Synchronization

/// Tells the other nodes what came here for them. All of it are hints: what is lost is found by the owner's look at the
/// database.
package final class NoticeSender: Service, Sendable {
    /// How long hints gather before they are sent together.
    private static let gatherMilliseconds: Int64 = 10
    /// Beyond it a hint is dropped.
    private static let waitingMax = 10_000

    private let environment: SyncEnvironment
    private let waiting = Mutex<Set<ChangeNotice>>([])
    private let wakeups: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    package init(environment: SyncEnvironment) {
        self.environment = environment
        (wakeups, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Does not wait: it is called where a webhook is answered.
    package func tell(_ notice: ChangeNotice) {
        let isTaken = waiting.withLock { $0.count < Self.waitingMax && $0.insert(notice).inserted }
        if isTaken { waker.yield() }
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            for await _ in wakeups {
                try? await Task.sleep(for: .milliseconds(Self.gatherMilliseconds))
                let gathered = waiting.withLock { waiting in
                    defer { waiting.removeAll() }
                    return waiting
                }
                await environment.announce(Array(gathered))
            }
        }
    }
}

/// Hears what any node announces, this one too.
package final class NoticeListener: Service, Sendable {
    private let environment: SyncEnvironment
    private let heard: @Sendable (ChangeNotice) async -> Void

    package init(environment: SyncEnvironment, heard: @escaping @Sendable (ChangeNotice) async -> Void) {
        self.environment = environment
        self.heard = heard
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            for await announcement in environment.database.announcements() {
                switch announcement {
                case .notice(let notice): await heard(notice)
                case .lost(let error):
                    environment.log.warning("other nodes are not heard", metadata: ["error": "\(error)"])
                }
            }
        }
    }
}

extension SyncEnvironment {
    /// Tells all nodes, after the commit of what it is about. That it fails is no failure of what was committed.
    func announce(_ notices: [ChangeNotice]) async {
        do {
            try await database.announce(notices)
        } catch {
            log.warning("the other nodes were not told", metadata: ["error": "\(error)"])
        }
    }
}
