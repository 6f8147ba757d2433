package import Domain

/// Which of the nodes that are there takes a tenant's turns: the one with the highest weight for it (rendezvous
/// hashing). Every node computes it alike from the same list, a node that comes takes its share from all others, and
/// one that goes leaves the rest where they are.
package struct NodeShare: Hashable, Sendable {
    private let nodes: [(id: String, hash: UInt64)]

    /// - Parameter nodes: those that are there and active.
    package init(_ nodes: some Sequence<String>) {
        self.nodes = Set(nodes).sorted().map { (id: $0, hash: Self.hash($0)) }
    }

    package var nodeIDs: [String] { nodes.map(\.id) }

    package static func == (one: NodeShare, other: NodeShare) -> Bool { one.nodeIDs == other.nodeIDs }

    package func hash(into hasher: inout Hasher) { hasher.combine(nodeIDs) }

    /// Nil when there is no node.
    package func owner(of tenant: TenantID) -> String? {
        let hash = Self.hash(tenant.rawValue)
        var best: (id: String, weight: UInt64)?
        for node in nodes {
            let weight = Self.mix(hash ^ node.hash)
            // Of two that weigh the same, the first by its id.
            if best.map({ weight > $0.weight }) ?? true { best = (node.id, weight) }
        }
        return best?.id
    }

    /// FNV-1a: the same on every machine and in every version.
    private static func hash(_ text: String) -> UInt64 {
        mix(text.utf8.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 })
    }

    /// The end of SplitMix64: every bit of the answer depends on every bit given.
    private static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
