/// One operation: where it is, what it needs and what it takes.
struct StripeRoute: Sendable {
    typealias Run = @Sendable (inout StripeBook, StripeCall) throws(StripeFailure) -> StripeJSON

    let method: String
    let template: String
    /// What a restricted key must hold; `…_write` includes `…_read`. Empty for what every key may do.
    let permission: String
    let fields: [StripeField]
    /// The kind of object that `expand` starts from; nil when nothing can be expanded.
    let expands: String?
    let run: Run

    private let segments: [Substring]

    init(
        _ method: String, _ template: String, _ permission: String, _ fields: [StripeField] = [],
        expands: String? = nil, run: @escaping Run
    ) {
        self.method = method
        self.template = template
        self.permission = permission
        self.fields = fields + (method == "DELETE" ? [] : [StripeField("expand", .list(.text(5000), max: 20))])
        self.expands = expands
        self.run = run
        segments = template.split(separator: "/")
    }

    /// A list, with its paging parameters.
    static func list(
        _ template: String, _ permission: String, _ filters: [StripeField], expands: String? = nil,
        run: @escaping Run
    ) -> StripeRoute {
        StripeRoute("GET", template, permission, StripePage.fields + filters, expands: expands, run: run)
    }

    var name: String { "\(method) \(template)" }

    /// The ids in the path when it is this route's, else nil.
    func ids(in path: [Substring]) -> [String]? {
        guard path.count == segments.count else { return nil }
        var ids: [String] = []
        for (segment, part) in zip(segments, path) {
            if segment.hasPrefix("{") { ids.append(String(part)) } else if segment != part { return nil }
        }
        return ids
    }

    func isPermitted(by permissions: Set<String>) -> Bool {
        permission.isEmpty || permissions.contains(permission)
            || permissions.contains(permission.replacing("_read", with: "_write"))
    }

    /// Checks the parameters and builds the call.
    func call(_ form: StripeForm, ids: [String]) throws(StripeFailure) -> StripeCall {
        try StripeShape.check(form, against: fields)
        let paths = form.texts("expand")
        if let first = paths.first, expands == nil {
            throw .parameter("expand[]", "This property cannot be expanded (\(first)).")
        }
        return StripeCall(form: form, ids: ids, expand: try StripeExpansion(paths, from: expands ?? ""))
    }
}
