import Tokenization

extension FuzzTarget {
    private static let texts = [
        "", "a", "Hello, world 12 3456!  \n\té€😀\u{0}<|end|>", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
        String(repeating: "abab", count: 60),
    ]

    /// A tokenizer.json; one that is taken must turn texts into tokens, and these into texts.
    static let tokenizer = FuzzTarget(
        "tokenizer",
        byteCountMax: 16384,
        testRuns: 1500,
        dictionary: [
            "{", "}", "[", "]", ",", ":", "\"", "null", "true", "false", "0", "-1", "999999",
            "1000000", "2147483647", "2147483648", "\\u0120", "\\ud83d\\ude00", "\\ud800", "model",
            "vocab", "merges", "added_tokens", "id", "content", "single_word", "lstrip", "rstrip",
            "normalized", "special", "pre_tokenizer", "Sequence", "pretokenizers", "ByteLevel",
            "Split", "pattern", "Regex", "behavior", "Isolated", "invert", "add_prefix_space",
            "use_regex", "post_processor", "TemplateProcessing", "single", "SpecialToken",
            "special_tokens", "ids", "decoder", "ignore_merges", "unk_token", "type", "BPE",
            "(a+)+$", "\\\\p{L}+", "(?i)", "\\\\s+(?!\\\\S)", "(?R)", "{65535}", "\\\\K", "(?<=",
            "(?<x>", "(?&x)", "\"a b\"",
            "[\"a\",\"b\"]",
        ]
    ) { input in
        do throws(TokenizerError) {
            let tokenizer = try Tokenizer(json: Array(input), path: "tokenizer.json")
            let scratch = tokenizer.makeScratch()
            for text in texts {
                let bytes = Array(text.utf8)
                let whole = try tokenizer.encode(bytes, scratch: scratch)
                let cut = try tokenizer.encode(bytes, limit: 2, side: .left, scratch: scratch)
                guard cut.wholeCount == whole.ids.count else {
                    return .wrong("\(whole.ids.count) tokens, cut they were \(cut.wholeCount)")
                }
                let decoder = try tokenizer.decoder()
                var stream = decoder.streaming(skipsSpecialTokens: false)
                let pieces = whole.ids.map { stream.append($0) }.joined() + stream.finish()
                let text = decoder.decode(whole.ids, skipsSpecialTokens: false)
                guard pieces == text else { return .wrong("\(pieces) in pieces, \(text) whole") }
            }
            return .taken
        } catch {
            return .refused(error.description)
        }
    }
}
