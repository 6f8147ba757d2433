/// The demo's manifests, embedded so that the binary needs no files beside it.
package enum TenantFiles {
    package static var demo: [String] {
        [PackageResources.demo_nord_yaml, PackageResources.demo_kyst_yaml].map { String(decoding: $0, as: UTF8.self) }
    }
}
