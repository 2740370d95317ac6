import TestSupport
import Testing

@testable import Records

@Suite("JSON strings") struct JSONTextTests {
    static func unescape(_ quoted: String) -> [UInt8] {
        let bytes = Array(quoted.utf8)
        return bytes.withUnsafeBufferPointer { JSONText.unescape($0, 0..<bytes.count) }
    }

    static func quote(_ text: String) -> String {
        var line: [UInt8] = []
        JSONText.append(text.utf8, to: &line)
        return line.text
    }

    @Test(
        "escapes become what they mean",
        arguments: [
            (#""""#, ""),
            (#""plain é 😀""#, "plain é 😀"),
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
            (#""\\n\\u0041""#, "\\n\\u0041"),
            (#""\u0041\u00e9\u00E9\uffff\uFEFF""#, "Aéé\u{FFFF}\u{FEFF}"),
            (#""a\u0000b""#, "a\u{0}b"),
            (#""\ud800\udc00""#, "\u{10000}"),
            (#""\uD83D\uDE00!""#, "😀!"),
            (#""\udbff\udfff""#, "\u{10FFFF}"),
            (#""\ud7ff\ue000""#, "\u{D7FF}\u{E000}"),
        ]
    )
    func unescaped(quoted: String, text: String) {
        // Bytes are compared: strings would be equal under canonical equivalence.
        #expect(Self.unescape(quoted) == Array(text.utf8))
    }

    @Test("each scalar comes through its \\u escapes as its UTF-8") func everyScalar() {
        for value in stride(from: UInt32(0), through: 0x10FFFF, by: 37) {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let units = Character(scalar).utf16.map { unit in
                let digits = String(unit, radix: 16, uppercase: unit % 2 == 0)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
            let expected = Array(String(Character(scalar)).utf8)
            if Self.unescape("\"\(units.joined())\"") != expected {
                Issue.record("U+\(String(value, radix: 16)) comes out wrong")
            }
        }
    }

    @Test("only what must be escaped is, in the shortest way")
    func quoted() {
        #expect(Self.quote("") == #""""#)
        #expect(Self.quote("a/é😀\u{7F}'") == "\"a/é😀\u{7F}'\"")
        #expect(Self.quote("\"\\\n\r\t") == #""\"\\\n\r\t""#)
        #expect(Self.quote("\u{0}\u{8}\u{1F}") == #""\u0000\u0008\u001f""#)
    }

    @Test("what was quoted is scanned and unescaped to the same bytes") func roundTrip() throws {
        var random = SplitMix(state: 3)
        let alphabet: [Character] = ["\"", "\\", "/", "u", "n", "é", "😀"]
        for _ in 0..<500 {
            var text = ""
            for _ in 0..<Int.random(in: 0..<20, using: &random) {
                let control = Unicode.Scalar(UInt8.random(in: 0..<0x30, using: &random))
                let letter = alphabet.randomElement(using: &random) ?? "a"
                text.append(Bool.random(using: &random) ? Character(control) : letter)
            }
            let quoted = Self.quote(text)
            let scanned = try JSONScannerTests.scan("{\(quoted):\(quoted)}")
            #expect(scanned == [.init(name: quoted, value: quoted)])
            #expect(Self.unescape(quoted) == Array(text.utf8))
        }
    }
}
