/// How the connector names itself to both systems; Visma's support finds an integrator's calls by it.
package enum Product {
    package static let version = "0.1.0"
    package static let userAgent = "ml-connector/\(version)"
}
