import Domain
import Sandbox

/// What settles a document in Visma while Stripe collects it, as Stripe is told of it.
extension Scenario {
    static let settlements = [paidElsewhere, partPaidElsewhere, credited, reversed, writtenOff, writtenOffUntouched]

    private static let paidElsewhere = Scenario("a bank payment of all", reaching: [Step.payOutOfBand]) { world in
        let document = try world.addInvoice()
        try await world.quiet()
        try world.visma.applyOutsidePayment(to: document.number, amount: "1250", in: world.nord.vismaTenant)
    }

    private static let partPaidElsewhere = Scenario(
        "a bank payment of a part, and the rest by card", reaching: [Step.reportPayment, Step.attachPayment]
    ) { world in
        let document = try world.addInvoice()
        try await world.quiet()
        try world.visma.applyOutsidePayment(to: document.number, amount: "400", in: world.nord.vismaTenant)
        try await world.quiet()
        try world.stripe.pay(invoice: world.live(document).id)
    }

    private static let credited = Scenario("a credit note over a part", reaching: [Step.creditInvoice]) { world in
        let document = try world.addInvoice()
        try await world.quiet()
        let tenant = world.nord.vismaTenant
        let note = try world.visma.creditInvoice(document.number, amount: "250", in: tenant)
        try world.visma.applyCreditNote(note, to: document.number, amount: "250", in: tenant)
    }

    private static let reversed = Scenario("a document that is taken back", reaching: [Step.voidInvoice]) { world in
        let document = try world.addInvoice()
        try await world.quiet()
        try world.visma.reverseInvoice(document.number, in: world.nord.vismaTenant)
    }

    /// Stripe voids no invoice that is paid in part.
    private static let writtenOff = Scenario(
        "a rest that is written off", reaching: [Step.markUncollectible]
    ) { world in
        let (document, _) = try await world.pushAndPay(amount: 100_000)
        try world.visma.writeOff(document.number, in: world.nord.vismaTenant)
    }

    private static let writtenOffUntouched = Scenario(
        "an unpaid document that is written off", reaching: [Step.voidInvoice]
    ) { world in
        let document = try world.addInvoice()
        try await world.quiet()
        try world.visma.writeOff(document.number, in: world.nord.vismaTenant)
    }
}
