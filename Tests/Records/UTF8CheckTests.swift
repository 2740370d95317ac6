import Testing

@testable import Records

@Suite("Finding what is no UTF-8") struct UTF8CheckTests {
    static func firstInvalidByte(_ bytes: [UInt8]) -> Int? {
        bytes.withUnsafeBufferPointer { UTF8Check.firstInvalidByte($0) }
    }

    /// Bytes around which the rules change.
    static let borders: [UInt8] = [
        0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC,
        0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF8, 0xFE, 0xFF,
    ]

    @Test(
        "a sequence that is no UTF-8 is found at its first byte",
        arguments: [
            ("a lone continuation", [0x80]),
            ("a last continuation too many", [0xBF]),
            ("a byte that never occurs", [0xFE]),
            ("another that never occurs", [0xFF]),
            ("two bytes for one of ASCII", [0xC0, 0xAF]),
            ("two bytes for U+007F", [0xC1, 0xBF]),
            ("three bytes for U+07FF", [0xE0, 0x9F, 0xBF]),
            ("four bytes for U+FFFF", [0xF0, 0x8F, 0xBF, 0xBF]),
            ("the first high surrogate", [0xED, 0xA0, 0x80]),
            ("the last low surrogate", [0xED, 0xBF, 0xBF]),
            ("U+110000", [0xF4, 0x90, 0x80, 0x80]),
            ("a first byte above every scalar", [0xF5, 0x80, 0x80, 0x80]),
            ("five bytes", [0xF8, 0x88, 0x80, 0x80, 0x80]),
            ("a third byte that is none", [0xE2, 0x82, 0x41]),
            ("a fourth byte that is none", [0xF0, 0x9F, 0x98, 0xC3]),
        ] as [(String, [UInt8])]
    )
    func invalid(name: String, sequence: [UInt8]) {
        #expect(Self.firstInvalidByte(sequence) == 0)
        let prefix = Array("aé€😀".utf8)
        #expect(Self.firstInvalidByte(prefix + sequence + prefix) == prefix.count)
    }

    @Test(
        "a sequence that the end cuts off is found at its first byte",
        arguments: ["é", "€", "😀"]
    )
    func truncated(character: String) {
        let whole = Array("a\(character)".utf8)
        #expect(Self.firstInvalidByte(whole) == nil)
        for count in 2..<whole.count {
            #expect(Self.firstInvalidByte(Array(whole[..<count])) == 1)
            #expect(Self.firstInvalidByte(whole[..<count] + [0x41]) == 1)
        }
    }

    @Test("every scalar at a border is taken") func borders() {
        let scalars = "\u{0}\u{7F}\u{80}\u{7FF}\u{800}\u{D7FF}\u{E000}\u{FFFF}\u{10000}\u{10FFFF}"
        #expect(Self.firstInvalidByte(Array(scalars.utf8)) == nil)
        #expect(Self.firstInvalidByte([]) == nil)
    }

    @Test("it agrees with the standard library on all short sequences of border bytes")
    func standardLibrary() throws {
        let page = try GuardedPage()
        func agree(_ bytes: [UInt8]) -> Bool {
            let isValid = String(validating: bytes, as: UTF8.self) != nil
            return (UTF8Check.firstInvalidByte(page.place(bytes)) == nil) == isValid
        }
        for first in 0...UInt8.max {
            for second in 0...UInt8.max {
                if !agree([first, second]) { Issue.record("differs on \([first, second])") }
            }
        }
        for first in Self.borders where first >= 0xC0 {
            for second in Self.borders {
                for third in Self.borders {
                    let three = [first, second, third]
                    if !agree(three) { Issue.record("differs on \(three)") }
                    for fourth in Self.borders where !agree(three + [fourth]) {
                        Issue.record("differs on \(three + [fourth])")
                    }
                }
            }
        }
    }
}
