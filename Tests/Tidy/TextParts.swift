/// The text of a Swift or C file taken apart: what is not asked for is blanked, line ends stay.
struct TextParts {
    private(set) var code = ""
    private(set) var comments = ""

    private let bytes: [UInt8]
    private var position = 0
    private var codeBytes: [UInt8]
    private var commentBytes: [UInt8]

    init(_ text: String) {
        bytes = Array(text.utf8)
        codeBytes = bytes.map { $0 == Self.newline ? $0 : Self.space }
        commentBytes = codeBytes
        scan(inInterpolation: false)
        code = String(decoding: codeBytes, as: UTF8.self)
        comments = String(decoding: commentBytes, as: UTF8.self)
    }

    private static let newline = UInt8(ascii: "\n")
    private static let space = UInt8(ascii: " ")
    private static let quote = UInt8(ascii: "\"")
    private static let pound = UInt8(ascii: "#")
    private static let backslash = UInt8(ascii: "\\")

    private func stands(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { bytes[position...].starts(with: $0) }
    }

    /// Walks over code to its end, or to the parenthesis that closes an interpolation.
    private mutating func scan(inInterpolation: Bool) {
        var depth = 0
        while position < bytes.count {
            if stands("//") {
                lineComment()
            } else if stands("/*") {
                blockComment()
            } else if let pounds = poundsOfString() {
                string(pounds: pounds)
            } else if stands("'") {
                character()
            } else {
                let byte = bytes[position]
                if byte == UInt8(ascii: "(") { depth += 1 }
                if byte == UInt8(ascii: ")") { depth -= 1 }
                if inInterpolation, depth < 0 { return }
                codeBytes[position] = byte
                position += 1
            }
        }
    }

    private mutating func lineComment() {
        while position < bytes.count, bytes[position] != Self.newline { keepComment(1) }
    }

    private mutating func blockComment() {
        keepComment(2)
        while position < bytes.count, !stands("*/") { keepComment(1) }
        if position < bytes.count { keepComment(2) }
    }

    private mutating func keepComment(_ count: Int) {
        for index in position..<position + count { commentBytes[index] = bytes[index] }
        position += count
    }

    /// How many pound signs stand before a quote that stands here; nil where no string begins.
    private func poundsOfString() -> Int? {
        let pounds = bytes[position...].prefix { $0 == Self.pound }.count
        let next = position + pounds
        return next < bytes.count && bytes[next] == Self.quote ? pounds : nil
    }

    private mutating func string(pounds: Int) {
        position += pounds
        let quotes = stands("\"\"\"") ? 3 : 1
        position += quotes
        let end = [UInt8](repeating: Self.quote, count: quotes) + poundSigns(pounds)
        let escape = [Self.backslash] + poundSigns(pounds)
        while position < bytes.count {
            if bytes[position...].starts(with: end) {
                position += end.count
                return
            }
            if bytes[position...].starts(with: escape) {
                position += escape.count
                if stands("(") {
                    position += 1
                    scan(inInterpolation: true)
                }
            } else if quotes == 1, bytes[position] == Self.newline {
                return
            }
            position += 1
        }
    }

    private func poundSigns(_ count: Int) -> [UInt8] {
        [UInt8](repeating: Self.pound, count: count)
    }

    /// A character of C, such as '{'.
    private mutating func character() {
        position += 1
        while position < bytes.count, !stands("'"), !stands("\n") {
            position += stands("\\") ? 2 : 1
        }
        position += 1
    }
}
