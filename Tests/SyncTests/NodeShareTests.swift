import Domain
import Sync
import Testing

@Suite("Whose a tenant is among the nodes")
struct NodeShareTests {
    private static let tenants = (1...3000).map { TenantID("tenant-\($0)") }

    private func owners(_ nodes: [String]) -> [TenantID: String] {
        let share = NodeShare(nodes)
        return Dictionary(
            uniqueKeysWithValues: Self.tenants.compactMap { tenant in
                share.owner(of: tenant).map { (tenant, $0) }
            })
    }

    @Test("Every node computes the same, in whatever order it hears of the others")
    func agreed() {
        #expect(owners(["a", "b", "c"]) == owners(["c", "a", "b", "a"]))
        #expect(owners([]).isEmpty)
        #expect(Set(owners(["a"]).values) == ["a"])
    }

    @Test("Each has its share, give or take what chance does", arguments: 2...8)
    func even(_ count: Int) {
        let nodes = (1...count).map { "host-\($0)-4711-abcdefgh" }
        let counts = Dictionary(grouping: owners(nodes).values) { $0 }.mapValues(\.count)
        #expect(counts.count == count)
        let share = Self.tenants.count / count
        // Four standard deviations.
        let slack = 4 * Int(Double(share).squareRoot())
        #expect(counts.values.allSatisfy { abs($0 - share) <= slack }, "\(counts)")
    }

    @Test("One that comes takes only its own share, one that goes leaves the others' tenants where they are")
    func fewMoves() {
        let (two, three) = (owners(["a", "b"]), owners(["a", "b", "c"]))
        for tenant in Self.tenants where two[tenant] != three[tenant] { #expect(three[tenant] == "c") }
        let without = owners(["a", "c"])
        for tenant in Self.tenants where three[tenant] != "b" { #expect(without[tenant] == three[tenant]) }
    }

    @Test("The same for ever: nodes of two versions share a database during an upgrade")
    func known() {
        let share = NodeShare(["one", "two", "three"])
        let owners = ["acme", "nord", "kyst", "fjord"].map { share.owner(of: TenantID($0)) ?? "-" }
        #expect(owners == ["one", "three", "three", "two"])
    }
}
