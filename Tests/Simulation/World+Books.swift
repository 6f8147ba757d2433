package import Sandbox

/// Both simulators' own books, past the connector.
extension World {
    /// Stripe's rows of one kind (`invoice`, `charge`, `credit_note`, ...) as its own books have them.
    package func stripeRows(_ kind: String, in company: Company) throws -> [SandboxJSON] {
        // Parsing takes time, so that only what is asked for is parsed.
        try stripeLines(of: company).filter { $0.contains("\"kind\":\"\(kind)\"") }.map { try SandboxJSON.parse($0) }
            .filter { $0.value(of: "kind") == kind }
    }

    private func stripeLines(of company: Company) -> [String] {
        let mark = "\"account\":\"\(company.account)\""
        return (stripe.books() + stripe.ledgers()).filter { $0.contains(mark) }
    }

    /// All of Stripe's rows of a company but its balances, which time alone moves.
    func stripeBooks(of company: Company) throws -> [SandboxJSON] {
        try stripeLines(of: company).map { try SandboxJSON.parse($0) }.filter { $0.value(of: "kind") != "balance" }
    }

    /// Everything that both sides have, as text: equal texts mean that nothing has changed.
    package func allBooks() throws -> [String] {
        try visma.books().map(\.serialised) + companies.flatMap { try stripeBooks(of: $0).map(\.serialised) }
    }

    /// Calls that write, of all companies on both sides.
    package func writeCount() -> Int {
        companies.reduce(0) { sum, company in
            let visma = visma.calls(of: company.vismaTenant).filter { !$0.key.hasPrefix("GET") }
            return sum + visma.values.reduce(0, +) + stripeWrites(in: company).values.reduce(0, +)
        }
    }
}

extension SandboxJSON {
    /// A text member; empty when there is none.
    func value(of name: String) -> String { self[name]?.stringValue ?? "" }

    /// A whole number member; 0 when there is none.
    func units(_ name: String) -> Int64 { self[name]?.intValue ?? 0 }

    /// A decimal text of the books, which has all of its currency's places, in minor units.
    func minor(_ name: String) -> Int64 { Int64(value(of: name).replacing(".", with: "")) ?? 0 }
}
