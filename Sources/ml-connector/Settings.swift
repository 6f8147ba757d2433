import Domain
import Foundation
import HTTPTypes
import LibCrypto
import Logging
import Outbound
import Storage
import Sync
import Vault
import Web

/// What this process runs with: options, else the environment, else defaults. The only reader of the environment.
/// Every wrong value is a usage failure that names the setting and what to write.
struct Settings: Sendable {
    enum KeySource: Sendable {
        case file(String)
        /// From `MLC_MASTER_KEYS`.
        case ring(MasterKeyRing)
    }

    /// One setting as `doctor` shows it.
    struct Shown: Sendable {
        var setting: Setting
        /// Never a secret.
        var value: String?
        /// `default`, `environment` or the option's name.
        var origin: String
    }

    static let timeoutSecondsRange: ClosedRange<Int64> = 1...600
    static let leaseSecondsRange: ClosedRange<Int64> = 2...600
    static let lateEffectSecondsMax: Int64 = 3600

    let database: DatabaseAddress
    let keys: KeySource
    let host: String
    let port: Int
    /// PEM files of the chain and of its key; nil: plain HTTP.
    let tls: (certificate: String, key: String)?
    let trustedProxies: [AddressRange]
    let publicURL: String?
    let rules: HostRules
    let endpoints: SyncEnvironment.Endpoints
    let vismaSignatureHeader: String
    let writesOn: Bool
    let logLevel: Logger.Level
    let logFormat: LogFormat
    /// How long a node that is not heard of keeps its tenants.
    let leaseSeconds: Int64
    let lateEffectSeconds: Int64
    let killAt: KillPoint?
    let pauseAt: KillPoint?
    let shown: [Shown]

    /// - Parameter given: what the options said.
    init(given: [Setting: String], environment: [String: String]) throws {
        var reader = try SettingsReader(given: given, environment: environment)
        database = try Self.database(&reader)
        keys = try Self.keys(&reader)
        host = try reader.text(.host)
        port = Int(try reader.whole(.port, 0...65_535))
        tls = try Self.tls(&reader)
        trustedProxies = try Self.proxies(&reader)
        publicURL = try Self.publicURL(&reader)
        rules = try HostRules()
        endpoints = SyncEnvironment.Endpoints(
            vismaAPI: try reader.baseURL(.vismaAPI, rules), vismaConnect: try reader.baseURL(.vismaConnect, rules),
            stripe: try reader.baseURL(.stripe, rules),
            vismaTimeoutMilliseconds: try reader.whole(.vismaTimeout, Self.timeoutSecondsRange) * 1000,
            stripeTimeoutMilliseconds: try reader.whole(.stripeTimeout, Self.timeoutSecondsRange) * 1000)
        let areLoopback = endpoints.areLoopback
        vismaSignatureHeader = try Self.headerName(&reader)
        writesOn = try reader.choice(.writes, ["on", "off"]) == "on"
        logLevel = Logger.Level(rawValue: try reader.choice(.logLevel, Logger.Level.allCases.map(\.rawValue))) ?? .info
        logFormat = LogFormat(rawValue: try reader.choice(.logFormat, LogFormat.allCases.map(\.rawValue))) ?? .text
        leaseSeconds = try reader.whole(.leaseSeconds, Self.leaseSecondsRange)
        lateEffectSeconds = try reader.whole(.lateEffect, 0...Self.lateEffectSecondsMax)
        if lateEffectSeconds < SyncEnvironment.lateEffectSecondsDefault, !areLoopback {
            throw reader.wrong(
                .lateEffect,
                "may be below \(SyncEnvironment.lateEffectSecondsDefault) only when all three base URLs "
                    + "are loopback: Visma works on a request for four minutes after its caller gave up")
        }
        killAt = try Self.point(.killAt, &reader, areLoopback: areLoopback)
        pauseAt = try Self.point(.pauseAt, &reader, areLoopback: areLoopback)
        shown = reader.shown
    }

    /// With this process's environment.
    static func load(_ given: [Setting: String]...) throws -> Settings {
        let all = given.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
        return try Settings(given: all, environment: ProcessInfo.processInfo.environment)
    }

    /// The master keys. Throws a `VaultError` with the remedy when there are none: nothing starts without.
    func masterKeys() throws -> MasterKeyRing {
        switch keys {
        case .ring(let ring): ring
        case .file(let path): try MasterKeyRing(file: path)
        }
    }

    /// A URL may hold a password, so what was given is neither shown nor repeated in an error.
    private static func database(_ reader: inout SettingsReader) throws -> DatabaseAddress {
        let (text, setting) = try databaseText(&reader)
        do {
            let address = try DatabaseAddress(text)
            if setting == .database { reader.show(setting, address.description) }
            guard !address.hasPassword || !reader.isOption(setting) else {
                throw reader.wrongSecret(
                    setting,
                    "a password does not belong into an argument, where every user of the machine reads it: set "
                        + "MLC_DATABASE, MLC_DATABASE_FILE or PGPASSFILE")
            }
            return address
        } catch let error as StorageError {
            throw reader.wrongSecret(setting, error.text)
        }
    }

    private static func databaseText(_ reader: inout SettingsReader) throws -> (String, Setting) {
        guard let file = try reader.optionalText(.databaseFile) else {
            let text = reader.unshown(.database)
            guard !text.isEmpty else { throw reader.wrong(.database, "it must not be empty") }
            return (text, .database)
        }
        guard !reader.isGiven(.database) else {
            throw Failure(.usage, "a database and MLC_DATABASE_FILE are both given: keep one of them")
        }
        do {
            let text = try String(contentsOfFile: file, encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            guard !text.isEmpty else { throw reader.wrong(.databaseFile, "that file is empty") }
            return (text, .databaseFile)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw reader.wrong(.databaseFile, "that file cannot be read as text")
        }
    }

    private static func keys(_ reader: inout SettingsReader) throws -> KeySource {
        let isFileGiven = reader.isGiven(.keyFile)
        let path = try reader.text(.keyFile)
        guard let keys = try reader.secret(.masterKeys) else { return .file(path) }
        if isFileGiven {
            throw Failure(.usage, "MLC_MASTER_KEYS and a key file are both given: keep one of them")
        }
        return .ring(try MasterKeyRing(parsing: Secret(keys), origin: Setting.masterKeys.rawValue))
    }

    private static func tls(_ reader: inout SettingsReader) throws -> (certificate: String, key: String)? {
        switch (try reader.optionalText(.tlsCertificate), try reader.optionalText(.tlsKey)) {
        case (let certificate?, let key?): return (certificate, key)
        case (nil, nil): return nil
        case (_, nil): throw reader.wrong(.tlsKey, "a certificate is given without its key; name the file with it")
        case (nil, _): throw reader.wrong(.tlsCertificate, "a key is given without its certificate; name its file")
        }
    }

    private static func proxies(_ reader: inout SettingsReader) throws -> [AddressRange] {
        guard let text = try reader.optionalText(.trustedProxies) else { return [] }
        return try text.split(separator: ",").map { part in
            guard let range = AddressRange(part.trimmingCharacters(in: .whitespaces)) else {
                throw reader.wrong(
                    .trustedProxies, "'\(part)' is no address; write like 10.0.0.7, 10.1.0.0/16 or fd00::/8")
            }
            return range
        }
    }

    /// Stripe calls only https; plain http is for the sandbox on the same machine.
    private static func publicURL(_ reader: inout SettingsReader) throws -> String? {
        guard let text = try reader.optionalText(.publicURL) else { return nil }
        do {
            return try HostRules(allowed: [text]).baseURL(text).text
        } catch {
            throw reader.wrong(.publicURL, error.text)
        }
    }

    private static func headerName(_ reader: inout SettingsReader) throws -> String {
        let name = try reader.text(.vismaSignatureHeader)
        guard HTTPField.Name(name) != nil else {
            throw reader.wrong(
                .vismaSignatureHeader, "write the name of an HTTP header: letters, digits and hyphens")
        }
        return name
    }

    private static func point(
        _ setting: Setting, _ reader: inout SettingsReader, areLoopback: Bool
    ) throws -> KillPoint? {
        guard let text = try reader.optionalText(setting) else { return nil }
        guard areLoopback else {
            throw reader.wrong(setting, "it is for proofs and accepted only when all three base URLs are loopback")
        }
        guard let point = KillPoint(text) else {
            throw reader.wrong(
                setting,
                "write CHECKPOINT or CHECKPOINT:N; checkpoints are "
                    + Checkpoint.all.map(\.name).joined(separator: ", "))
        }
        return point
    }
}

extension SyncEnvironment.Endpoints {
    /// All three are this machine itself, so nothing real can be met.
    var areLoopback: Bool { vismaAPI.isLoopback && vismaConnect.isLoopback && stripe.isLoopback }
}

/// Takes one setting after the other and keeps where each came from.
struct SettingsReader {
    private let given: [Setting: String]
    private let environment: [String: String]
    private(set) var shown: [Settings.Shown] = []

    init(given: [Setting: String], environment: [String: String]) throws {
        self.given = given
        // In compose files `NAME=` means: not set.
        self.environment = environment.filter { $0.key.hasPrefix(Setting.prefix) && !$0.value.isEmpty }
        // A mistyped MLC_WRITES would silently leave writes on.
        for name in self.environment.keys.sorted() where Setting(rawValue: name) == nil {
            throw Failure(
                .usage,
                "\(name) is not a setting; there are "
                    + Setting.allCases.map(\.rawValue).joined(separator: ", "))
        }
    }

    func isGiven(_ setting: Setting) -> Bool { given[setting] != nil || environment[setting.rawValue] != nil }

    mutating func optionalText(_ setting: Setting) throws -> String? {
        let (value, origin) = find(setting)
        shown.append(.init(setting: setting, value: value, origin: origin))
        if value == "" { throw wrong(setting, "it must not be empty") }
        return value
    }

    mutating func text(_ setting: Setting) throws -> String {
        guard let text = try optionalText(setting) else { throw wrong(setting, "it is missing") }
        return text
    }

    /// A value that is not shown.
    mutating func secret(_ setting: Setting) throws -> String? {
        let (value, origin) = find(setting)
        shown.append(.init(setting: setting, value: value == nil ? nil : "(not shown)", origin: origin))
        return value
    }

    /// A value that is shown later, without what is secret in it. Empty text where there is none.
    func unshown(_ setting: Setting) -> String { find(setting).value ?? "" }

    mutating func show(_ setting: Setting, _ text: String) {
        shown.append(.init(setting: setting, value: text, origin: find(setting).origin))
    }

    func isOption(_ setting: Setting) -> Bool { given[setting] != nil }

    mutating func whole(_ setting: Setting, _ range: ClosedRange<Int64>) throws -> Int64 {
        let text = try text(setting)
        guard let number = Int64(text), range.contains(number) else {
            throw wrong(setting, "write a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    mutating func choice(_ setting: Setting, _ allowed: [String]) throws -> String {
        let text = try text(setting)
        guard allowed.contains(text) else {
            throw wrong(setting, "write \(allowed.joined(separator: ", "))")
        }
        return text
    }

    mutating func baseURL(_ setting: Setting, _ rules: HostRules) throws -> BaseURL {
        let text = try text(setting)
        do {
            return try rules.baseURL(text)
        } catch {
            throw wrong(setting, error.text)
        }
    }

    /// `MLC_PORT (--port) is 'abc': write ...`
    func wrong(_ setting: Setting, _ remedy: String) -> Failure {
        Failure(.usage, "\(name(setting)) is '\(find(setting).value ?? "")': \(remedy)")
    }

    /// The same without the value.
    func wrongSecret(_ setting: Setting, _ remedy: String) -> Failure {
        Failure(.usage, "\(name(setting)) is not usable: \(remedy)")
    }

    private func name(_ setting: Setting) -> String {
        let origin = find(setting).origin
        let name = origin.hasPrefix("--") ? origin : setting.rawValue
        let other = origin.hasPrefix("--") ? " (\(setting.rawValue))" : setting.flag.map { " (\($0))" } ?? ""
        return name + other
    }

    private func find(_ setting: Setting) -> (value: String?, origin: String) {
        if let value = given[setting] { return (value, setting.flag ?? "option") }
        if let value = environment[setting.rawValue] { return (value, "environment") }
        return (setting.fallback, "default")
    }
}
