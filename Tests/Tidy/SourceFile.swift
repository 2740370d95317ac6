/// A file of the source tree, with what is code and what is comment told apart.
struct SourceFile: Sendable {
    /// From the root of the package, such as `Sources/Wire/Socket.swift`.
    let path: String
    let lines: [String]
    /// The same lines without comments and without what stands in strings.
    let code: [String]
    /// The same lines with comments alone.
    let comments: [String]

    init(_ path: String, _ text: String) {
        self.path = path
        let parts = TextParts(text)
        lines = Self.lines(text)
        code = Self.lines(parts.code)
        comments = Self.lines(parts.comments)
    }

    /// The module or folder below Sources or Tests; empty for files above.
    var room: String {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : ""
    }

    var isSwift: Bool { path.hasSuffix(".swift") }
    var isC: Bool { path.hasSuffix(".c") || path.hasSuffix(".h") }
    var isShell: Bool { lines.first.map { $0.hasPrefix("#!") && $0.hasSuffix("sh") } ?? false }

    /// What is wrong, with the place that an editor can jump to.
    func complaint(at index: Int, _ what: String) -> String { "\(path):\(index + 1): \(what)" }

    /// Complains of each line of code that holds one of these spellings.
    func complaints(ofCode spellings: [String], _ advice: String) -> [String] {
        code.enumerated().flatMap { index, line in
            spellings.filter { line.mentions($0) }.map { complaint(at: index, "\($0): \(advice)") }
        }
    }

    /// The modules that the file imports, each with its line.
    var imports: [(index: Int, module: String)] {
        code.enumerated().compactMap { index, line in
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(of: "import"), place + 1 < words.count else {
                return nil
            }
            let modifiers = ["package", "private", "internal", "public", "@testable"]
            guard words[..<place].allSatisfy({ modifiers.contains(String($0)) }) else { return nil }
            return (index, String(words[place + 1]))
        }
    }

    private static func lines(_ text: String) -> [String] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        // What follows the last line end is no line.
        return (lines.last == "" ? lines.dropLast() : lines[...]).map(String.init)
    }
}

extension String {
    /// Whether a spelling stands here that is no end of a longer name, and no member.
    func mentions(_ spelling: String) -> Bool {
        var rest = self[...]
        while let range = rest.firstRange(of: spelling) {
            let before = self[..<range.lowerBound].last
            if before.map({ !$0.isLetter && !$0.isNumber && $0 != "_" && $0 != "." }) ?? true {
                return true
            }
            rest = rest[range.upperBound...]
        }
        return false
    }

    var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
