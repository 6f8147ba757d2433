import Domain
import Storage
import Testing

/// What every engine must do alike. A second engine joins by a case of `Engine`.
@Suite("Database conformance")
struct DatabaseConformance {
    struct Undo: Error, Equatable {}

    @Test("a write is committed whole, or not at all when its closure throws", arguments: Engine.allCases)
    func rollback(_ engine: Engine) async throws {
        let store = try await Store(engine)
        await #expect(throws: Undo.self) {
            try await store.database.write { db in
                try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "poll", dueAt: now)
                throw Undo()
            }
        }
        let undone = try await store.database.read { try WorkTable.find($0, tenant: nord, subject: invoice) }
        #expect(undone == nil)
        let generation = try await store.database.write { db in
            try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "poll", dueAt: now)
        }
        #expect(generation == 1)
    }

    @Test("a statement that fails undoes the whole write", arguments: Engine.allCases)
    func failingStatement(_ engine: Engine) async throws {
        let store = try await Store(engine)
        let failure = await asyncCode {
            _ = try await store.database.write { db in
                try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "poll", dueAt: now)
                try WorkTable.dirty(db, tenant: TenantID("nobody"), subject: invoice, cause: "poll", dueAt: now)
            }
        }
        #expect(failure == .foreignKeyViolation)
        #expect(try await store.database.read { try WorkTable.find($0, tenant: nord, subject: invoice) } == nil)
    }

    @Test("a commit that fails throws, changes nothing, and leaves the database usable", arguments: Engine.allCases)
    func failingCommit(_ engine: Engine) async throws {
        let isBroken = Flag()
        let store = try await Store(engine) { if isBroken.value { throw StorageError(.diskFull, "planted") } }
        isBroken.value = true
        let failure = await asyncCode {
            _ = try await store.database.write { db in
                try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "poll", dueAt: now)
            }
        }
        #expect(failure == .diskFull)
        isBroken.value = false
        #expect(try await store.database.read { try WorkTable.find($0, tenant: nord, subject: invoice) } == nil)
        try await store.database.write { db in
            try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "poll", dueAt: now)
        }
    }

    @Test("every kind of value comes back as it was bound", arguments: Engine.allCases)
    func values(_ engine: Engine) async throws {
        let store = try await Store(engine)
        let text = "kr 1 250,00 – \"'; DROP TABLE work; --\u{1F600}"
        let row = try await store.database.write { db in
            try db.query(
                """
                SELECT \(text) AS text, \(Int64.min) AS least, \(Int64.max) AS most,
                    \([0, 255, 10] as [UInt8]) AS bytes,
                    \([UInt8]()) AS empty, \(String?.none) AS absent, \(true) AS yes, \(now) AS at
                """)[0]
        }
        #expect(try row.text("text") == text)
        #expect(try row.integer("least") == .min)
        #expect(try row.integer("most") == .max)
        #expect(try row.blob("bytes") == [0, 255, 10])
        #expect(try row.blob("empty") == [])
        #expect(try row.textOrNull("absent") == nil)
        #expect(try row.bool("yes"))
        #expect(try row.timestamp("at") == now)
    }

    @Test("a row is read by what it holds, and an error says which column without its content")
    func typedRows() throws {
        let row = SQLRow(columns: ["a", "b", "c"], values: [.text("hunter2"), .null, .integer(7)])
        for failing in [
            { _ = try row.integer("a") }, { _ = try row.text("b") }, { _ = try row.text("absent") },
            { _ = try row.bool("c") }, { let _: Link.State = try row.choice("a") }, { _ = try row.subject("a") },
            { _ = try row.document("a") }, { _ = try row.currency("a") },
        ] as [() throws -> Void] {
            let error = #expect(throws: StorageError.self) { try failing() }
            #expect(error?.code == .unreadableRow)
            #expect(error?.description.contains("hunter2") == false)
        }
    }

    @Test("statements render their arguments as either engine numbers them")
    func rendering() {
        let filter: SQLStatement = "AND state = \("open")"
        let statement: SQLStatement =
            "SELECT a FROM t WHERE b = \(nord) \(filter) AND c IN (\(list: [1, 2])) AND d IN (\(list: [String]()))"
        #expect(
            statement.text { "$\($0)" }
                == "SELECT a FROM t WHERE b = $1 AND state = $2 AND c IN ($3, $4) AND d IN (NULL)")
        #expect(statement.arguments == [.text("nord"), .text("open"), .integer(1), .integer(2)])
        #expect(statement.text { _ in "?" }.filter { $0 == "?" }.count == 4)
    }

    @Test("execute answers the rows affected; query runs an upsert to its end", arguments: Engine.allCases)
    func affected(_ engine: Engine) async throws {
        let store = try await Store(engine)
        let counts = try await store.database.write { db in
            [
                try db.execute("UPDATE tenants SET name = \("x")"),
                try db.execute("UPDATE tenants SET name = \("x") WHERE id = \("nobody")"),
                try db.query("UPDATE tenants SET name = 'y' RETURNING id").count,
            ]
        }
        #expect(counts == [2, 0, 2])
    }

    @Test("a read cannot write", arguments: Engine.allCases)
    func readOnly(_ engine: Engine) async throws {
        let store = try await Store(engine)
        let failure = await asyncCode {
            _ = try await store.database.read { db in
                try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "poll", dueAt: now)
            }
        }
        #expect(failure == .notWritable)
        #expect(try await store.database.read { try WorkTable.find($0, tenant: nord, subject: invoice) } == nil)
    }

    @Test("foreign keys are enforced", arguments: Engine.allCases)
    func foreignKeys(_ engine: Engine) async throws {
        let store = try await Store(engine)
        let failure = await asyncCode {
            try await store.database.write { db in
                try WebhookSecretsTable.insert(
                    db, tenant: nord, SealedSecret(endpointKey: "absent", version: 1, sealed: [1]))
            }
        }
        #expect(failure == .foreignKeyViolation)
    }

    @Test("a statement that failed ends its transaction, also when the closure goes on", arguments: Engine.allCases)
    func swallowed(_ engine: Engine) async throws {
        let store = try await Store(engine)
        let failure = await asyncCode {
            try await store.database.write { db in
                try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "poll", dueAt: now)
                let first = code {
                    try WorkTable.dirty(db, tenant: TenantID("nobody"), subject: invoice, cause: "x", dueAt: now)
                }
                #expect(first == .foreignKeyViolation)
                #expect(code { _ = try WorkTable.find(db, tenant: nord, subject: invoice) } == .foreignKeyViolation)
            }
        }
        #expect(failure == .foreignKeyViolation)
        #expect(try await store.database.read { try WorkTable.find($0, tenant: nord, subject: invoice) } == nil)
    }

    @Test("text is ordered by its bytes", arguments: Engine.allCases)
    func order(_ engine: Engine) async throws {
        let store = try await Store(engine)
        let names = ["a", "B", "å", "-", "a-b", "aa", "Ø", "z", "\u{1F600}", "\u{FFFD}"]
        try await store.database.write { db in
            for name in names {
                try AbilitiesTable.put(db, tenant: nord, Ability(name: name, value: "x", learnedAt: now))
            }
        }
        let listed = try await store.database.read { try AbilitiesTable.list($0, tenant: nord).map(\.name) }
        #expect(listed == names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
    }

    @Test("a group of events goes in whole, in groups of every size, with duplicates in it", arguments: Engine.allCases)
    func groups(_ engine: Engine) async throws {
        let store = try await Store(engine)
        for size in [0, 1, 2, 63, 64, 65, 200] {
            let events = (0..<size).map { number in
                (tenant: number % 2 == 0 ? nord : kyst, event: Population.event("evt_\(size)_\(number / 3)", "x"))
            }
            let outcomes = try await store.database.write { try EventsTable.insertMany($0, events) }
            var seen: Set<String> = []
            #expect(
                outcomes
                    == events.map { seen.insert("\($0.tenant) \($0.event.eventID)").inserted ? .stored : .duplicate })
            let again = try await store.database.write { try EventsTable.insertMany($0, events) }
            #expect(again.allSatisfy { $0 == .duplicate })
            let deliveries = try await store.database.read { db in
                try (0..<(size + 2) / 3).reduce(0) { sum, number in
                    try [nord, kyst].reduce(sum) { sum, tenant in
                        let found = try EventsTable.find(db, tenant: tenant, eventID: "evt_\(size)_\(number)")
                        return sum + (found?.deliveries ?? 0)
                    }
                }
            }
            #expect(deliveries == 2 * size)
        }
    }

    @Test("writes from many tasks are one after the other", arguments: Engine.allCases)
    func serialised(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    _ = try await store.database.write { db in
                        try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "hint", dueAt: now)
                    }
                }
            }
            try await group.waitForAll()
        }
        let item = try await store.database.read { try WorkTable.find($0, tenant: nord, subject: invoice) }
        #expect(item?.generation == 40)
    }

    @Test("what is committed is there after the handle is dropped and the file opened anew", arguments: Engine.allCases)
    func reopened(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "poll", dueAt: now)
        }
        try store.database.shutDown()
        let again = try store.place.open()
        #expect(try await Migrator(database: again).status().isCurrent)
        #expect(try await again.read { try WorkTable.find($0, tenant: nord, subject: invoice) } != nil)
        let failure = await asyncCode { try await store.database.write { _ in } }
        #expect(failure != nil, "a database that was shut down is not used")
    }
}
