import Foundation
package import Outbound
import Sandbox

/// Whole requests and answers against the description.
extension OpenAPIDescription {
    /// What is wrong with a request: path, method, query and body.
    package func problems(of request: OutboundRequest) -> [String] {
        guard let (template, operation) = operation(request.method, request.path) else {
            return ["\(request.method) \(request.path) is not described"]
        }
        let name = "\(request.method) \(template)"
        let query = request.url.firstIndex(of: "?").map { String(request.url[request.url.index(after: $0)...]) } ?? ""
        let parameters = (operation["parameters"]?.elements ?? []).filter { $0["in"]?.stringValue == "query" }
        let schemas = parameters.compactMap { parameter in
            parameter["name"]?.stringValue.map { ($0, parameter["schema"] ?? .object([])) }
        }
        var found = Self.pairs(query).flatMap { pair in
            fieldProblems(pair.name, pair.value, in: .object([("properties", .object(schemas))]), at: name)
        }
        guard !request.body.isEmpty, let content = operation["requestBody"]?["content"]?.members else { return found }
        let type = request.headers.first { $0.name.lowercased() == "content-type" }?.value ?? ""
        guard let schema = content.first(where: { type.hasPrefix($0.0) })?.1["schema"] else {
            return found + ["\(name): a body of type '\(type)' is not described"]
        }
        if type.hasPrefix("application/json") {
            guard let json = try? SandboxJSON.parse(request.body) else { return found + ["\(name): not JSON"] }
            found += problems(json, schema, at: name)
        } else {
            let pairs = Self.pairs(String(decoding: request.body, as: UTF8.self))
            found += pairs.flatMap { fieldProblems($0.name, $0.value, in: schema, at: name) }
            let given = Set(pairs.map { String($0.name.prefix { $0 != "[" }) })
            found += (resolved(schema)["required"]?.elements ?? []).compactMap(\.stringValue)
                .filter { !given.contains($0) }.map { "\(name): \($0) is missing" }
        }
        return found
    }

    /// What is wrong with an answer: its status when it is a success, and its body when one is described.
    package func problems(of response: OutboundResponse, to request: OutboundRequest) -> [String] {
        guard let (template, operation) = operation(request.method, request.path) else { return [] }
        let name = "\(request.method) \(template) \(response.status)"
        let described = operation["responses"]
        let isSuccess = (200..<300).contains(response.status)
        guard let answer = described?[String(response.status)] ?? (isSuccess ? nil : described?["default"]) else {
            return isSuccess ? ["\(name) is not described"] : []
        }
        guard let schema = answer["content"]?["application/json"]?["schema"], !response.body.isEmpty else { return [] }
        guard let json = try? SandboxJSON.parse(response.body) else { return ["\(name): not JSON"] }
        return problems(json, schema, at: name)
    }

    private static func pairs(_ text: String) -> [(name: String, value: String)] {
        text.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (decoded(parts[0]), parts.count > 1 ? decoded(parts[1]) : "")
        }
    }

    private static func decoded(_ text: Substring) -> String {
        let spaced = text.replacing("+", with: " ")
        return String(spaced).removingPercentEncoding ?? String(spaced)
    }

    /// `lines[0][tax_amounts][1][amount]`: walked down the schema part by part.
    private func fieldProblems(
        _ name: String, _ value: String, in schema: SandboxJSON, at path: String
    ) -> [String] {
        let parts = name.split(separator: "[", omittingEmptySubsequences: false).map {
            String($0.hasSuffix("]") ? $0.dropLast() : $0[...])
        }
        var candidates = alternatives(schema)
        for part in parts {
            candidates = candidates.flatMap { candidate -> [SandboxJSON] in
                if let property = candidate["properties"]?[part] { return alternatives(property) }
                if let items = candidate["items"], part.isEmpty || Int(part) != nil { return alternatives(items) }
                if let additional = candidate["additionalProperties"], additional.members != nil {
                    return alternatives(additional)
                }
                return []
            }
        }
        if candidates.isEmpty { return ["\(path): \(name) is unknown"] }
        return candidates.contains { accepts(value, $0) } ? [] : ["\(path): \(name)=\(value) is of the wrong kind"]
    }

    private func alternatives(_ schema: SandboxJSON) -> [SandboxJSON] {
        let schema = resolved(schema)
        let choices = choices(schema)
        return choices.isEmpty ? [schema] : choices.flatMap(alternatives)
    }

    /// Whether the text of a form field or query parameter is one of the schema's values.
    private func accepts(_ value: String, _ schema: SandboxJSON) -> Bool {
        if let words = schema["enum"]?.elements, !words.isEmpty { return words.contains(.string(value)) }
        return switch schema["type"]?.stringValue {
        case "integer": Int64(value) != nil
        case "number": Double(value) != nil
        case "boolean": value == "true" || value == "false"
        case "array", "object": false
        default: (schema["maxLength"]?.intValue).map { value.unicodeScalars.count <= Int($0) } ?? true
        }
    }
}
