package import Domain

/// Which of a tenant's stored events are meant: those that agree with all that is given.
package struct EventSelection: Hashable, Sendable {
    /// Empty: any.
    package var ids: [String]
    /// Received at this moment or later.
    package var from: Timestamp?
    /// Received before this moment.
    package var until: Timestamp?
    package var type: String?
    package var state: StoredEvent.State?

    package init(
        ids: [String] = [], from: Timestamp? = nil, until: Timestamp? = nil, type: String? = nil,
        state: StoredEvent.State? = nil
    ) {
        self.ids = ids
        self.from = from
        self.until = until
        self.type = type
        self.state = state
    }

    var condition: SQLStatement {
        let named: SQLStatement = ids.isEmpty ? "" : "AND event_id IN (\(list: ids))"
        let later: SQLStatement = from.map { "AND received_at >= \($0)" } ?? ""
        let earlier: SQLStatement = until.map { "AND received_at < \($0)" } ?? ""
        let ofType: SQLStatement = type.map { "AND type = \($0)" } ?? ""
        let ofState: SQLStatement = state.map { "AND state = \($0)" } ?? ""
        return "\(named) \(later) \(earlier) \(ofType) \(ofState)"
    }
}
