import Domain
import Sandbox
import Sync

extension Scenario {
    package static let all = pushes + settlements + postings

    static let pushes = [
        push, pushWithNote, payment, failureAndDispute, changedWhileDrafted, creditSpentAtFinalize, endpointLost,
        mailed,
    ]

    private static let push = Scenario(
        "a first push",
        reaching: [
            Step.createCustomer, Step.createInvoice, Step.addLines, Step.finalizeInvoice, Step.attachRecord,
            Step.createEndpoint,
        ]
    ) { world in
        _ = try world.addInvoice()
    }

    private static let pushWithNote = Scenario(
        "a push whose record is a note", reaching: [Step.writeNote], acceptsNotes: true
    ) { world in
        _ = try world.addInvoice { $0.note = "Ring kunden." }
    }

    private static let payment = Scenario(
        "a payment in two parts", reaching: [Step.createPayment, Step.releasePayment]
    ) { world in
        let document = try world.addInvoice()
        try await world.quiet()
        try world.stripe.pay(invoice: world.live(document).id, amount: 50_000)
        try await world.quiet()
        try world.stripe.pay(invoice: world.live(document).id)
    }

    private static let failureAndDispute = Scenario("a declined card, a payment, a dispute", acceptsNotes: true) {
        world in
        let document = try world.addInvoice()
        try await world.quiet()
        let invoice = try world.live(document).id
        try world.stripe.failCard(invoice: invoice)
        try await world.quiet()
        let made = try world.stripe.pay(invoice: invoice)
        try await world.quiet()
        try world.stripe.dispute(charge: made.charge)
    }

    /// The bank pays a part while the draft stands: it is deleted, and the rest is pushed.
    private static let changedWhileDrafted = Scenario(
        "a document that changes between lines and finalize", reaching: [Step.deleteDraft],
        disturbance: { world, step, before in
            guard step == Step.finalizeInvoice, before == 0,
                let document = world.vismaRows("document").first?["number"]?.stringValue
            else { return nil }
            _ = try? world.visma.applyOutsidePayment(to: document, amount: "250", in: world.nord.vismaTenant)
            return .notSent
        }, play: { _ = try $0.addInvoice() })

    /// The customer overpays another invoice at the very moment, and Stripe would spend the credit on this one.
    private static let creditSpentAtFinalize = Scenario(
        "a credit balance that appears at finalize", reaching: [Step.voidInvoice],
        reviews: ["credit_balance", "overpaid"],
        disturbance: { world, step, _ in
            guard step == Step.finalizeInvoice,
                let other = world.stripe.invoices().first(where: { $0.status == "open" })
            else { return nil }
            _ = try? world.stripe.pay(invoice: other.id, amount: other.amountRemaining + 10_000)
            return nil
        },
        play: { world in
            let customer = try world.addCustomer()
            _ = try world.addInvoice(of: customer)
            try await world.quiet()
            _ = try world.addInvoice("400", of: customer)
        })

    /// The answer that holds the endpoint's secret is lost for longer than Stripe keeps idempotency keys.
    private static let endpointLost = Scenario(
        "an endpoint whose secret was never learned", reaching: [Step.deleteEndpoint],
        disturbance: { world, step, _ in
            step == Step.createEndpoint && world.now() < World.start.adding(seconds: 3600) ? .lostAnswer : nil
        },
        play: { world in
            for company in world.companies { try await world.turn(company.tenant) }
            world.clock.advance(bySeconds: 25 * 3600)
        })

    private static let mailed = Scenario(
        "a push that Stripe mails", reaching: [Step.sendInvoice], policy: { $0.invoice.sendsEmail = true }
    ) { world in
        _ = try world.addInvoice()
    }
}
