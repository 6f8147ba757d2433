import Domain
import Foundation
import LibCrypto
import Storage
import Sync
import Synchronization
import VismaNet

/// Remembers the addresses that were called.
final class Asked: Sendable {
    private let urls = Mutex<[String]>([])

    func note(_ url: String) { urls.withLock { $0.append(url) } }
    func clear() { urls.withLock { $0 = [] } }
    var count: Int { urls.withLock { $0.count } }
    var all: [String] { urls.withLock { $0 } }

    /// The values of `lastModifiedDateTime`.
    var times: [String] {
        urls.withLock { $0 }.compactMap { url in
            URLComponents(string: url)?.queryItems?.first { $0.name == "lastModifiedDateTime" }?.value
        }
    }
}

enum ServerTimeText {
    static func moved(_ text: String, backSeconds: Int64) -> String? {
        ServerTime(text)?.moved(backSeconds: backSeconds).description
    }
}

extension TenantAdmin {
    func setVismaSecret(_ text: String, of tenant: TenantID) async throws {
        _ = try await setCredential(.vismaClientSecret, Secret(text), of: tenant)
    }
}
