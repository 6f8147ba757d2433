/// One setting of an engine on which it depends that a commit is on disk, as it is on a connection in use.
package struct DurabilitySetting: Hashable, Sendable {
    /// Like `sqlite_synchronous`.
    package var check: String
    package var name: String
    package var value: String
    package var isGood: Bool
    package var remedy: String
}
