/// Why a tokenizer cannot be loaded, a text not encoded, or tokens not decoded.
package enum TokenizerError: Error, Equatable, CustomStringConvertible {
    /// The file cannot be read.
    case unreadable(path: String, reason: String)
    /// The file is larger than any tokenizer should be.
    case tooLarge(path: String, bytes: Int, limit: Int)
    /// The file is no tokenizer.json, or a part of it is missing or of the wrong kind.
    case malformed(path: String, what: String)
    /// A part that would change the result and is not known here.
    case unsupported(path: String, part: String, value: String)
    /// It can encode, but its tokens cannot be turned back into text.
    case undecodable(path: String, reason: String)
    /// The text is not UTF-8 from this byte on.
    case notUTF8(offset: Int)
    /// The splitting expression gave up on a text.
    case splitFailed(reason: String)

    /// The failure as one sentence for people; of a text only offsets are told, never its words.
    package var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "cannot read the tokenizer \(path): \(reason)"
        case .tooLarge(let path, let bytes, let limit):
            "the tokenizer \(path) has \(bytes) bytes, the limit is \(limit)"
        case .malformed(let path, let what):
            "the tokenizer \(path) is damaged: \(what); save it again with transformers"
        case .unsupported(let path, let part, let value):
            "the tokenizer \(path) has the \(part) \(value), which Kennel does not know; "
                + "byte-level BPE tokenizers of the Llama-3 family are supported"
        case .undecodable(let path, let reason):
            "the tokenizer \(path) cannot turn tokens into text: \(reason)"
        case .notUTF8(let offset):
            "the text is not UTF-8 at byte \(offset + 1)"
        case .splitFailed(let reason):
            "the tokenizer's expression failed on the text: \(reason)"
        }
    }
}
