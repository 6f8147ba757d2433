/// Text for people in lines of at most `columns` characters, broken between words.
enum TextBlock {
    static let columns = 100

    /// `first` begins the first line, `rest` all others. What comes from outside cannot draw a line of its own.
    static func lines(_ text: String, first: String = "", rest: String) -> [String] {
        var lines: [String] = []
        var line = first
        var isFresh = true
        for word in TableWriter.oneLine(text).split(separator: " ") {
            var word = word
            if !isFresh, line.count + 1 + word.count > columns {
                lines.append(line)
                (line, isFresh) = (rest, true)
            }
            // A word that no line holds is cut.
            while line.count + word.count > columns, isFresh {
                let room = max(1, columns - line.count)
                lines.append(line + word.prefix(room))
                word = word.dropFirst(room)
                line = rest
            }
            line += isFresh ? word : " " + word
            isFresh = false
        }
        return lines + [line]
    }
}
