import ArgumentParser
import Vault

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Master keys, which wrap every tenant's data key.", subcommands: [Generate.self])

    struct Generate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a new master key in a file that only you can read.",
            discussion: """
                The file gets mode 0600 and is never overwritten: without its key every sealed credential is lost. \
                Keep a copy in a safe place.

                Example: ml-connector key generate --key-file /etc/ml-connector/master.key
                """)

        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let settings = try Settings.load(store.given)
            guard case .file(let path) = settings.keys else {
                throw Failure(
                    .usage, "the keys come from MLC_MASTER_KEYS: unset it to make a key file")
            }
            try Assembly.makeParent(of: path)
            let id = try MasterKeyFile.generate(at: path, randomBytes: SystemSource.randomBytes)
            format.show(["key_id": .text(id), "key_file": .text(path)])
            format.remark("\nKeep a copy of this file apart from the database: without it no credential can be opened.")
        }
    }
}
