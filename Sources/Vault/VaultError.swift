/// Why the vault does not give or take a secret. `text` never holds any of it: it is safe to log and to show.
package struct VaultError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// There is no master key at all.
        case noMasterKey = "no_master_key"
        /// A data key is wrapped by a master key that was not given.
        case unknownMasterKey = "unknown_master_key"
        case keyFileExposed = "key_file_exposed"
        case keyFileUnreadable = "key_file_unreadable"
        case keyFileExists = "key_file_exists"
        case keyMalformed = "key_malformed"
        case noDataKey = "no_data_key"
        case notSet = "not_set"
        case emptySecret = "empty_secret"
        /// Wrong key, wrong tenant, purpose or version, or altered bytes: which of them cannot be told.
        case doesNotOpen = "does_not_open"
        case cryptography
    }

    package var code: Code
    package var text: String

    package init(_ code: Code, _ text: String) {
        self.code = code
        self.text = text
    }

    package var description: String { "vault.\(code.rawValue): \(text)" }
}
