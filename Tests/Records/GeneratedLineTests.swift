import TestSupport
import Testing

@testable import Records

/// Lines of random fields, of which it is known how they must be read.
struct LineGenerator {
    var random: SplitMix

    /// A field's name and its value as they stand in the line.
    typealias Field = (name: String, value: String)

    /// White space, mostly none.
    mutating func space() -> String {
        let spaces = ["", "", "", " ", "\t", "\r", "  "]
        return spaces.randomElement(using: &random) ?? ""
    }

    /// Any text, with many letters that JSON must escape.
    mutating func text() -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            let top: UInt32 =
                [0x30, 0x80, 0x800, 0xFFFF, 0x10FFFF].randomElement(using: &random) ?? 0
            let scalar = Unicode.Scalar(UInt32.random(in: 0...top, using: &random))
            text.append(scalar ?? "\\")
        }
        return String(text)
    }

    /// A text as a JSON string, each letter spelled in any way that is allowed.
    mutating func quoted(_ text: String) -> String {
        let short: [Unicode.Scalar: String] = [
            "\"": "\"", "\\": "\\", "/": "/", "\u{8}": "b", "\u{C}": "f", "\n": "n", "\r": "r",
            "\t": "t",
        ]
        var quoted = "\""
        for scalar in text.unicodeScalars {
            let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
            if !mustEscape, Int.random(in: 0..<3, using: &random) > 0 {
                quoted.unicodeScalars.append(scalar)
            } else if let letter = short[scalar], Bool.random(using: &random) {
                quoted += "\\" + letter
            } else {
                quoted += String(scalar).utf16.map(escape).joined()
            }
        }
        return quoted + "\""
    }

    private func escape(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16, uppercase: unit % 2 == 0)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }

    /// Any value, with at most `depth` levels of brackets.
    mutating func value(depth: Int) -> String {
        switch Int.random(in: 0..<(depth > 0 ? 6 : 4), using: &random) {
        case 0: return number()
        case 1: return ["true", "false", "null"].randomElement(using: &random) ?? "null"
        case 2, 3: return quoted(text())
        case 4:
            let values = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                space() + value(depth: depth - 1) + space()
            }
            return "[" + values.joined(separator: ",") + "]"
        default:
            let fields = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                (quoted(text()), value(depth: depth - 1))
            }
            return object(fields)
        }
    }

    private mutating func number() -> String {
        let digits = ["0", "7", "10", "12345678901234567890"].randomElement(using: &random) ?? "0"
        let sign = Bool.random(using: &random) ? "-" : ""
        let fraction = ["", "", ".0", ".50"].randomElement(using: &random) ?? ""
        let exponent = ["", "", "e5", "E+05", "e-400", "e999"].randomElement(using: &random) ?? ""
        return sign + digits + fraction + exponent
    }

    mutating func object(_ fields: [Field]) -> String {
        let texts = fields.map { field in
            space() + field.name + space() + ":" + space() + field.value + space()
        }
        return "{" + (texts.isEmpty ? space() : texts.joined(separator: ",")) + "}"
    }
}

@Suite("Generated lines") struct GeneratedLineTests {
    @Test("what was written is read back, and what is passed on is as it stood", arguments: 0..<10)
    func readBack(seed: UInt64) throws {
        let page = try GuardedPage()
        var lines = LineGenerator(random: SplitMix(state: seed))
        for _ in 0..<300 {
            let (text, id, carried) = (lines.text(), lines.value(depth: 5), lines.value(depth: 31))
            var fields: [LineGenerator.Field] = [
                (lines.quoted("text"), lines.quoted(text)), (lines.quoted("id"), id),
                (lines.quoted("k"), carried),
            ]
            for number in 0..<Int.random(in: 0...4, using: &lines.random) {
                fields.append((lines.quoted("other\(number)"), lines.value(depth: 5)))
            }
            fields.shuffle(using: &lines.random)
            let line = lines.space() + lines.object(fields) + lines.space()
            guard line.utf8.count <= 4096 else { continue }
            let record = try ParserFuzzTests.parser.outcome(page.place(Array(line.utf8))).get()
            #expect(record.text == Array(text.utf8), "\(line)")
            #expect(record.id == Array(id.utf8), "\(line)")
            #expect(record.carried.map(\.value) == [Array(carried.utf8)], "\(line)")
        }
    }
}
