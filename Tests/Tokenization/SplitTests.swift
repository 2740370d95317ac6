import CPCRE2
import TestSupport
import Testing

@testable import Tokenization

@Suite("Cutting texts into words as tokenizers does") struct SplitTests {
    struct Golden: Decodable {
        let text: String
        /// Length of each piece in bytes.
        let pieces: [Int]
    }

    @Test("the Llama-3 expression cuts where tokenizers cuts, odd white space included")
    func goldenCuts() throws {
        let builder = try TokenizerBuilder(json: try Reference.json("merges"), path: "t.json")
        let expression = try builder.splitting().expression
        #expect(expression.style == .llama(digitsMax: 3))
        let run = try SplitExpression(Self.llama, path: "t.json", runsAlways: true)
        let classes = CharacterClasses()
        let older = CharacterClasses(unicodeVersion: Self.versionOfPCRE2)
        let golden = try Reference.lines("split.jsonl", as: Golden.self)
        #expect(golden.count > 300)
        for line in golden {
            let text = Array(line.text.utf8)
            #expect(scan(text, .llama(digitsMax: 3), classes) == line.pieces, "\(line.text)")
            // PCRE2 takes for unassigned what its Unicode does not know.
            let expected = scan(text, .llama(digitsMax: 3), older)
            #expect(try self.run(text, run) == expected, "\(line.text)")
        }
    }

    @Test(
        "words are cut without PCRE2 where it cuts them, in 60,000 awkward texts",
        arguments: [
            (Self.llama, WordScanner.Style.llama(digitsMax: 3)),
            (Self.llama.replacing("{1,3}", with: ""), .llama(digitsMax: 1)),
            (WordScanner.byteLevelDefault, .gpt2),
            (WordScanner.wholeText, .whole),
        ]
    )
    func likePCRE2(pattern: String, style: WordScanner.Style) throws {
        #expect(WordScanner.style(of: pattern) == style)
        let expression = try SplitExpression(pattern, path: "t.json", runsAlways: true)
        let classes = CharacterClasses(unicodeVersion: Self.versionOfPCRE2)
        var random = SplitMix(state: 71)
        for _ in 0..<15_000 {
            var text: [UInt8] = []
            for _ in 0..<Int.random(in: 1...24, using: &random) {
                text += awkward(&random).utf8
            }
            let expected = try run(text, expression)
            let found = scan(text, style, classes)
            #expect(found == expected, "\(String(decoding: text, as: UTF8.self).debugDescription)")
        }
    }

    private static let pieces: [String] = [
        "'", "'s", "'S", "'\u{17F}", "'re", "'RE", "'Ve", "'ll", "'lL", "'d", "'m", "'t", "'l",
        "'r", "’s", "\u{212A}", "s", "e", " ", "  ", "\t", "\n", "\r", "\r\n", "\u{B}", "\u{C}",
        "\u{0}", "\u{1C}", "\u{1F}", "\u{7F}", "\u{85}", "\u{A0}", "\u{180E}", "\u{2003}",
        "\u{200B}", "\u{2028}", "\u{3000}", "\u{FEFF}", "1", "12", "1234", "½", "٣", "Ⅷ", "一",
        "é", "e\u{301}", "\u{301}", "ß", "狗", "🐶", "👍🏽", "👩‍🚀", "अ", "ि", ".", "!?", "_", "$", "€",
    ]

    /// One of the pieces, or any character of any plane.
    private func awkward(_ random: inout SplitMix) -> String {
        if Int.random(in: 0..<5, using: &random) > 0 {
            return Self.pieces.randomElement(using: &random) ?? ""
        }
        let last: UInt32 =
            [0x7F, 0x24F, 0x3FFF, 0xFFFF, 0x3FFFF, 0x10FFFF]
            .randomElement(using: &random) ?? 0
        return Unicode.Scalar(UInt32.random(in: 0...last, using: &random)).map { String($0) } ?? ""
    }

    @Test("letters, numbers and white space are those of tokenizers 0.23.3, to the character")
    func classes() {
        let classes = CharacterClasses()
        var counts = [Int](repeating: 0, count: 6)
        for character in 0..<0x110000 { counts[Int(classes.find(character))] += 1 }
        #expect(counts[Int(CharacterClasses.unknown)] == 0)
        #expect(counts[Int(CharacterClasses.letter)] == 141_028)
        #expect(counts[Int(CharacterClasses.number)] == 1_911)
        #expect(counts[Int(CharacterClasses.space)] == 23)
        #expect(counts[Int(CharacterClasses.lineEnd)] == 2)
    }

    @Test("a million spaces, or line ends, or both in turn, are cut in linear time")
    func longSpaces() throws {
        let classes = CharacterClasses()
        for pattern in [" ", "\n", " \n", "\u{3000}", "' ", "\u{301} "] {
            let text = Array(String(repeating: pattern, count: 1_000_000).utf8)
            for style in [WordScanner.Style.llama(digitsMax: 3), .gpt2] {
                #expect(scan(text, style, classes).reduce(0, +) == text.count)
            }
        }
    }

    private static let llama =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"#
        + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    /// The first part of the version of Unicode that PCRE2 was built with.
    private static let versionOfPCRE2: Int = {
        var text = [UInt8](repeating: 0, count: 64)
        pcre2_config_8(UInt32(PCRE2_CONFIG_UNICODE_VERSION), &text)
        return Int(String(decoding: text.prefix { $0 != UInt8(ascii: ".") }, as: UTF8.self)) ?? 0
    }()

    private func run(_ text: [UInt8], _ expression: SplitExpression) throws -> [Int] {
        var pieces: [Int] = []
        let match = expression.makeMatch()
        try text.withUnsafeBufferPointer { text throws(TokenizerError) in
            try expression.split(text, match) { pieces.append($0.count) }
        }
        return pieces
    }

    private func scan(
        _ text: [UInt8],
        _ style: WordScanner.Style,
        _ classes: CharacterClasses
    ) -> [Int] {
        text.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return [] }
            let count = buffer.count
            let scanner = WordScanner(style: style, text: base, count: count, classes: classes)
            var pieces: [Int] = []
            var start = 0
            while start < count {
                let end = scanner.end(ofWordAt: start)
                pieces.append(end - start)
                start = end
            }
            return pieces
        }
    }

    @Test(
        "white space is spelled out, in classes and outside, and nothing else is touched",
        arguments: [
            (#"\s+"#, #"[\x{09}-\x{0D}\x{85}\p{Z}]+"#),
            (#"(?!\S)"#, #"(?![^\x{09}-\x{0D}\x{85}\p{Z}])"#),
            (#"[^\s\p{L}]"#, #"[^\x{09}-\x{0D}\x{85}\p{Z}\p{L}]"#),
            (#"[]\s]\s"#, #"[]\x{09}-\x{0D}\x{85}\p{Z}][\x{09}-\x{0D}\x{85}\p{Z}]"#),
            (#"\\s[^]x]\[\S"#, #"\\s[^]x]\[[^\x{09}-\x{0D}\x{85}\p{Z}]"#),
            (#"\p{N}{1,3}"#, #"\p{N}{1,3}"#),
        ]
    )
    func dialect(pattern: String, expected: String) {
        #expect(ExpressionDialect.forPCRE2(pattern) == expected)
    }

    @Test(
        "a ByteLevel alone puts its space in front of whole texts, as tokenizers 0.23.3 does",
        arguments: [true, false]
    )
    func prefixSpace(usesRegex: Bool) throws {
        let json = String(decoding: try Reference.json("merges"), as: UTF8.self)
        let start = try #require(json.firstRange(of: "\"pre_tokenizer\"")).lowerBound
        let end = try #require(json.firstRange(of: "\"post_processor\"")).lowerBound
        let part =
            "\"pre_tokenizer\": {\"type\": \"ByteLevel\", \"add_prefix_space\": true, "
            + "\"use_regex\": \(usesRegex)}, "
        let changed = json[..<start] + part + json[end...]
        let tokenizer = try Tokenizer(json: Array(changed.utf8), path: "t.json")
        let scratch = tokenizer.makeScratch()
        let expected: [(String, [Int32])] = [
            ("Hello, world", [0, 225, 44, 329, 16, 390, 360, 1080]),
            (" one two", [0, 667, 820, 83]),
            ("dog", [0, 456]),
            ("", [0]),
            ("x<|end_of_text|>y z", [0, 663, 1, 225, 93, 225, 94]),
        ]
        for (text, ids) in expected {
            #expect(try tokenizer.encode(Array(text.utf8), scratch: scratch).ids == ids, "\(text)")
        }
    }
}
