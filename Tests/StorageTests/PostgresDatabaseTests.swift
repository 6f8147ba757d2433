#if POSTGRES
    import Domain
    import Foundation
    import Storage
    import Testing

    @Suite("PostgreSQL")
    struct PostgresDatabaseTests {
        private let later = now.adding(seconds: 60)

        private func open(
            _ store: Store, _ change: (inout PostgresDatabase.Limits) -> Void = { _ in }
        ) throws -> PostgresDatabase {
            guard case .postgres(let place) = store.place else { throw StorageError(.other, "not PostgreSQL") }
            var limits = PostgresDatabase.Limits()
            change(&limits)
            return PostgresDatabase(try PostgresAddress(url: place.url), limits: limits)
        }

        @Test("a commit is on disk when it is answered, also where the server's default is weaker")
        func durability() async throws {
            let store = try await Store(.postgres)
            if case .postgres(let place) = store.place { place.isReusable.value = false }
            try await store.database.write { db in
                let name = try db.query("SELECT current_database() AS name")[0].text("name")
                try db.executeScript("ALTER DATABASE \(name) SET synchronous_commit = off")
            }
            let settings = try await open(store).durability()
            #expect(settings.first { $0.name == "synchronous_commit" }?.value == "on")
            // The tests' server is not durable, which is what `doctor` must tell.
            #expect(settings.first { $0.name == "fsync" }?.isGood == false)
        }

        @Test("who lost the lease while its transaction was open commits nothing")
        func zombie() async throws {
            let store = try await Store(.postgres)
            let other = try open(store)
            let lease = try #require(
                try await store.database.write {
                    try LeasesTable.acquire($0, tenant: nord, owner: "a", now: now, ttlSeconds: 30)
                })
            let release = DispatchSemaphore(value: 0)
            let (entered, signal) = AsyncStream.makeStream(of: Void.self)
            async let zombie = asyncCode {
                try await store.database.write { db in
                    try LeasesTable.check(db, tenant: nord, owner: "a", term: lease.term, now: now)
                    signal.finish()
                    _ = release.wait(timeout: .now() + 20)
                    try JournalTable.insert(db, tenant: nord, Population.effect("key", "x"), request: nil)
                    // A second run finds the semaphore used up.
                    release.signal()
                }
            }
            for await _ in entered {}
            let taken = try await other.write {
                try LeasesTable.acquire($0, tenant: nord, owner: "b", now: later, ttlSeconds: 30)
            }
            #expect(taken?.term == 2)
            // The new owner has looked, and must not have missed anything.
            #expect(try await other.read { try JournalTable.unsettled($0, tenant: nord) } == [])
            release.signal()
            #expect(await zombie == .leaseLost)
            #expect(try await other.read { try JournalTable.unsettled($0, tenant: nord) } == [])
        }

        @Test("entries that many append to one trail at once follow one another")
        func trail() async throws {
            let store = try await Store(.postgres)
            let databases = [store.database, try open(store)]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<24 {
                    group.addTask {
                        try await databases[number % 2].write { db in
                            let head = try AuditTable.head(db, tenant: nord)
                            try AuditTable.append(
                                db, tenant: nord, Population.entry(head.sequence + 1, "ok", after: head))
                            _ = try ReviewsTable.open(
                                db, tenant: nord, subject: invoice, code: "code \(number)", found: "x",
                                proposals: "[]", now: now)
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await store.database.read { db in
                let sequences = try AuditTable.list(db, tenant: nord, limit: 99).map(\.sequence)
                #expect(sequences == (1...24).reversed())
                let reviews = try ReviewsTable.list(db, tenant: nord, limit: 99).map(\.id)
                #expect(reviews == Array(1...24))
            }
        }

        @Test("what two transactions decide on what the other one writes is decided again by one of them")
        func writeSkew() async throws {
            let store = try await Store(.postgres)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (subject, other) in [(invoice, Subject.endpoint), (.endpoint, invoice)] {
                    group.addTask {
                        try await store.database.write { db in
                            guard try WorkTable.find(db, tenant: nord, subject: other) == nil else { return }
                            Self.standStill(milliseconds: 50)
                            try WorkTable.dirty(db, tenant: nord, subject: subject, cause: "x", dueAt: now)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await store.database.read { try WorkTable.dirtyList($0, tenant: nord, limit: 9) }.count == 1)
        }

        @Test("a row that another holds for too long is busy, and the write can be run again")
        func busy() async throws {
            let store = try await Store(.postgres)
            let other = try open(store) {
                $0.lockTimeoutMilliseconds = 50
                $0.retryMilliseconds = 0
            }
            let dirty: @Sendable (any SQLConnection) throws -> Void = {
                try WorkTable.dirty($0, tenant: nord, subject: invoice, cause: "x", dueAt: now)
            }
            try await store.database.write(dirty)
            let release = DispatchSemaphore(value: 0)
            let (entered, signal) = AsyncStream.makeStream(of: Void.self)
            async let holder: DispatchTimeoutResult = store.database.write { db in
                try dirty(db)
                signal.finish()
                return release.wait(timeout: .now() + 20)
            }
            for await _ in entered {}
            #expect(await asyncCode { try await other.write(dirty) } == .busy)
            release.signal()
            #expect(try await holder == .success)
            try await other.write(dirty)
        }

        @Test("lost connections are made anew: before a transaction, in the middle of it; at its end the loss is told")
        func reconnects() async throws {
            let isStandingStill = Flag()
            let store = try await Store(.postgres)
            guard case .postgres(let place) = store.place else { return }
            var limits = PostgresDatabase.Limits()
            limits.idleInTransactionMilliseconds = 100
            let database = PostgresDatabase(
                try PostgresAddress(url: place.url), limits: limits,
                beforeCommit: { if isStandingStill.value { Self.standStill(milliseconds: 1000) } })
            let dirty: @Sendable (any SQLConnection) throws -> Int64 = {
                try WorkTable.dirty($0, tenant: nord, subject: invoice, cause: "x", dueAt: now)
            }
            #expect(try await database.write(dirty) == 1)
            _ = try await store.database.write { db in
                try db.query(
                    """
                    SELECT pg_terminate_backend(pid, 5000) AS done FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid()
                    """)
            }
            #expect(try await database.write(dirty) == 2)
            let isLostOnce = Flag()
            let third = try await database.write { db in
                let generation = try dirty(db)
                if !isLostOnce.value {
                    isLostOnce.value = true
                    _ = try db.query("SELECT pg_terminate_backend(pg_backend_pid()) AS done")
                }
                return generation
            }
            #expect(third == 3)
            isStandingStill.value = true
            #expect(await asyncCode { _ = try await database.write(dirty) } == .connectionLost)
            isStandingStill.value = false
            #expect(try await database.write(dirty) == 4)
        }

        private static func standStill(milliseconds: Int) {
            _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(milliseconds))
        }

        @Test("no password in what is shown, thrown or dumped; a wrong one is refused by the server")
        func password() async throws {
            let url = try TestCluster.portURL()
            let secret = try #require(url.split(separator: ":").dropFirst(2).first?.split(separator: "@").first)
            let address = try PostgresAddress(url: url)
            #expect(address.hasPassword)
            var shown = "\(address) \(address.description) \(String(reflecting: address))"
            dump(address, to: &shown)
            let wrong = String(repeating: "x", count: secret.count)
            let database = PostgresDatabase(try PostgresAddress(url: url.replacing(secret, with: wrong)))
            do {
                _ = try await database.read { try $0.query("SELECT 1 AS one") }
                Issue.record("a wrong password was taken")
            } catch let error as StorageError {
                #expect(error.code == .connectionLost)
                shown += error.description
            }
            #expect(shown.contains("127.0.0.1"))
            #expect(!shown.contains(secret) && !shown.contains(wrong))
            #expect(try await PostgresDatabase(address).read { try $0.query("SELECT 1 AS one")[0].int("one") } == 1)
            for key in ["password", "sslpassword"] {
                #expect(try PostgresAddress(url: "postgres://kari@127.0.0.1/x?\(key)=hunter2").hasPassword)
            }
        }

        @Test("a machine that fell silent loses its connections within half a minute, and with them the lock")
        func keepalives() async throws {
            let database = PostgresDatabase(try PostgresAddress(url: TestCluster.portURL()))
            var seconds: [String: Int] = [:]
            for name in ["idle", "interval", "count"] {
                seconds[name] = Int(try await database.setting("tcp_keepalives_" + name))
            }
            let idle = try #require(seconds["idle"]), interval = try #require(seconds["interval"])
            #expect((1...30).contains(idle + interval * (try #require(seconds["count"]))))
        }

        @Test(
            "a URL that does not say enough is refused without being repeated",
            arguments: [
                "postgres://kari:hunter2@127.0.0.1", "postgres://kari:hunter2%zz@127.0.0.1/x",
                "postgres://kari:hunter2@db.example.com/x", "postgres://kari:hunter2@127.0.0.1,db.example.com/x",
                "postgres://kari:hunter2@/x?nonsense=1",
            ])
        func badURLs(_ url: String) {
            let error = #expect(throws: StorageError.self) { _ = try DatabaseAddress(url) }
            #expect(error?.code == .invalidArgument)
            #expect(error?.text.contains("hunter2") == false)
        }

        @Test("TLS is as the URL says")
        func tlsMode() throws {
            #expect(
                try DatabaseAddress("postgres://kari@db.example.com:5433/x?sslmode=verify-full").description
                    == "postgres://kari@db.example.com:5433/x?sslmode=verify-full")
        }

        @Test("what the server says of a stored value is not repeated")
        func errorsNameNoValues() async throws {
            let store = try await Store(.postgres)
            for (code, sql) in [
                (StorageError.Code.uniqueViolation, "INSERT INTO tenants SELECT * FROM tenants"),
                (.constraintViolation, "UPDATE tenants SET name = NULL"),
                (.invalidArgument, "SELECT name::bigint AS number FROM tenants"),
            ] {
                do {
                    try await store.database.write { try $0.executeScript(sql) }
                    Issue.record("\(sql) was taken")
                } catch let error as StorageError {
                    #expect(error.code == code)
                    #expect(!error.text.contains("nord") && !error.text.contains("kyst"), "\(error)")
                }
            }
        }

        @Test("PostgreSQL holds no cooperative thread: with every connection blocked, other tasks still run")
        func pool() async throws {
            let store = try await Store(.postgres)
            let database = store.database
            let limits = PostgresDatabase.Limits()
            let release = DispatchSemaphore(value: 0)
            try await withThrowingTaskGroup(of: DispatchTimeoutResult.self) { group in
                for _ in 0..<limits.writersMax {
                    group.addTask { try await database.write { _ in release.wait(timeout: .now() + 20) } }
                }
                for _ in 0..<limits.readersMax {
                    group.addTask { try await database.read { _ in release.wait(timeout: .now() + 20) } }
                }
                group.addTask {
                    for _ in 0..<(limits.writersMax + limits.readersMax) { release.signal() }
                    return .success
                }
                for try await outcome in group { #expect(outcome == .success) }
            }
        }

        @Test("one process works on a database; another may when it has ended")
        func lock() async throws {
            let store = try await Store(.postgres)
            guard case .postgres(let place) = store.place else { return }
            let address = try DatabaseAddress(place.url)
            var first = try await address.acquireLock()
            #expect(first != nil)
            #expect(try await address.acquireLock() == nil)
            first = nil
            // The server ends a connection a moment after it is let go.
            let patience = ContinuousClock.now + .seconds(10)
            var second = try await address.acquireLock()
            while second == nil, ContinuousClock.now < patience {
                await Task.yield()
                second = try await address.acquireLock()
            }
            #expect(second != nil)
        }

        @Test("a private server ends when its process lets go of it, with everything that it had on disk")
        func privateCluster() throws {
            let cluster = try PrivateCluster(.none, password: "kept0for0this0test")
            let directory = try #require(
                cluster.socketURL.split(separator: "=").dropFirst().first?.split(separator: "&")[0])
            #expect(FileManager.default.fileExists(atPath: directory + "/data/postmaster.pid"))
            cluster.stop()
            #expect(!FileManager.default.fileExists(atPath: String(directory)))
            #expect(throws: StorageError.self) { try cluster.makeDatabase("x") }
            #expect(throws: StorageError.self) { try cluster.makeDatabase("x; DROP DATABASE y") }
        }

        @Test("more texts than are kept prepared")
        func manyStatements() async throws {
            let store = try await Store(.postgres)
            try await store.database.write { db in
                for number in 0..<1200 {
                    let text = SQLStatement(stringLiteral: "SELECT \(number) AS number")
                    let answer = try db.query(text)[0].int("number")
                    #expect(answer == number)
                }
            }
        }
    }
#else
    import Testing

    @Suite("PostgreSQL")
    struct PostgresDatabaseTests {
        @Test(
            "the second engine",
            .disabled("built without PostgreSQL: set ML_CONNECTOR_POSTGRES=1, as `make test` does"))
        func absent() { Issue.record("not in this build") }
    }
#endif
