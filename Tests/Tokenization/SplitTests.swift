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
        let match = expression.makeMatch()
        let golden = try Reference.lines("split.jsonl", as: Golden.self)
        #expect(golden.count > 300)
        for line in golden {
            var pieces: [Int] = []
            try Array(line.text.utf8).withUnsafeBufferPointer { text throws(TokenizerError) in
                try expression.split(text, match) { pieces.append($0.count) }
            }
            #expect(pieces == line.pieces, "\(line.text)")
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
