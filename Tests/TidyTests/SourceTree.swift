import Foundation

/// A file of the repository as the rules see it. Rules take files, so that they can be given bad ones.
struct SourceFile: Sendable {
    /// From the repository's root: `Sources/Domain/Money.swift`.
    let path: String
    let text: String
    /// Nil for what is not Swift.
    let swift: SwiftText?

    init(_ path: String, _ text: String) {
        self.path = path
        self.text = text
        swift = path.hasSuffix(".swift") ? SwiftText(text) : nil
    }

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// `Domain` of `Sources/Domain/Money.swift`, `DomainTests` of `Tests/DomainTests/...`.
    var room: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
    var isSource: Bool { path.hasPrefix("Sources/") }
    var isTest: Bool { path.hasPrefix("Tests/") }

    func isUnder(_ places: [String]) -> Bool { places.contains { path.hasPrefix($0) } }
}

/// Where a rule is broken.
struct Finding: Hashable, Sendable, CustomStringConvertible {
    let path: String
    /// Counted from one; zero means the file as a whole.
    let line: Int
    let what: String

    init(_ path: String, _ line: Int, _ what: String) {
        self.path = path
        self.line = line
        self.what = what
    }

    var description: String { "\(path):\(line): \(what)" }
}

enum SourceTree {
    /// This file stands at Tests/TidyTests/ under it.
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static let skipped: Set<String> = [".build", ".git", ".state", "__pycache__", "Package.resolved"]
    private static let textEndings: Set<String> = [
        "swift", "md", "yaml", "yml", "sql", "py", "sh", "patch", "json", "css", "mustache", "modulemap", "h", "conf",
        "service", "",
    ]

    /// Read once for all rules.
    static let files = Result { try read() }

    /// Every text file that belongs to the project, sorted by path.
    private static func read() throws -> [SourceFile] {
        let manager = FileManager.default
        var found: [SourceFile] = []
        var folders = [""]
        while let folder = folders.popLast() {
            let at = root.appendingPathComponent(folder).path
            for name in try manager.contentsOfDirectory(atPath: at) where !skipped.contains(name) {
                let path = folder.isEmpty ? name : folder + "/" + name
                let absolute = root.appendingPathComponent(path)
                var isFolder: ObjCBool = false
                guard manager.fileExists(atPath: absolute.path, isDirectory: &isFolder) else { continue }
                if isFolder.boolValue {
                    folders.append(path)
                } else if textEndings.contains(absolute.pathExtension) {
                    found.append(SourceFile(path, String(decoding: try Data(contentsOf: absolute), as: UTF8.self)))
                }
            }
        }
        return found.sorted { $0.path < $1.path }
    }
}
