import ArgumentParser
import Domain
import Foundation
import Outbound
import Storage
import Sync
import Vault

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Shows all settings and checks what a start needs. Changes nothing.",
        discussion: """
            Exit status 1 when a check failed. The network is tried only with --network.

            Example: ml-connector doctor --network
            """)

    @Flag(name: .long, help: "Also try to reach Visma, Visma Connect and Stripe.")
    var network = false

    @OptionGroup var store: StoreOptions
    @OptionGroup var systems: SystemOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var format: OutputOptions

    func run() async throws {
        let settings = try Settings.load(store.given, systems.given, server.given)
        var checks = [Diagnosis.keys(settings)]
        checks += await Diagnosis.database(settings)
        checks.append(Diagnosis.clock())
        checks.append(Diagnosis.systems(settings))
        checks.append(Diagnosis.writes(settings))
        checks += network ? try await Diagnosis.network(settings) : [Diagnosis.networkSkipped]
        let failed = checks.filter { $0.outcome == .failed }
        format.show([
            "version": .text(Product.version), "healthy": .flag(failed.isEmpty),
            "settings": Value(
                settings.shown.map { shown in
                    [
                        "name": .text(shown.setting.rawValue), "value": Value(shown.value),
                        "from": .text(shown.origin),
                    ]
                }),
            "checks": Value(checks.map(\.record)),
        ])
        guard failed.isEmpty else {
            throw Failure(.failed, "these checks failed: \(failed.map(\.name).joined(separator: ", "))")
        }
    }
}

/// One thing that was looked at.
struct Check: Sendable {
    enum Outcome: String, Sendable { case passed, warned, failed, skipped }

    var name: String
    var outcome: Outcome
    var seen: String
    var remedy: String?

    var record: Record {
        [
            "name": .text(name), "outcome": .text(outcome.rawValue), "seen": .text(seen), "remedy": Value(remedy),
        ]
    }
}

/// The checks of `doctor`: each looks and changes nothing.
enum Diagnosis {
    static let networkSkipped = Check(
        name: "network", outcome: .skipped, seen: "not tried", remedy: "add --network to try it")

    /// 2020-01-01: a machine that thinks it is earlier has no clock.
    private static let earliestSeconds: Int64 = 1_577_836_800

    static func keys(_ settings: Settings) -> Check {
        do {
            let ring = try settings.masterKeys()
            return Check(
                name: "master_keys", outcome: .passed,
                seen: "given: \(ring.ids.count), primary: \(ring.primaryID)", remedy: nil)
        } catch {
            return failed("master_keys", error)
        }
    }

    static func database(_ settings: Settings) async -> [Check] {
        let address = settings.database
        if let path = address.path, !FileManager.default.fileExists(atPath: path) {
            return [
                Check(
                    name: "database", outcome: .failed, seen: "there is none at \(path)",
                    remedy: "run `ml-connector migrate`")
            ]
        }
        do {
            let database = try address.open()
            defer { try? database.shutDown() }
            var checks = [Check(name: "database", outcome: .passed, seen: address.description, remedy: nil)]
            checks.append(await migrations(database))
            checks += try await database.durability().map(durability)
            if checks[1].outcome == .passed { checks.append(await masterKeysInUse(database, settings)) }
            return checks
        } catch {
            return [failed("database", error)]
        }
    }

    private static func migrations(_ database: any Database) async -> Check {
        do {
            let status = try await Migrator(database: database).status()
            guard status.isCurrent else {
                return Check(
                    name: "migrations", outcome: .failed,
                    seen: "pending: \(status.pendingTitles.joined(separator: ", "))",
                    remedy: "run `ml-connector migrate`")
            }
            return Check(
                name: "migrations", outcome: .passed, seen: "\(status.applied.count) applied, none pending",
                remedy: nil)
        } catch {
            return failed("migrations", error)
        }
    }

    private static func durability(_ setting: DurabilitySetting) -> Check {
        Check(
            name: setting.check, outcome: setting.isGood ? .passed : .failed,
            seen: "\(setting.name) = \(setting.value)", remedy: setting.isGood ? nil : setting.remedy)
    }

    private static func masterKeysInUse(_ database: any Database, _ settings: Settings) async -> Check {
        do {
            let ring = try settings.masterKeys()
            let inUse = try await database.read { try DataKeysTable.kekIDsInUse($0) }
            let absent = inUse.filter { !ring.ids.contains($0) }
            guard absent.isEmpty else {
                return Check(
                    name: "master_keys_in_use", outcome: .failed,
                    seen: "tenants are sealed under \(absent.sorted().joined(separator: ", ")), not given",
                    remedy: "add that key to the key file: without it nothing starts")
            }
            return Check(
                name: "master_keys_in_use", outcome: .passed, seen: "in use: \(inUse.count), all given", remedy: nil)
        } catch {
            return failed("master_keys_in_use", error)
        }
    }

    static func clock() -> Check {
        let now = SystemSource.now()
        let isSet = now.unixSeconds > earliestSeconds
        return Check(
            name: "clock", outcome: isSet ? .passed : .failed, seen: now.description,
            remedy: isSet ? nil : "set the machine's clock: signatures and dates depend on it")
    }

    /// A mixture of real and simulated systems is allowed and hardly ever meant.
    static func systems(_ settings: Settings) -> Check {
        let all = [settings.endpoints.vismaAPI, settings.endpoints.vismaConnect, settings.endpoints.stripe]
        let loopback = all.filter(\.isLoopback).count
        let seen = loopback == 0 ? "the real systems" : loopback == all.count ? "a sandbox" : "real and loopback mixed"
        let isMixed = seen.hasSuffix("mixed")
        return Check(
            name: "systems", outcome: isMixed ? .warned : .passed, seen: seen,
            remedy: isMixed ? "set all three base URLs to the sandbox, or none" : nil)
    }

    /// Off is a state to be in on purpose, and not for long.
    static func writes(_ settings: Settings) -> Check {
        Check(
            name: "writes", outcome: settings.writesOn ? .passed : .warned,
            seen: settings.writesOn ? "on" : "off: nothing is written to Visma or Stripe, and what is to be done waits",
            remedy: settings.writesOn ? nil : "set MLC_WRITES to on and start again")
    }

    private static func failed(_ name: String, _ error: any Error) -> Check {
        Check(
            name: name, outcome: .failed, seen: Failure.understood(error)?.text ?? "\(error)",
            remedy: "do what it says, then run doctor again")
    }
}
