import Testing

@testable import Tokenization

@Suite("Turning tokens back into text as the tokenizers package does") struct DecodingTests {
    struct Golden: Decodable {
        let ids: [Int32]
        let text: String
        let text_plain: String
    }

    private func golden(_ variant: String) throws -> [Golden] {
        let lines = try Reference.lines("decoding-\(variant).jsonl", as: Golden.self)
        #expect(lines.count > 300)
        return lines
    }

    private func tokenizer(_ variant: String) throws -> Tokenizer {
        try Tokenizer(directory: "\(Reference.folder)/tokenizers/\(variant)")
    }

    /// Texts that look alike to Swift may differ in bytes.
    private func isSame(_ left: String, _ right: String) -> Bool {
        left.utf8.elementsEqual(right.utf8)
    }

    private static let variants = ["merges", "words", "plain"]

    @Test("texts are equal to the byte, with and without special tokens", arguments: variants)
    func goldenTexts(variant: String) throws {
        let decoder = try tokenizer(variant).decoder()
        for line in try golden(variant) {
            let text = decoder.decode(line.ids, skipsSpecialTokens: false)
            #expect(isSame(text, line.text), "\(line.ids)")
            let plain = decoder.decode(line.ids, skipsSpecialTokens: true)
            #expect(isSame(plain, line.text_plain), "\(line.ids)")
        }
    }

    @Test("the pieces of a text that comes token by token are the text", arguments: variants)
    func pieces(variant: String) throws {
        let decoder = try tokenizer(variant).decoder()
        for line in try golden(variant) {
            for skips in [false, true] {
                var stream = decoder.streaming(skipsSpecialTokens: skips)
                var text = ""
                for id in line.ids { text += stream.append(id) }
                text += stream.finish()
                #expect(isSame(text, skips ? line.text_plain : line.text), "\(line.ids)")
            }
        }
    }

    @Test(
        "a piece says nothing that a later token could change, and is late by three bytes at most"
    )
    func pieceBorders() throws {
        let decoder = try tokenizer("merges").decoder()
        for line in try golden("merges") {
            var stream = decoder.streaming(skipsSpecialTokens: false)
            var text: [UInt8] = []
            var count = 0
            for (place, id) in line.ids.enumerated() {
                text += stream.append(id).utf8
                count += decoder.bytes(ofToken: id).count
                // What is held back becomes one sign of three bytes, if nothing follows.
                let cut = Array(decoder.decode(line.ids[...place], skipsSpecialTokens: false).utf8)
                #expect(cut == text || cut == text + [0xEF, 0xBF, 0xBD], "\(line.ids), \(place)")
                #expect(line.text.utf8.starts(with: text), "\(line.ids), \(place)")
                // A broken byte becomes three, so what is valid alone tells the delay.
                if !line.text.unicodeScalars.contains("\u{FFFD}") {
                    #expect(count - text.count <= 3)
                }
            }
        }
    }

    @Test("a character in four tokens is shown whole, with the last of them")
    func wholeCharacter() throws {
        let tokenizer = try tokenizer("merges")
        let bytes = try Array("a🦮b".utf8).map { byte in
            try tokenizer.encodedByte(byte)
        }
        var stream = try tokenizer.decoder().streaming(skipsSpecialTokens: true)
        #expect(bytes.map { stream.append($0) } == ["a", "", "", "", "🦮", "b"])
        #expect(stream.finish() == "")
    }

    @Test("a text that ends inside a character ends with one sign, and the stream can go on")
    func brokenEnd() throws {
        let tokenizer = try tokenizer("merges")
        var stream = try tokenizer.decoder().streaming(skipsSpecialTokens: true)
        for byte in Array("🦮".utf8).prefix(3) {
            #expect(stream.append(try tokenizer.encodedByte(byte)) == "")
        }
        #expect(stream.finish() == "\u{FFFD}")
        #expect(stream.finish() == "")
        #expect(stream.append(try tokenizer.encodedByte(0x61)) == "a")
    }

    @Test("a stream that is copied goes two ways") func copies() throws {
        let tokenizer = try tokenizer("merges")
        var first = try tokenizer.decoder().streaming(skipsSpecialTokens: true)
        #expect(first.append(try tokenizer.encodedByte(0xC3)) == "")
        var second = first
        #expect(first.append(try tokenizer.encodedByte(0xA9)) == "é")
        #expect(second.append(try tokenizer.encodedByte(0x61)) == "\u{FFFD}a")
    }

    @Test("bytes in any portions become what Unicode says of broken sequences") func repair() {
        let cases: [([UInt8], String)] = [
            ([0xF0, 0x9F, 0xA6], "\u{FFFD}"),
            ([0xE0, 0x80, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"),
            ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"),
            ([0xF4, 0x8F, 0xBF, 0x41], "\u{FFFD}A"),
            ([0xF4, 0x90, 0x80, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
            ([0xE2, 0x82, 0xE2, 0x82, 0xAC], "\u{FFFD}€"),
            ([0xC0, 0xAF, 0xFF], "\u{FFFD}\u{FFFD}\u{FFFD}"),
        ]
        for (bytes, text) in cases {
            for cut in 0...bytes.count {
                var repair = UTF8Repair()
                var result: [UInt8] = []
                repair.append(bytes[..<cut], to: &result)
                repair.append(bytes[cut...], to: &result)
                repair.finish(&result)
                #expect(result == Array(text.utf8), "\(bytes) cut at \(cut)")
            }
        }
    }

    @Test("what a text was encoded from comes back from its tokens", arguments: variants)
    func roundTrip(variant: String) throws {
        let tokenizer = try tokenizer(variant)
        let decoder = try tokenizer.decoder()
        let scratch = tokenizer.makeScratch()
        for text in ["Rex isst 12 狗 bones…\r\n\t  ", "👩🏾‍🚀 a\u{301}", "\u{0}\u{7F}\u{FFFD}\u{10FFFF}"]
        {
            let ids = try tokenizer.encode(
                Array(text.utf8),
                addsSpecialTokens: false,
                scratch: scratch
            ).ids
            #expect(isSame(decoder.decode(ids, skipsSpecialTokens: true), text))
            #expect(ids.flatMap { decoder.bytes(ofToken: $0) } == Array(text.utf8))
        }
    }

    @Test("ids without a token are no text, and not special") func unknownIDs() throws {
        let tokenizer = try tokenizer("merges")
        let decoder = try tokenizer.decoder()
        for id: Int32 in [-1, .min, 1210, .max] {
            #expect(decoder.bytes(ofToken: id).isEmpty)
            #expect(!tokenizer.isSpecial(id))
            #expect(decoder.decode([id], skipsSpecialTokens: false) == "")
        }
        #expect((0..<1210).filter { tokenizer.isSpecial($0) } == [0, 1, 2, 3, 4])
    }
}

extension Tokenizer {
    /// The token of one byte alone.
    fileprivate func encodedByte(_ byte: UInt8) throws -> Int32 {
        let decoder = try decoder()
        return try #require((0..<Int32(1200)).first { decoder.bytes(ofToken: $0) == [byte] })
    }
}

@Suite("Tokenizers that cannot turn tokens into text") struct DecoderFileTests {
    private static let byteLevel = #"{"type": "ByteLevel", "add_prefix_space": false}"#

    /// The tokenizer `merges` with another decoder; nil leaves it out.
    private func tokenizer(decoder: String?) throws -> Tokenizer {
        let json = String(decoding: try Reference.json("merges"), as: UTF8.self)
        let start = try #require(json.firstRange(of: "\"decoder\"")).lowerBound
        let end = try #require(json.firstRange(of: "\"model\"")).lowerBound
        let part = decoder.map { "\"decoder\": \($0),\n" } ?? ""
        let changed = json[..<start] + part + json[end...]
        return try Tokenizer(json: Array(changed.utf8), path: "t.json")
    }

    @Test(
        "a decoder that would give another text is refused by name, when it is asked for",
        arguments: [
            (nil, "has no decoder"),
            ("null", "has no decoder"),
            (#"{"type": "Metaspace", "replacement": "▁"}"#, "is Metaspace,"),
            (#"{"type": "Fuse"}"#, "is Fuse,"),
            (#"{"type": "Sequence", "decoders": []}"#, "is an empty Sequence,"),
            (
                #"{"type": "Sequence", "decoders": [\#(byteLevel), {"type": "Replace", "#
                    + #""pattern": {"String": "a"}, "content": "b"}]}"#,
                "is ByteLevel, Replace,"
            ),
            (
                #"{"type": "Sequence", "decoders": [{"type": "Fuse"}, \#(byteLevel)]}"#,
                "is Fuse, ByteLevel,"
            ),
        ]
    )
    func refusals(decoder: String?, name: String) throws {
        let tokenizer = try tokenizer(decoder: decoder)
        let text = Array("dog".utf8)
        let ids = try tokenizer.encode(text, scratch: tokenizer.makeScratch()).ids
        #expect(ids == [0, 376])
        #expect(tokenizer.isSpecial(0))
        let error = #expect(throws: TokenizerError.self) { _ = try tokenizer.decoder() }
        #expect(error?.description.contains(name) == true)
        #expect(error?.description.contains("t.json") == true)
    }

    @Test(
        "a ByteLevel decoder works with any options, and inside a Sequence",
        arguments: [
            byteLevel,
            #"{"type": "Sequence", "decoders": [\#(byteLevel)]}"#,
            #"{"type": "Sequence", "decoders": [\#(byteLevel), {"type": "Fuse"}]}"#,
        ]
    )
    func accepted(decoder: String) throws {
        let decoder = try tokenizer(decoder: decoder).decoder()
        let text = decoder.decode([0, 376, 225, 376], skipsSpecialTokens: true)
        #expect(text == "dog dog")
    }

    @Test("a vocabulary that gives one id to two tokens can encode, and not decode")
    func ambiguousID() throws {
        let json = String(decoding: try Reference.json("merges"), as: UTF8.self)
        let changed = json.replacing("\"dog\":376", with: "\"dog\":377")
        try #require(changed != json)
        let tokenizer = try Tokenizer(json: Array(changed.utf8), path: "t.json")
        let text = Array("dog".utf8)
        #expect(try tokenizer.encode(text, scratch: tokenizer.makeScratch()).ids == [0, 377])
        let error = #expect(throws: TokenizerError.self) { _ = try tokenizer.decoder() }
        #expect(error?.description.contains("two of its tokens have the id 377") == true)
    }

    @Test("an added token far beyond any vocabulary is refused, not given room for")
    func hugeID() throws {
        let json = String(decoding: try Reference.json("merges"), as: UTF8.self)
        let changed = json.replacing("\"id\":1209,", with: "\"id\":2000000000,")
        try #require(changed != json)
        let error = #expect(throws: TokenizerError.self) {
            _ = try Tokenizer(json: Array(changed.utf8), path: "t.json")
        }
        #expect(error?.description.contains("no valid id") == true)
    }

    @Test(
        "its summary counts what it holds",
        arguments: [
            ("merges", 1210, 10, 939, ["<|begin_of_text|>"]),
            ("words", 1223, 10, 939, ["<|begin_of_text|>"]),
            ("plain", 1216, 11, 944, []),
        ]
    )
    func summary(
        variant: String,
        entries: Int,
        plainAddedTokens: Int,
        merges: Int,
        before: [String]
    ) throws {
        let tokenizer = try Tokenizer(directory: "\(Reference.folder)/tokenizers/\(variant)")
        let summary = tokenizer.summary
        #expect(summary.kind == "byte-level BPE")
        #expect(summary.entries == entries)
        #expect(summary.merges == merges)
        #expect(summary.addedTokens == plainAddedTokens + 5)
        #expect(summary.specialTokens == 5)
        #expect(summary.tokensBefore == before)
        #expect(summary.tokensBehind == [])
    }
}
