import Domain
import Storage
import Testing

@Suite("What processes on one database tell each other")
struct AnnouncementTests {
    @Test("A SQLite file is one process's: nobody is told, and nothing fails", arguments: [Engine.pool, .inline])
    func alone(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.announce([.work(nord), .secrets(endpointKey: "e")])
    }

    #if POSTGRES
        /// What is heard until `isEnough`, since the connection was last lost, while `notices` are announced again and
        /// again by another process: when a listener has begun to listen nobody knows but by hearing.
        private func heard(
            _ store: Store, _ notices: [ChangeNotice], then act: (@Sendable () async throws -> Void)? = nil,
            until isEnough: @escaping @Sendable (Set<Announcement>) -> Bool
        ) async throws -> Set<Announcement> {
            let database = store.database
            return try await withThrowingTaskGroup(of: Set<Announcement>.self) { group in
                group.addTask {
                    var heard: Set<Announcement> = []
                    var act = act
                    for await announcement in database.announcements() {
                        if case .lost = announcement { heard = [] }
                        heard.insert(announcement)
                        if isEnough(heard) { break }
                        try await act?()
                        act = nil
                    }
                    return heard
                }
                group.addTask {
                    while !Task.isCancelled { try await database.announce(notices) }
                    return []
                }
                let found = try await group.next() ?? []
                group.cancelAll()
                return found
            }
        }

        @Test("On PostgreSQL each notice is heard, however many are told at once")
        func many() async throws {
            let store = try await Store(.postgres)
            let notices =
                (1...2000).map { ChangeNotice.work(TenantID("tenant-with-a-long-name-\($0)")) }
                + [.secrets(endpointKey: "an endpoint")]
            let heard = try await heard(store, notices) { $0.count == 2001 }
            #expect(heard == Set(notices.map(Announcement.notice)))
        }

        @Test("A listener whose connection is lost says so and hears again")
        func lost() async throws {
            let store = try await Store(.postgres)
            let database = store.database
            let heard = try await heard(store, [.work(nord)]) {
                try await database.write { db in
                    _ = try db.query(
                        """
                        SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity
                        WHERE datname = current_database() AND query LIKE 'LISTEN %'
                        """)
                }
            } until: { heard in
                heard.contains { if case .lost = $0 { true } else { false } } && heard.contains(.notice(.work(nord)))
            }
            #expect(heard.count == 2)
        }
    #endif
}
