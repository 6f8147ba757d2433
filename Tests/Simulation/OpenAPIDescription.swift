import Foundation
package import Sandbox

/// An API description beside the repository, as far as Visma's and Stripe's use OpenAPI: references, types, enums,
/// nullable, anyOf, required and additional properties. It is never copied in, so whoever uses it must do without
/// where it is absent.
package struct OpenAPIDescription: Sendable {
    package let paths: [String: SandboxJSON]
    let schemas: [String: SandboxJSON]

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../shared/specs").standardizedFileURL
    private static let stripeFile = folder.appending(path: "stripe-openapi.json")
    private static let vismaFile = folder.appending(path: "visma-openapi.json")

    package static var arePresent: Bool {
        [stripeFile, vismaFile].allSatisfy { FileManager.default.fileExists(atPath: $0.path) }
    }

    package static func stripe() throws -> OpenAPIDescription { try OpenAPIDescription(contentsOf: stripeFile) }
    package static func visma() throws -> OpenAPIDescription { try OpenAPIDescription(contentsOf: vismaFile) }

    private init(contentsOf file: URL) throws {
        // Foundation reads four megabytes in a debug build much faster than the sandbox's exact parser does.
        let root = Self.converted(try JSONSerialization.jsonObject(with: Data(contentsOf: file)))
        paths = Dictionary(root["paths"]?.members ?? []) { $1 }
        schemas = Dictionary(root["components"]?["schemas"]?.members ?? []) { $1 }
    }

    private static func converted(_ value: Any) -> SandboxJSON {
        switch value {
        case let members as [String: Any]: .object(members.map { ($0.key, converted($0.value)) })
        case let elements as [Any]: .array(elements.map(converted))
        case let text as String: .string(text)
        case let flag as Bool: .bool(flag)
        case let number as NSNumber: .number(number.stringValue)
        default: .null
        }
    }

    // MARK: Values

    /// What is wrong with `value` as an instance of a named schema; unknown members are wrong too.
    package func problems(_ value: SandboxJSON, schema name: String) -> [String] {
        schemas[name].map { problems(value, $0, at: name) } ?? ["no schema \(name)"]
    }

    func resolved(_ schema: SandboxJSON) -> SandboxJSON {
        guard let name = schema["$ref"]?.stringValue?.split(separator: "/").last else { return schema }
        return schemas[String(name)] ?? schema
    }

    func choices(_ schema: SandboxJSON) -> [SandboxJSON] {
        schema["anyOf"]?.elements ?? schema["oneOf"]?.elements ?? []
    }

    func problems(_ value: SandboxJSON, _ schema: SandboxJSON, at path: String) -> [String] {
        let schema = resolved(schema)
        if value.isNull { return schema["nullable"]?.boolValue == true ? [] : ["\(path): null is not allowed"] }
        let choices = choices(schema)
        if !choices.isEmpty {
            let tried = choices.map { problems(value, $0, at: path) }
            return tried.contains(where: \.isEmpty) ? [] : tried.min { $0.count < $1.count } ?? []
        }
        if let words = schema["enum"]?.elements, !words.isEmpty, !words.contains(value) {
            return ["\(path): \(value.serialised) is none of the allowed values"]
        }
        switch (schema["type"]?.stringValue, value) {
        case ("string", .string(let text)): return textProblems(text, schema, at: path)
        case ("integer", .number(let text)): return Int64(text) == nil ? ["\(path): \(text) is not whole"] : []
        case ("number", .number), ("boolean", .bool), (nil, _): return []
        case ("array", .array(let elements)):
            guard let items = schema["items"] else { return [] }
            return elements.enumerated().flatMap { problems($1, items, at: "\(path)[\($0)]") }
        case ("object", .object(let members)): return memberProblems(members, schema, at: path)
        default: return ["\(path): \(value.serialised.prefix(80)) is not \(schema["type"]?.stringValue ?? "?")"]
        }
    }

    /// Visma's times have no zone.
    private func textProblems(_ text: String, _ schema: SandboxJSON, at path: String) -> [String] {
        guard schema["format"]?.stringValue == "date-time" else { return [] }
        return text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?/) == nil ? ["\(path): \(text)"] : []
    }

    private func memberProblems(
        _ members: [(String, SandboxJSON)], _ schema: SandboxJSON, at path: String
    ) -> [String] {
        let known = schema["properties"]
        let present = Set(members.map(\.0))
        var found = (schema["required"]?.elements ?? []).compactMap(\.stringValue).filter { !present.contains($0) }
            .map { "\(path).\($0) is missing" }
        for (name, value) in members {
            if let property = known?[name] {
                found += problems(value, property, at: "\(path).\(name)")
            } else if let additional = schema["additionalProperties"], additional.members != nil {
                found += problems(value, additional, at: "\(path).\(name)")
            } else if known?.members?.isEmpty == false {
                found.append("\(path).\(name) is unknown")
            }
        }
        return found
    }

    // MARK: Operations

    /// The described operation of a request: the template with the most fixed parts wins. Case does not matter, as it
    /// does not to Visma.
    package func operation(_ method: String, _ path: String) -> (template: String, operation: SandboxJSON)? {
        let parts = path.lowercased().split(separator: "/")
        let fitting = paths.keys.filter { template in
            let wanted = template.lowercased().split(separator: "/")
            return wanted.count == parts.count && zip(wanted, parts).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
        }
        let best = fitting.min { $0.count { $0 == "{" } < $1.count { $0 == "{" } }
        guard let best, let operation = paths[best]?[method.lowercased()] else { return nil }
        return (best, operation)
    }
}
