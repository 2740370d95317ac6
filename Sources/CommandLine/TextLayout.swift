/// Breaks text at a width and sets tables of two columns; every result ends its last line.
///
/// One character counts as one column, which holds for the Latin text of our help.
struct TextLayout {
    /// A row of a table: a term and what it means.
    struct Row: Equatable {
        let left: String
        let right: String
    }

    /// The columns a line may fill.
    let width: Int
    /// The widest left column that may push the right column; a longer term gets a line of its own.
    private static let widestTerm = 26

    init(width: Int) { self.width = max(40, width) }

    /// Breaks `text` at spaces; the first line begins with `hanging`, the others with `indent`
    /// spaces.
    func wrap(_ text: String, indent: Int, hanging: String? = nil) -> String {
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        var line = hanging ?? margin
        var isEmpty = true
        for word in text.split(separator: " ") {
            if !isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                (line, isEmpty) = (margin, true)
            }
            line += isEmpty ? "\(word)" : " \(word)"
            isEmpty = false
        }
        lines.append(line)
        return lines.joined(separator: "\n") + "\n"
    }

    /// Wraps paragraphs parted by empty lines; lines that begin with a space are kept as they are.
    func paragraphs(_ text: String) -> String {
        var result = ""
        var open: [Substring] = []
        func close() {
            if !open.isEmpty { result += wrap(open.joined(separator: " "), indent: 0) }
            open = []
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty || line.hasPrefix(" ") {
                close()
                result += "\(line)\n"
            } else {
                open.append(line)
            }
        }
        close()
        return result
    }

    /// Sets a heading and below it rows whose right column is aligned and wrapped.
    func table(_ title: String, _ rows: [Row]) -> String {
        let term = rows.map(\.left.count).filter { $0 <= Self.widestTerm }.max() ?? 0
        let column = 2 + term + 2
        let lines = rows.map { row in
            let padding = column - 2 - row.left.count
            if padding < 2 { return "  \(row.left)\n" + wrap(row.right, indent: column) }
            let left = "  " + row.left + String(repeating: " ", count: padding)
            return wrap(row.right, indent: column, hanging: left)
        }
        return "\(title):\n" + lines.joined()
    }
}
