/// Rows of one kind in the order they were made, found by id. Removed rows leave a gap, so that indices stay.
struct StripeTable<Row: StripeRecord>: Sendable {
    private var rows: [Row?] = []
    private var places: [String: Int] = [:]

    subscript(id: String) -> Row? {
        get { places[id].flatMap { rows[$0] } }
        set {
            if let place = places[id] {
                rows[place] = newValue
                if newValue == nil { places[id] = nil }
            } else if let newValue {
                places[id] = rows.count
                rows.append(newValue)
            }
        }
    }

    mutating func add(_ row: Row) { self[row.id] = row }

    var all: [Row] { rows.compactMap { $0 } }
    var newestFirst: [Row] { rows.reversed().compactMap { $0 } }
    var count: Int { places.count }
}

/// One page of a list: 1 to 100 rows, newest first, from a cursor that is an object's id.
struct StripePage {
    static let limitDefault = 10
    static let limitMax = 100

    /// The parameters that every list takes.
    static let fields = [
        StripeField("limit", .whole), StripeField("starting_after", .id), StripeField("ending_before", .id),
    ]
    static func cut<Row: StripeRecord>(
        _ rows: [Row], _ form: StripeForm, noun: String, url: String, render: (Row) -> StripeJSON
    ) throws(StripeFailure) -> StripeJSON {
        let limit = Int(form.whole("limit") ?? Int64(limitDefault))
        guard (1...limitMax).contains(limit) else {
            throw .parameter(
                "limit", "Invalid integer: limit must be between 1 and \(limitMax)",
                code: "parameter_invalid_integer")
        }
        if form.has("starting_after"), form.has("ending_before") {
            throw .parameter("ending_before", "You may only specify one of: starting_after, ending_before.")
        }
        func place(of id: String, _ param: String) throws(StripeFailure) -> Int {
            guard let place = rows.firstIndex(where: { $0.id == id }) else {
                throw .noSuch(noun, id, param: param)
            }
            return place
        }
        var page = rows[...]
        var hasMore = false
        if let before = form.text("ending_before") {
            page = rows[..<(try place(of: before, "ending_before"))]
            hasMore = page.count > limit
            page = page.suffix(limit)
        } else {
            if let after = form.text("starting_after") {
                page = rows[(try place(of: after, "starting_after") + 1)...]
            }
            hasMore = page.count > limit
            page = page.prefix(limit)
        }
        return list(page.map(render), hasMore: hasMore, url: url)
    }

    static func list(_ data: [StripeJSON], hasMore: Bool, url: String) -> StripeJSON {
        ["object": "list", "data": .array(data), "has_more": .bool(hasMore), "url": .string(url)]
    }
}

extension StripeForm {
    /// Whether `moment` lies within the bounds given as `name`.
    func allows(_ name: String, _ moment: Int64?) -> Bool {
        guard let bounds = self[name] else { return true }
        guard let moment else { return false }
        if case .text(let exact) = bounds { return Int64(exact) == moment }
        let checks: [(String, (Int64, Int64) -> Bool)] = [("gt", >), ("gte", >=), ("lt", <), ("lte", <=)]
        return checks.allSatisfy { check in bounds.whole(check.0).map { check.1(moment, $0) } ?? true }
    }

    func allows(_ name: String, equal value: String?) -> Bool { text(name).map { $0 == value } ?? true }
}
