import Foundation

/// Something that is measured. A new one is a file of its own and an entry in the list.
protocol Figure: Sendable {
    /// What it reads, as the output names it.
    var names: [String] { get }
    func measure(_ options: FigureOptions) async throws -> [Reading]
}

enum Figures {
    static let all: [any Figure] =
        [
            IngressFigure.sqlite, RouteFigure(), ForgedFigure(), KillFigure(), WebhookFigure(), PushFigure(),
            NoisyFigure(), RestingFigure(), WakeFigure(), PollFigure(), RecoveryFigure(), GrowthFigure(),
        ] + postgres

    #if POSTGRES
        private static let postgres: [any Figure] = [IngressFigure.postgres, NodesFigure()]
    #else
        private static let postgres: [any Figure] = []
    #endif
}

struct FigureOptions: Sendable {
    /// A directory of its own, removed afterwards.
    var scratch: String
    var kills: Int
    /// Of the proof with several nodes.
    var tenants: Int
    var seed: UInt64
}

/// One line of the table, one member of the JSON object.
struct Reading: Sendable {
    enum Value: Sendable {
        case number(Double)
        case text(String)
    }

    enum Aim: Sendable {
        case atLeast(Double)
        case atMost(Double)
    }

    var name: String
    var value: Value
    var aim: Aim?
    /// What it was measured against, in the same run.
    var remark: String

    init(_ name: String, _ value: Double, aim: Aim? = nil, _ remark: String = "") {
        self.init(name, .number(value), aim: aim, remark)
    }

    init(_ name: String, _ value: Value, aim: Aim? = nil, _ remark: String = "") {
        self.name = name
        self.value = value
        self.aim = aim
        self.remark = remark
    }

    /// Nil where nothing is aimed at.
    var isMet: Bool? {
        guard case .number(let number) = value, let aim else { return nil }
        return switch aim {
        case .atLeast(let least): number >= least
        case .atMost(let most): number <= most
        }
    }

    private var text: String {
        switch value {
        case .number(let number): Self.plain(number)
        case .text(let text): text
        }
    }

    private static func plain(_ number: Double) -> String {
        number == number.rounded() ? String(Int(number)) : String(format: "%.3f", number)
    }

    var line: String {
        let aimed =
            switch aim {
            case .atLeast(let least): "at least \(Self.plain(least))"
            case .atMost(let most): "at most \(Self.plain(most))"
            case nil: ""
            }
        let verdict = isMet.map { $0 ? "met" : "MISSED" } ?? ""
        func padded(_ text: String, _ width: Int) -> String {
            text.padding(toLength: max(width, text.count), withPad: " ", startingAt: 0)
        }
        return padded(name, 38) + padded(text, 12) + padded(aimed, 16) + padded(verdict, 8) + remark
    }

    var json: String {
        switch value {
        case .number: "\"\(name)\":\(text)"
        case .text: "\"\(name)\":\"\(text)\""
        }
    }
}

/// A new empty directory for the length of `body`.
enum Scratch {
    static func with<R>(_ body: (String) async throws -> R) async throws -> R {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(folder.path)
    }
}

extension [Double] {
    /// The middle one.
    var median: Double { isEmpty ? 0 : sorted()[count / 2] }
}
