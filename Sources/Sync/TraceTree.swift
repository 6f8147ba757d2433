import Domain
import Storage

/// What hangs on what. Without a look at the two systems it holds what we made and were told.
struct TraceTree {
    typealias Node = InvoiceTrace.Node

    let rows: TraceRows
    let seen: TraceSight?

    private var collection: Domain.Collection? { seen?.collection }

    var root: Node {
        var root = Node(place: .visma, kind: "invoice", id: rows.document.description)
        if let receivable = seen?.receivable {
            root.state = receivable.status
            root.amount = receivable.total
            root.text =
                "\(receivable.balance) open, customer \(receivable.customer.number) \(receivable.customer.name), "
                + "dated \(receivable.documentDate)" + (receivable.dueDate.map { ", due \($0)" } ?? "")
        }
        root.children = [stripe].compactMap { $0 } + applications + reviews + requests
        return root
    }

    // MARK: Stripe

    private var stripe: Node? {
        guard let link = rows.link, let invoice = link.invoice else { return nil }
        let made = rows.effects.last { $0.step == Step.createInvoice && $0.externalID == invoice.rawValue }
        var node = Node(
            place: .stripe, kind: "invoice", id: invoice.rawValue, state: link.state.rawValue,
            amount: link.pushedAmount.map { Money(minorUnits: $0, currency: link.currency) }, at: made?.sentAt,
            requestID: made?.requestID)
        var told: Set<String> = []
        if let collection {
            node.state = collection.status
            node.amount = collection.total
            node.text = "\(collection.amountRemaining) remaining" + (collection.number.map { ", number \($0)" } ?? "")
            node.children = collection.payments.map { payment(of: $0, &told) }
            node.children += collection.charges.filter { !told.contains($0.id.rawValue) }.map { charge($0, &told) }
            node.children += collection.creditNotes.map(creditNote)
        }
        node.children += rows.bookings.filter { !told.contains($0.cause) }.map(booking)
        node.children += rows.settlements.map(settlement)
        return node
    }

    private func payment(of payment: Domain.Collection.Payment, _ told: inout Set<String>) -> Node {
        let isPaid = payment.status == "paid"
        var node = Node(
            place: .stripe, kind: "payment", id: payment.id.rawValue, state: payment.status,
            amount: isPaid ? payment.amountPaid : payment.amountRequested, at: payment.paidAt)
        let charges = collection?.charges.filter { charge in
            switch payment.source {
            case .intent(let intent): charge.intent == intent
            case .charge(let id): charge.id == id
            case .outsideStripe: false
            }
        }
        switch payment.source {
        case .intent(let intent): node.text = intent.rawValue
        case .charge: break
        case .outsideStripe(let record): node.text = "outside Stripe" + (record.map { ", \($0)" } ?? "")
        }
        node.children = (charges ?? []).filter { !told.contains($0.id.rawValue) }.map { charge($0, &told) }
        node.children += bookings(payment.id.rawValue, &told)
        return node
    }

    private func charge(_ charge: Domain.Collection.Charge, _ told: inout Set<String>) -> Node {
        told.insert(charge.id.rawValue)
        var node = Node(
            place: .stripe, kind: "charge", id: charge.id.rawValue, state: charge.status, amount: charge.amount,
            at: charge.createdAt)
        node.text = [charge.failureCode, charge.failureMessage].compactMap { $0 }.joined(separator: ": ")
        if node.text?.isEmpty == true { node.text = nil }
        if let movement = charge.movement { node.children.append(fee(movement, &told)) }
        for refund in collection?.refunds ?? []
        where refund.charge == charge.id || (refund.charge == nil && refund.intent == charge.intent) {
            guard told.insert("refund " + refund.id.rawValue).inserted else { continue }
            node.children.append(
                Node(
                    place: .stripe, kind: "refund", id: refund.id.rawValue, state: refund.status,
                    amount: refund.amount, at: refund.createdAt, text: refund.failureReason,
                    children: bookings(refund.id.rawValue, &told)))
        }
        for dispute in collection?.disputes ?? [] where dispute.charge == charge.id {
            let due = dispute.evidenceDueBy.map { ", evidence due \($0)" } ?? ""
            node.children.append(
                Node(
                    place: .stripe, kind: "dispute", id: dispute.id.rawValue, state: dispute.status,
                    amount: dispute.amount, at: dispute.createdAt, text: dispute.reason + due,
                    children: bookings(dispute.id.rawValue, &told) + dispute.movements.map { fee($0, &told) }))
        }
        return node
    }

    private func fee(_ movement: BalanceMovement, _ told: inout Set<String>) -> Node {
        Node(
            place: .stripe, kind: "fee", id: movement.id.rawValue, state: movement.type, amount: movement.fee,
            at: movement.createdAt, text: "\(movement.net) net", children: bookings(movement.id.rawValue, &told))
    }

    private func creditNote(_ note: Domain.Collection.CreditNote) -> Node {
        Node(
            place: .stripe, kind: "credit_note", id: note.id, state: note.status, amount: note.amount,
            text: note.number)
    }

    // MARK: What we made

    /// What books a fact.
    private func bookings(_ fact: String, _ told: inout Set<String>) -> [Node] {
        rows.bookings.filter { TraceRows.fact(of: $0.cause) == fact }.map { found in
            told.insert(found.cause)
            return booking(found)
        }
    }

    private func booking(_ booking: Booking) -> Node {
        let made = rows.effect(Step.create(booking.kind), cause: booking.cause)
        let posted = seen?.posted.first { $0.kind == booking.kind && $0.number == booking.number }
        var text = "for \(booking.cause), \(booking.applied) applied"
        if !booking.fee.isZero { text += ", fee \(booking.fee)" }
        if booking.origin == .matched { text += ", made by a person" }
        if let reason = booking.voidedFor { text += ", voided for \(reason.rawValue)" }
        if let posted { text += ", \(posted.status) in Visma" }
        if let place = rows.place(booking.subject) { text += ", \(place)" }
        return Node(
            place: .visma, kind: booking.kind.rawValue, id: booking.number.rawValue, state: booking.state.rawValue,
            amount: booking.amount, at: made?.sentAt, requestID: made?.requestID, text: text)
    }

    private func settlement(_ settlement: Settlement) -> Node {
        let made = rows.effects.last { $0.cause == settlement.cause && $0.state == .done }
        return Node(
            place: .connector, kind: "settlement", id: settlement.application, state: settlement.way.rawValue,
            amount: settlement.amount, at: made?.sentAt, requestID: made?.requestID, text: settlement.stripeObject)
    }

    // MARK: In Visma, and people

    /// What settles the document in Visma besides our own postings.
    private var applications: [Node] {
        let ours = Set(rows.bookings.map(\.number.rawValue))
        return (seen?.receivable?.applications ?? []).filter { !ours.contains($0.number) }.map { application in
            let state = application.isVoided ? "voided" : application.isReleased ? "released" : "unreleased"
            return Node(
                place: .visma, kind: "application", id: application.key, state: state, amount: application.amount,
                text: [application.date?.description, application.paymentReference].compactMap { $0 }
                    .joined(separator: ", "))
        }
    }

    private var reviews: [Node] {
        rows.reviews.map { review in
            Node(
                place: .connector, kind: "review", id: String(review.id), state: review.state.rawValue,
                at: review.openedAt, text: "\(review.code): \(review.found)")
        }
    }

    private var requests: [Node] {
        rows.requests.map { request in
            Node(
                place: .person, kind: "request", id: request.kind.rawValue, state: request.cause, at: request.askedAt,
                text: "\(request.actor): \(request.reason)")
        }
    }
}
