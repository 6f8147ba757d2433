import ArgumentParser
import Foundation
import Storage

/// What keeps the demo's rows.
enum DemoEngine: String, ExpressibleByArgument, CaseIterable {
    case sqlite
    #if POSTGRES
        case postgres
    #endif

    /// Runs `body` with the database's address: a file in `directory`, or a server that lives as long as `body` runs.
    func whileServing<R>(
        in directory: String, _ body: (_ database: String) async throws -> R
    ) async throws -> R {
        switch self {
        case .sqlite: return try await body(directory + "/ml-connector.sqlite")
        #if POSTGRES
            case .postgres:
                let password = try SystemSource.randomBytes(16).map { String($0, radix: 16) }.joined()
                let cluster = try PrivateCluster(.full, password: password)
                defer { cluster.stop() }
                return try await body(cluster.url)
        #endif
        }
    }
}
