/// The parts of a tokenizer.json that Kennel reads, as they stand in the file.
struct TokenizerFile: Decodable {
    struct AddedToken: Decodable {
        let id: Int32
        let content: String
        var single_word: Bool?
        var lstrip: Bool?
        var rstrip: Bool?
        var normalized: Bool?
        var special: Bool?
    }

    /// A part of any kind: normalizer, pre-tokenizer or post-processor.
    struct Part: Decodable {
        let type: String
        var pretokenizers: [Part]?
        var processors: [Part]?
        var normalizers: [Part]?
        var pattern: [String: String]?
        var behavior: String?
        var invert: Bool?
        var add_prefix_space: Bool?
        var use_regex: Bool?
        var single: [TemplatePiece]?
        var special_tokens: [String: SpecialToken]?
    }

    /// What turns tokens back into text; only the types are read.
    struct DecoderPart: Decodable {
        let type: String
        var decoders: [DecoderPart]?

        /// Its type, or those of its parts, in the order in which they work.
        var types: [String] {
            type == "Sequence" ? (decoders ?? []).flatMap(\.types) : [type]
        }
    }

    struct TemplatePiece: Decodable {
        struct Item: Decodable { let id: String }
        var SpecialToken: Item?
        var Sequence: Item?
    }

    struct SpecialToken: Decodable { let ids: [Int32] }

    struct Model: Decodable {
        var type: String?
        /// Empty, as `VocabularyParts` holds it; here it only must be there and of its kind.
        let vocab: [String: Int32]
        /// Empty likewise.
        let merges: [String]
        var ignore_merges: Bool?
        var dropout: Double?
        var unk_token: String?
        var continuing_subword_prefix: String?
        var end_of_word_suffix: String?
        var byte_fallback: Bool?
    }

    var added_tokens: [AddedToken]?
    var normalizer: Part?
    var pre_tokenizer: Part?
    var post_processor: Part?
    var decoder: DecoderPart?
    let model: Model
}
