package import Domain
package import Outbound
import Storage

/// What a run would do for a tenant: read, planned and foreseen to its end, and not done. Nothing is written anywhere,
/// neither in the two systems nor in our own tables, and no lease is taken.
package struct Preview: Sendable {
    /// Which subjects are shown.
    package struct Scope: Sendable {
        /// This one alone, as if a person had asked to sync it.
        package var document: DocumentRef?
        /// Read Visma's lists too; they are read in any case when they were never read before.
        package var readsLists: Bool
        /// Subjects looked at, each for one read of Visma or more.
        package var limit: Int

        package init(document: DocumentRef? = nil, readsLists: Bool = false, limit: Int) {
            self.document = document
            self.readsLists = readsLists
            self.limit = limit
        }
    }

    package struct Report: Sendable {
        package var subjects: [SubjectPreview] = []
        /// Subjects beyond the limit.
        package var leftOut = 0
        /// What a run would look at too, and that cannot be foreseen: it reads, and at most opens a review.
        package var unforeseen: [Subject] = []
        /// A run would register our webhook endpoint at Stripe first.
        package var registersEndpoint = false
        /// Visma's lists were read for it.
        package var readLists = false
    }

    private let tenant: TenantContext
    private let environment: SyncEnvironment

    package init(tenant: TenantContext, environment: SyncEnvironment) {
        self.tenant = tenant
        self.environment = environment
    }

    /// Throws what went wrong in finding out what there is to look at; what goes wrong with one subject is in its
    /// preview.
    package func run(_ scope: Scope) async throws -> Report {
        var report = Report()
        report.registersEndpoint = try await isEndpointMissing()
        let due = try await PreviewAgenda(tenant: tenant, environment: environment).due(scope, &report)
        var customers: [Int: StripeCustomerID] = [:]
        for item in due {
            guard report.subjects.count < scope.limit else {
                report.leftOut += 1
                continue
            }
            let askedAt = item.isAsked ? environment.now() : nil
            switch item.subject {
            case .document(let document):
                let sight = DocumentObserver(
                    tenant: tenant, environment: environment, document: document, askedAt: askedAt,
                    foreseen: customers, keepsIndex: false)
                let (preview, last) = try await course(sight, item)
                report.subjects.append(preview)
                if case .found(let customer, let visma, _, hasEmail: true) = last?.customer {
                    customers[visma.internalID] = customer
                }
            case .payout(let id):
                let sight = PayoutObserver(tenant: tenant, environment: environment, id: id, askedAt: askedAt)
                report.subjects.append(try await course(sight, item).0)
            case .customer, .endpoint:
                report.unforeseen.append(item.subject)
            }
        }
        return report
    }

    private func isEndpointMissing() async throws -> Bool {
        guard let publicURL = environment.publicURL else { return false }
        return try await environment.database.read { [tenant] db in
            try EndpointTurn.isMissing(db, tenant: tenant.id, publicURL: publicURL)
        }
    }

    /// The course that `Turn` would take, with a forecast in the place of each write.
    private func course<Sight: Observing>(
        _ sight: Sight, _ item: PreviewAgenda.Item
    ) async throws -> (SubjectPreview, Sight.Seen?) where Sight.Seen: Foreseeable {
        let (unsettled, open, ignored) = try await environment.database.read { [tenant] db in
            (
                try JournalTable.unsettled(db, tenant: tenant.id, subject: item.subject),
                try ReviewsTable.list(db, tenant: tenant.id, state: .open, subject: item.subject, limit: 100),
                try ReviewLog.ignored(db, tenant: tenant.id, subject: item.subject)
            )
        }
        var preview = SubjectPreview(item, openReviews: Set(open.map(\.code)), ignored: ignored)
        // Looking them up may send them again: what they come to is not known before.
        guard unsettled.isEmpty else {
            preview.ending = .uncertain(unsettled)
            return (preview, nil)
        }
        var machine = TurnMachine<Sight.Seen>(unresolved: [])
        var seen: Sight.Seen?
        while true {
            do {
                switch machine.next() {
                case .finish(let ending):
                    preview.end(ending, seen)
                    return (preview, seen)
                case .resolve(let effect):
                    preview.ending = .uncertain([effect])
                    return (preview, seen)
                case .observe:
                    let now = try await sight.observe()
                    preview.begin(now)
                    seen = now
                    machine.observed(now)
                case .note(let actions):
                    guard let before = seen else { continue }
                    let after = actions.reduce(before) { $0.after($1, recorded: nil) }
                    for action in actions { preview.note(action) }
                    seen = after
                    machine.noted(actions, now: after)
                case .perform(let action):
                    guard let before = seen else { continue }
                    let after = try await foresee(action, before, sight, &preview)
                    seen = after
                    machine.performed(now: after)
                }
            } catch let error as ConnectorError {
                machine.failed(error, now: environment.now())
            }
        }
    }

    private func foresee<Sight: Observing>(
        _ action: Action, _ seen: Sight.Seen, _ sight: Sight, _ preview: inout SubjectPreview
    ) async throws -> Sight.Seen where Sight.Seen: Foreseeable {
        if let more = try await sight.read(action, seen) { return more }
        guard let order = try sight.order(action, seen) else {
            throw ConnectorError(
                code: "plan.no_order", text: "no outside write is known for \(action)", disposition: .reject)
        }
        var effect = order.effect(tenant: tenant.id, seen, term: 0, environment: environment)
        let request = try order.request(effect.key)
        effect.state = .done
        preview.calls(
            PlannedCall(
                step: order.step, cause: order.cause, call: request.call, amount: request.amount,
                facts: PreviewFacts.facts(of: action, zone: tenant.policy.zone), posting: Self.posting(action)))
        return seen.after(action, recorded: effect)
    }

    private static func posting(_ action: Action) -> Posting? {
        if case .post(let posting, _) = action { posting } else { nil }
    }
}

/// One outside write that a run would make.
package struct PlannedCall: Hashable, Sendable {
    package var step: String
    package var cause: String
    /// To the byte, with the names of `Forecast` for what does not exist yet.
    package var call: OutboundCall
    /// What an invoice asks for, a payment books, a settlement tells.
    package var amount: Money?
    /// What matters of the body, by name, in words.
    package var facts: [Fact]
    /// What the call makes in Visma's books.
    package var posting: Posting?

    package struct Fact: Hashable, Sendable {
        package var name: String
        package var value: String
    }
}

/// What a run would do about one subject, in its order.
package struct SubjectPreview: Sendable {
    package enum Step: Hashable, Sendable {
        case call(PlannedCall)
        /// A document that a person made in Visma would be taken as the booking of a fact.
        case adopt(Booking)
        /// `isOpen`: it is open already, and stays so.
        case review(Review, isOpen: Bool)
    }

    package enum Ending: Sendable {
        case settled
        /// It would be looked at again.
        case postponed(until: Timestamp, why: String)
        case failed(ConnectorError)
        /// The outcome of these is not known: a run looks them up before anything else, and may send them again.
        case uncertain([Effect])
    }

    package var subject: Subject
    /// What made it dirty.
    package var cause: String
    package var dueAt: Timestamp
    package var receivable: Receivable?
    package var steps: [Step] = []
    package var linkBefore: Link.State?
    package var linkAfter: Link.State?
    package var ending: Ending = .settled
    private let openReviews: Set<String>
    private let ignored: [ReviewRecord]

    init(_ item: PreviewAgenda.Item, openReviews: Set<String>, ignored: [ReviewRecord]) {
        subject = item.subject
        cause = item.cause
        dueAt = item.dueAt
        self.openReviews = openReviews
        self.ignored = ignored
    }

    package var calls: [PlannedCall] {
        steps.compactMap { if case .call(let call) = $0 { call } else { nil } }
    }

    package var reviews: [Review] {
        steps.compactMap { if case .review(let review, _) = $0 { review } else { nil } }
    }

    mutating func begin(_ seen: some Plannable) {
        guard receivable == nil else { return }
        receivable = (seen as? Situation)?.receivable
        linkBefore = seen.linkState
        linkAfter = seen.linkState
    }

    mutating func note(_ action: Action) {
        switch action {
        case .adoptBooking(let booking): steps.append(.adopt(booking))
        case .review(let review): open(review)
        default: break
        }
    }

    mutating func calls(_ call: PlannedCall) { steps.append(.call(call)) }

    /// What was opened on the way and no longer holds at the end would be closed again.
    mutating func end(_ ending: TurnEnding, _ seen: (some Plannable)?) {
        linkAfter = seen?.linkState ?? linkAfter
        switch ending {
        case .settled(let reviews):
            self.ending = .settled
            keep(reviews)
        case .postponed(let moment, let why, let reviews):
            self.ending = .postponed(until: moment, why: why)
            if let reviews { keep(reviews) }
        case .stopped(let review, let moment):
            self.ending = .postponed(until: moment, why: review.found)
            open(review)
        case .failed(let error): self.ending = .failed(error)
        }
    }

    private mutating func keep(_ reviews: [Review]) {
        steps.removeAll { if case .review(let review, _) = $0 { !reviews.contains(review) } else { false } }
        for review in reviews { open(review) }
    }

    private mutating func open(_ review: Review) {
        guard !reviews.contains(review), !ignored.contains(where: { $0.says(review) }) else { return }
        steps.append(.review(review, isOpen: openReviews.contains(review.code.rawValue)))
    }
}
