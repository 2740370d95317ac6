import FoundationEssentials
import Testing
import Tokenization

/// Golden files and tokenizers of Tests/Reference.
enum Reference {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Reference").path

    static func lines<Line: Decodable>(_ name: String, as type: Line.Type) throws -> [Line] {
        let data = try Data(contentsOf: URL(filePath: "\(folder)/golden/\(name)"))
        return try data.split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(type, from: Data($0))
        }
    }

    static func json(_ variant: String) throws -> [UInt8] {
        [UInt8](
            try Data(contentsOf: URL(filePath: "\(folder)/tokenizers/\(variant)/tokenizer.json"))
        )
    }
}

@Suite("Tokenizing as the tokenizers package does") struct TokenizationTests {
    struct Golden: Decodable {
        let text: String
        let ids: [Int32]
        let ids_plain: [Int32]
    }

    @Test(
        "ids are equal, with and without special tokens",
        arguments: ["merges", "words", "plain"]
    )
    func goldenIDs(variant: String) throws {
        let tokenizer = try Tokenizer(directory: "\(Reference.folder)/tokenizers/\(variant)")
        let scratch = tokenizer.makeScratch()
        let golden = try Reference.lines("tokenizer-\(variant).jsonl", as: Golden.self)
        #expect(golden.count > 300)
        // Twice: the second time from the cache.
        for _ in 0..<2 {
            for line in golden {
                let text = Array(line.text.utf8)
                #expect(
                    try tokenizer.encode(text, scratch: scratch).ids == line.ids,
                    "\(line.text)"
                )
                let plain = try tokenizer.encode(text, addsSpecialTokens: false, scratch: scratch)
                #expect(plain.ids == line.ids_plain, "\(line.text)")
            }
        }
    }

    @Test(
        "each checkpoint's texts become the ids that transformers read",
        arguments: ["biased", "dense", "dynamic", "grouped", "moe", "moe-norm", "window"]
    )
    func checkpoints(name: String) throws {
        struct Line: Decodable {
            let text: String
            let ids: [Int32]
        }
        let tokenizer = try Tokenizer(directory: "\(Reference.folder)/checkpoints/\(name)")
        let scratch = tokenizer.makeScratch()
        let golden = try Reference.lines("\(name).jsonl", as: Line.self)
        #expect(golden.map(\.ids.count).max() == 900)
        for line in golden {
            let ids = try tokenizer.encode(Array(line.text.utf8), scratch: scratch).ids
            #expect(ids == line.ids, "\(line.text)")
        }
    }

    @Test("a text that is too long is cut at the side asked for, and the template stays")
    func truncation() throws {
        let tokenizer = try Tokenizer(directory: "\(Reference.folder)/tokenizers/merges")
        let scratch = tokenizer.makeScratch()
        let text = Array("one two three four five six seven eight nine ten".utf8)
        let whole = try tokenizer.encode(text, scratch: scratch).ids
        let right = try tokenizer.encode(text, limit: 5, side: .right, scratch: scratch)
        let left = try tokenizer.encode(text, limit: 5, side: .left, scratch: scratch)
        #expect(right == Encoding(ids: Array(whole.prefix(5)), wholeCount: whole.count))
        #expect(left == Encoding(ids: [whole[0]] + whole.suffix(4), wholeCount: whole.count))
        #expect(right.isTruncated && left.isTruncated)
        let low = try tokenizer.encode(text, limit: 5, cutTo: 3, side: .left, scratch: scratch)
        #expect(low == Encoding(ids: [whole[0]] + whole.suffix(2), wholeCount: whole.count))
        let uncut = try tokenizer.encode(text, limit: 5, side: nil, scratch: scratch)
        #expect(uncut == Encoding(ids: whole) && !uncut.isTruncated)
        let fits = try tokenizer.encode(
            text,
            limit: whole.count,
            cutTo: 3,
            side: .right,
            scratch: scratch
        )
        #expect(fits == Encoding(ids: whole), "a text that fits is left as it is")
    }

    @Test(
        "a long word takes no more than n log n",
        .timeLimit(.minutes(10)),
        arguments: ["a", " ", "en", "!", "\n", "狗", "🐶", "\u{0}"]
    )
    func longWord(letters: String) throws {
        let tokenizer = try Tokenizer(directory: "\(Reference.folder)/tokenizers/merges")
        let text = Array(String(repeating: letters, count: 300_000).utf8)
        let encoding = try tokenizer.encode(text, scratch: tokenizer.makeScratch())
        #expect(encoding.ids.count > 1_000)
    }

    @Test("a text that is not UTF-8 is an error that names the byte") func invalidText() throws {
        let tokenizer = try Tokenizer(directory: "\(Reference.folder)/tokenizers/merges")
        let error = #expect(throws: TokenizerError.self) {
            _ = try tokenizer.encode([0x61, 0x62, 0xFF, 0x63], scratch: tokenizer.makeScratch())
        }
        #expect(error == .notUTF8(offset: 2))
        let behind = #expect(throws: TokenizerError.self) {
            let text = Array("<dog> ab".utf8) + [0xE2, 0x82]
            _ = try tokenizer.encode(text, scratch: tokenizer.makeScratch())
        }
        #expect(behind == .notUTF8(offset: 8), "counted from the text's first byte")
    }
}

@Suite("Tokenizer files that cannot be used") struct TokenizerFileTests {
    /// A file with one text replaced by another.
    private func load(replacing old: String, with new: String) throws {
        let json = String(decoding: try Reference.json("merges"), as: UTF8.self)
        let changed = json.replacing(old, with: new)
        try #require(changed != json, "the text to be replaced stands in the file")
        _ = try Tokenizer(json: Array(changed.utf8), path: "t.json")
    }

    @Test(
        "what would change a result unseen is refused by name",
        arguments: [
            ("\"normalizer\": null", "\"normalizer\": {\"type\": \"NFC\"}", "NFC"),
            ("\"Isolated\"", "\"Removed\"", "Removed"),
            ("\"type\":\"BPE\"", "\"type\":\"WordPiece\"", "WordPiece"),
            ("\"dropout\":null", "\"dropout\":0.1", "dropout"),
            ("\"byte_fallback\":false", "\"byte_fallback\":true", "byte_fallback"),
            ("TemplateProcessing", "BertProcessing", "BertProcessing"),
        ]
    )
    func refusals(old: String, new: String, name: String) throws {
        let error = #expect(throws: TokenizerError.self) { try load(replacing: old, with: new) }
        #expect(error?.description.contains(name) == true)
        #expect(error?.description.contains("t.json") == true)
    }

    @Test("a file cut off at any place is an error, never a crash") func truncatedFile() throws {
        let json = try Reference.json("plain")
        for count in stride(from: 0, to: json.count - 1, by: json.count / 40) {
            #expect(throws: TokenizerError.self) {
                _ = try Tokenizer(json: Array(json.prefix(count)), path: "t.json")
            }
        }
    }

    @Test("a missing file is named") func missingFile() {
        let error = #expect(throws: TokenizerError.self) {
            _ = try Tokenizer(directory: "/nowhere")
        }
        #expect(error?.description.contains("/nowhere/tokenizer.json") == true)
    }

    @Test("an expression that does not compile is named with its place") func badExpression() {
        let error = #expect(throws: TokenizerError.self) {
            try load(replacing: "[^\\\\r\\\\n\\\\p{L}", with: "[^\\\\r\\\\n\\\\p{Nonsense}")
        }
        #expect(error?.description.contains("expression fails at byte") == true)
    }
}
