import Domain
import Sandbox
import Simulation
import Testing

@Suite("Documents in foreign currency, from Visma's answer to Stripe's invoice")
struct ForeignInvoiceTests {
    /// Places of the exchange rate, which Visma gives with up to eight.
    private static let ratePlaces: UInt64 = 8

    private static func rate(_ random: inout SandboxRandom) -> String {
        let whole = random.next() % 12
        let places = 1 + random.next() % ratePlaces
        // The last is never nought, so that the rate has as many as it says.
        let digits = (1..<places).map { _ in "\(random.next() % 10)" }.joined() + "\(1 + random.next() % 9)"
        return "\(whole).\(digits)"
    }

    private static func lines(_ currency: String, _ random: inout SandboxRandom) -> [VismaLineSeed] {
        let vats: [VismaVATSeed] = [.standard25, .middle15, .zero, .exempt]
        return (0...(random.next() % 30)).map { index in
            let whole = 1 + random.next() % 3000
            let price = currency == "JPY" ? "\(100 + whole)" : "\(whole).\(random.next() % 10)\(random.next() % 10)"
            return VismaLineSeed(
                "Vare \(index + 1)", quantity: "\(1 + random.next() % 4)", unitPrice: price,
                discountPercent: random.next() % 6 == 0 ? "\(1 + random.next() % 20)" : "0",
                vat: vats[Int(random.next() % 4)])
        }
    }

    @Test("60 of them at any exchange rate: Stripe asks for what is open in the document's own currency")
    func anyRate() async throws {
        let world = try await World(seed: 17)
        var random = SandboxRandom(seed: 2611)
        let customer = try world.addCustomer()
        var documents: [(document: DocumentRef, currency: String)] = []
        for _ in 0..<60 {
            let currency = ["EUR", "SEK", "DKK", "USD", "JPY"][Int(random.next() % 5)]
            let rate = Self.rate(&random)
            let lines = Self.lines(currency, &random)
            let isInclusive = random.next() % 3 == 0
            let document = try world.addInvoice(of: customer) { seed in
                seed.currency = currency
                seed.exchangeRate = rate
                seed.lines = lines
                seed.pricesIncludeVAT = isInclusive
            }
            documents.append((document, currency))
        }
        try await world.quiet()
        for (document, code) in documents {
            let seen = try #require(world.vismaDocument(document))
            let currency = try #require(Currency(code))
            let total = try Money(ExactAmount(parsing: seen["total"]?.stringValue ?? ""), currency: currency)
            let invoice = try world.live(document)
            #expect(invoice.currency == code.lowercased())
            #expect(invoice.total == total.minorUnits, "\(document)")
        }
        #expect(try await world.openReviews().isEmpty)
        try await Soundness.expect(world, "any exchange rate")
    }
}
