import Testing

@testable import Tokenization

@Suite("Reading vocabulary and merges") struct VocabularyTests {
    private func parts(_ json: String) throws(TokenizerError) -> VocabularyParts {
        try VocabularyParts(json: Array(json.utf8), path: "t.json")
    }

    private func names(_ parts: VocabularyParts) -> [String: Int32] {
        var names: [String: Int32] = [:]
        for entry in 0..<parts.vocabulary.count {
            let name = String(decoding: parts.vocabulary.key(at: entry), as: UTF8.self)
            names[name] = parts.vocabulary.value(at: entry)
        }
        return names
    }

    @Test("names in every spelling of JSON become their bytes, and the rest of the file stays")
    func spellings() throws {
        let parts = try parts(
            #"""
            {"a": [{"vocab": {"no": 1}}, "}\"", -1.5e3], "model" : {"type":"BPE", "vocab" :
            { "Ġa":1,"\u0120b" : 2, "\"\\\/\b\f\n\r\t": 3, "\uD83D\uDC36🐶": 4, "": 5, "x": 6,
            "x": 7 }
            , "merges": [ "a b", ["c","d e"], [ "\u0120" , "" ] ], "dropout": null}, "z": true}
            """#
        )
        let expected: [String: Int32] = [
            "Ġa": 1, "Ġb": 2, "\"\\/\u{8}\u{C}\n\r\t": 3, "🐶🐶": 4, "": 5, "x": 7,
        ]
        #expect(names(parts) == expected)
        let merges = parts.mergeEnds.indices.map { number in
            let merge = parts.merge(number)
            return [merge.left, merge.right].map {
                String(decoding: parts.mergeNames[$0], as: UTF8.self)
            }
        }
        #expect(merges == [["a", "b"], ["c", "d e"], ["Ġ", ""]])
        let rest = String(decoding: parts.rest, as: UTF8.self)
        #expect(rest.contains(#"{"vocab": {"no": 1}}, "}\"", -1.5e3]"#))
        #expect(rest.contains("\"vocab\" :\n{}\n, \"merges\": [], \"dropout\": null}"))
    }

    @Test(
        "what is no JSON, or no name and number, is an error with its place",
        arguments: [
            #"{"model": {"vocab": {"a": 1,}}}"#, #"{"model": {"vocab": {,}}}"#,
            #"{"model": {"vocab": {"a" 1}}}"#, #"{"model": {"vocab": {"a": 1 "b": 2}}}"#,
            #"{"model": {"vocab": {"a": 1.5}}}"#, #"{"model": {"vocab": {"a": 2147483648}}}"#,
            #"{"model": {"vocab": {"a": 99999999999999999999}}}"#,
            #"{"model": {"vocab": {"a": -}}}"#,
            #"{"model": {"vocab": {"\ud83d": 1}}}"#, #"{"model": {"vocab": {"\ud83d\u0041": 1}}}"#,
            #"{"model": {"vocab": {"\u00g0": 1}}}"#, #"{"model": {"vocab": {"\x": 1}}}"#,
            "{\"model\": {\"vocab\": {\"a\n\": 1}}}", #"{"model": {"merges": ["a b""#,
            #"{"model": {"merges": [["a", 1]]}}"#, #"{"a": }"#, #"{"a"]"#, #"{"a": "\"#, "{",
        ]
    )
    func broken(json: String) throws {
        let error = #expect(throws: TokenizerError.self) { _ = try parts(json) }
        #expect(error?.description.contains("it cannot be read as JSON from byte") == true)
    }

    @Test("a merge of one token, or of three, is told so", arguments: ["a", "a b c", "a  b"])
    func oddMerges(merge: String) throws {
        let count = merge.split(separator: " ", omittingEmptySubsequences: false).count
        let error = #expect(throws: TokenizerError.self) {
            _ = try parts("{\"model\": {\"merges\": [\"\(merge)\"]}}")
        }
        #expect(error?.description.contains("names \(count) tokens, expected two") == true)
    }

    @Test("a vocabulary or merges of another kind are named as the field they are")
    func otherKinds() throws {
        for (json, field) in [
            (#"{"model": {"vocab": [], "merges": []}}"#, "model.vocab"),
            (#"{"model": {"vocab": {}, "merges": 1}}"#, "model.merges"),
            (#"{"model": {"vocab": {}}}"#, "merges"), (#"{"model": []}"#, "model"),
        ] {
            let error = #expect(throws: TokenizerError.self) {
                _ = try Tokenizer(json: Array(json.utf8), path: "t.json")
            }
            #expect(error?.description.contains(field) == true, "\(json)")
        }
    }

    @Test("a file that is not UTF-8 is an error that names the byte") func notUTF8() throws {
        let error = #expect(throws: TokenizerError.self) {
            _ = try VocabularyParts(json: Array("{\"".utf8) + [0xFF, 0x22, 0x7D], path: "t.json")
        }
        #expect(error?.description.contains("it is not UTF-8 at byte 3") == true)
    }

    @Test("a table of bytes keeps what it was given, in order, while it grows") func table() {
        var table = BytesTable()
        let keys = (0..<3_000).map { number in
            [UInt8](repeating: 7, count: number % 70) + withUnsafeBytes(of: number, Array.init)
        }
        for round in 0..<Int32(2) {
            for (number, key) in keys.enumerated() {
                key.withUnsafeBufferPointer { table.insert($0, Int32(number) + round) }
            }
        }
        #expect(table.count == keys.count)
        for (number, key) in keys.enumerated() {
            #expect(key.withUnsafeBufferPointer { table.value($0) } == Int32(number) + 1)
            #expect(Array(table.key(at: number)) == key)
        }
        #expect([UInt8](repeating: 7, count: 5).withUnsafeBufferPointer { table.value($0) } == nil)
    }
}
