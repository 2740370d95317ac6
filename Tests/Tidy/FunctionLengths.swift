/// Finds functions by counting braces.
struct FunctionLengths {
    /// A function, from the line of its declaration to that of its closing brace.
    struct Function: Equatable {
        let index: Int
        let lineCount: Int
    }

    /// A declaration that was seen, and how deep it stands.
    private struct Declaration {
        let index: Int
        let braces: Int
        let parentheses: Int
    }

    /// Outermost functions alone: what is nested counts as a part of them.
    private(set) var functions: [Function] = []
    private var braces = 0
    private var parentheses = 0
    private var awaitsBody: Declaration?
    private var open: Declaration?

    init(_ file: SourceFile) {
        for (index, line) in file.code.enumerated() {
            let isDeclaration = file.isC ? braces == 0 && Self.opensC(line) : Self.declares(line)
            if open == nil, isDeclaration {
                awaitsBody = Declaration(index: index, braces: braces, parentheses: parentheses)
            }
            for character in line.utf8 { take(character, index) }
        }
    }

    private mutating func take(_ character: UInt8, _ index: Int) {
        switch character {
        case UInt8(ascii: "("): parentheses += 1
        case UInt8(ascii: ")"): parentheses -= 1
        case UInt8(ascii: "{"):
            // A brace inside the parameters belongs to a closure, not to the body.
            if let awaited = awaitsBody, awaited.parentheses == parentheses {
                open = awaited
                awaitsBody = nil
            }
            braces += 1
        case UInt8(ascii: "}"):
            braces -= 1
            // A requirement of a protocol has no body.
            if let awaited = awaitsBody, braces < awaited.braces { awaitsBody = nil }
            if let opened = open, braces == opened.braces {
                let count = index - opened.index + 1
                functions.append(Function(index: opened.index, lineCount: count))
                open = nil
            }
        default: break
        }
    }

    private static func declares(_ line: String) -> Bool {
        let starts = ["func ", "init(", "init?(", "init<", "deinit", "subscript("]
        if starts.contains(where: line.mentions) { return true }
        // A computed property; what is assigned is a value.
        return line.mentions("var ") && line.contains("{") && !line.contains("=")
    }

    /// A line that begins at the margin and holds a name and a parenthesis.
    private static func opensC(_ line: String) -> Bool {
        guard let first = line.first, first.isLetter else { return false }
        return line.contains("(") && !line.contains(";") && !line.contains("=")
    }
}
