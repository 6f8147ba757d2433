import ArgumentParser
import Domain
import Foundation
import LibCrypto
import Outbound
import Storage
import Vault

/// What the process ends with.
enum ExitStatus: Int32, CaseIterable {
    case done = 0
    case failed = 1
    case usage = 2
    case notFound = 3
    /// The state of things does not allow it: a lock, a key, a tenant that is not active.
    case refused = 4
    /// Some of it was done and written down; the rest was not.
    case partly = 5
}

/// The end of a command that did not do what was asked. The text names the field and the remedy.
struct Failure: Error {
    var status: ExitStatus
    var text: String

    init(_ status: ExitStatus, _ text: String) {
        self.status = status
        self.text = text
    }
}

extension Failure {
    /// The one place where errors of all rooms get their text and status. Nil: it is no failure (help was asked for).
    static func understood(_ error: any Error) -> Failure? {
        switch error {
        case let failure as Failure: return failure
        case let error as ConnectorError: return Failure(status(of: error), text(of: error))
        case let error as StorageError: return Failure(status(of: error.code), error.text)
        case let error as VaultError: return Failure(status(of: error.code), error.text)
        case is CancellationError: return Failure(.failed, "interrupted")
        case let error as CryptoFailure: return Failure(.failed, "libcrypto: \(error)")
        default:
            guard MLConnector.exitCode(for: error) != .success else { return nil }
            return parserFailure(error)
        }
    }

    /// ArgumentParser's errors of its own are usage; what else comes here is not foreseen.
    private static func parserFailure(_ error: any Error) -> Failure {
        guard MLConnector.exitCode(for: error) == .validationFailure else {
            return Failure(.failed, "\(error)")
        }
        let whole = MLConnector.fullMessage(for: error)
        return Failure(.usage, whole.hasPrefix("Error: ") ? String(whole.dropFirst(7)) : whole)
    }

    private static func text(of error: ConnectorError) -> String {
        var parts = [error.text]
        if let status = error.httpStatus { parts.append("HTTP \(status)") }
        if let id = error.requestID { parts.append("request \(id)") }
        return parts.joined(separator: ", ")
    }

    private static func status(of error: ConnectorError) -> ExitStatus {
        switch error.code {
        case "tenant.unknown", "customer.unknown", "undo.unknown", "replay.unknown", "review.unknown": .notFound
        case "manifest.invalid", "stripe.unusable_key", "undo.invalid", "review.invalid": .usage
        case "stripe.mode_mismatch", "writes_off": .refused
        case "serve.host_unknown": .usage
        case _ where error.code.hasPrefix("host."): .usage
        case "customer.taken", "customer.email_missing": .refused
        case _ where error.code.hasPrefix("serve."): .refused
        case _ where error.code.hasPrefix("tenant."): .refused
        case _ where error.code.hasPrefix("undo."): .refused
        case _ where error.code.hasPrefix("replay."): .refused
        case _ where error.code.hasPrefix("review."): .refused
        default: .failed
        }
    }

    private static func status(of code: StorageError.Code) -> ExitStatus {
        switch code {
        case .notFound: .notFound
        case .invalidArgument: .usage
        case .illegalMove, .conflict, .uniqueViolation, .leaseLost, .appendOnly, .migrationChanged, .migrationUnknown:
            .refused
        default: .failed
        }
    }

    private static func status(of code: VaultError.Code) -> ExitStatus {
        switch code {
        case .noMasterKey, .unknownMasterKey, .keyFileExposed, .keyFileExists, .noDataKey, .notSet: .refused
        case .emptySecret, .keyMalformed: .usage
        case .keyFileUnreadable, .doesNotOpen, .cryptography: .failed
        }
    }
}
