package import Domain
import Foundation
package import Logging
import NIOCore
package import NIOSSL
import Synchronization

/// The certificate that the server shows, from two PEM files. It is read anew when a file has changed, so that a
/// renewed one needs no restart; a pair that does not work leaves the one before in use and is logged.
package final class ServerCertificate: Sendable {
    private struct Pair {
        var chain: [NIOSSLCertificateSource]
        var key: NIOSSLPrivateKeySource
        var versions: [FileVersion]
    }

    /// What a file that was written anew has different.
    private struct FileVersion: Hashable {
        var inode: UInt64
        var size: Int64
        var seconds: Int
        var nanoseconds: Int
    }

    private struct State {
        var pair: Pair
        /// The versions of a pair that did not work, so that it is told once.
        var refused: [FileVersion]?
    }

    private let certificateFile: String
    private let keyFile: String
    private let log: Logger
    private let state: Mutex<State>

    /// - Parameters:
    ///   - certificateFile: the server's certificate first, then those between it and the root.
    ///   - keyFile: the private key; one that every user may read is refused.
    /// - Throws: `serve.certificate_invalid` with the file and what is wrong with it.
    package init(certificateFile: String, keyFile: String, log: Logger) throws(ConnectorError) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.log = log
        state = Mutex(State(pair: try Self.read(certificateFile, keyFile)))
    }

    /// TLS 1.2 and later; each handshake takes the certificate that is in force then.
    package func configuration() -> TLSConfiguration {
        let pair = state.withLock { $0.pair }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: pair.chain, privateKey: pair.key)
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        configuration.sslContextCallback = { [self] _, promise in promise.succeed(inForce()) }
        return configuration
    }

    private func inForce() -> NIOSSLContextConfigurationOverride {
        state.withLock { state in
            renew(&state)
            var override = NIOSSLContextConfigurationOverride()
            override.certificateChain = state.pair.chain
            override.privateKey = state.pair.key
            return override
        }
    }

    private func renew(_ state: inout State) {
        do {
            let versions = try Self.versions(certificateFile, keyFile)
            guard versions != state.pair.versions, versions != state.refused else { return }
            // Noted before it is read: a pair that is being written is tried again when it has changed once more.
            state.refused = versions
            state.pair = try Self.read(certificateFile, keyFile)
            state.refused = nil
            log.info("the certificate was read anew", metadata: ["file": "\(certificateFile)"])
        } catch {
            log.error("the new certificate is not usable; the one before stays", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Files

    private static func versions(_ files: String...) throws(ConnectorError) -> [FileVersion] {
        var versions: [FileVersion] = []
        for file in files {
            var status = stat()
            guard stat(file, &status) == 0 else { throw invalid(file, "it cannot be read") }
            versions.append(
                FileVersion(
                    inode: UInt64(status.st_ino), size: Int64(status.st_size), seconds: status.st_mtim.tv_sec,
                    nanoseconds: status.st_mtim.tv_nsec))
        }
        return versions
    }

    private static func read(_ certificateFile: String, _ keyFile: String) throws(ConnectorError) -> Pair {
        let versions = try versions(certificateFile, keyFile)
        var status = stat()
        guard stat(keyFile, &status) == 0, status.st_mode & mode_t(S_IROTH | S_IWOTH) == 0 else {
            throw invalid(keyFile, "every user of this machine may read it; run: chmod 600")
        }
        let chain: [NIOSSLCertificateSource]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(certificateFile).map { .certificate($0) }
        } catch {
            throw invalid(certificateFile, "it is no certificate in PEM form")
        }
        guard !chain.isEmpty else { throw invalid(certificateFile, "it holds no certificate") }
        let key: NIOSSLPrivateKeySource
        do {
            key = .privateKey(try NIOSSLPrivateKey(file: keyFile, format: .pem))
        } catch {
            throw invalid(keyFile, "it is no private key in PEM form")
        }
        do {
            // Only a context tells whether the two belong together.
            _ = try NIOSSLContext(
                configuration: TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: key))
        } catch {
            throw invalid(keyFile, "it does not belong to the certificate \(certificateFile)")
        }
        return Pair(chain: chain, key: key, versions: versions)
    }

    private static func invalid(_ file: String, _ what: String) -> ConnectorError {
        ConnectorError(
            code: "serve.certificate_invalid", text: "\(file) is not usable for TLS: \(what)", disposition: .reject)
    }
}
