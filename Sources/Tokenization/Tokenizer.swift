/// The end at which a text that is too long is cut.
package enum TruncationSide: String, Sendable {
    /// The beginning is cut off, the end stays.
    case left
    /// The end is cut off, the beginning stays.
    case right
}

/// The tokens of a text.
package struct Encoding: Equatable, Sendable {
    /// In the order of the text, the template's tokens around them where they were asked for.
    package var ids: [Int32]
    /// Whether tokens of the text were cut off.
    package var isTruncated: Bool { ids.count < wholeCount }
    /// Tokens that the whole text has, the template's counted.
    package var wholeCount: Int

    /// Takes ids as they are; the model that reads them checks their range.
    ///
    /// - Parameter wholeCount: where tokens of the text were cut off, how many there were.
    package init(ids: [Int32], wholeCount: Int? = nil) {
        self.ids = ids
        self.wholeCount = wholeCount ?? ids.count
    }
}

/// A byte-level BPE tokenizer as the `tokenizers` package runs it; shared by threads.
package final class Tokenizer: Sendable {
    let model: BytePairModel
    let added: AddedTokens
    let addedAfterwards: AddedTokens
    let splitting: Splitting
    private let template: Template
    private let table: TokenTable
    private let decodingRefusal: TokenizerError?

    /// What people want to know of it.
    package let summary: TokenizerSummary

    /// Reads DIR/tokenizer.json.
    package convenience init(directory: String) throws(TokenizerError) {
        let path = "\(directory)/tokenizer.json"
        try self.init(json: try TokenizerBuilder.read(path), path: path)
    }

    /// Reads a tokenizer.json from memory; `path` is for messages.
    package init(json: [UInt8], path: String) throws(TokenizerError) {
        let builder = try TokenizerBuilder(json: json, path: path)
        model = try builder.model()
        (added, addedAfterwards) = try builder.addedTokens()
        splitting = try builder.splitting()
        template = try builder.template()
        let names = builder.names()
        table = builder.tokenTable(names)
        decodingRefusal = builder.decodingRefusal(names)
        summary = builder.summary(template, names)
    }

    /// Buffers and caches for one thread.
    package func makeScratch() -> TokenizerScratch {
        TokenizerScratch(splitting.expression.makeMatch())
    }

    /// The tokens of a UTF-8 text.
    ///
    /// - Parameters:
    ///   - limit: the most tokens, those of the template counted; nil for no limit.
    ///   - cutTo: tokens that stay of a longer text, at most the limit; nil for the limit.
    ///   - side: where a longer text is cut; nil leaves it whole.
    ///   - addsSpecialTokens: whether the template's tokens stand around the text.
    ///   - scratch: of this tokenizer, and of this thread alone.
    package func encode(
        _ text: [UInt8],
        limit: Int? = nil,
        cutTo: Int? = nil,
        side: TruncationSide? = nil,
        addsSpecialTokens: Bool = true,
        scratch: TokenizerScratch
    ) throws(TokenizerError) -> Encoding {
        let failure = text.withUnsafeBufferPointer { text in
            do throws(TokenizerError) {
                try check(text)
                scratch.state.ids.removeAll()
                try append(text, scratch, &scratch.state)
                return nil as TokenizerError?
            } catch {
                return error
            }
        }
        if let failure { throw failure }
        let found = scratch.state.ids.elements(from: 0)
        let around = addsSpecialTokens ? templateCount : 0
        let wholeCount = found.count + around
        var kept = found[...]
        if let limit, let side, wholeCount > limit {
            let room = max(0, (cutTo ?? limit) - around)
            kept = side == .right ? found.prefix(room) : found.suffix(room)
        }
        var ids: [Int32] = []
        ids.reserveCapacity(kept.count + around)
        if addsSpecialTokens { ids += template.before }
        ids += kept
        if addsSpecialTokens { ids += template.behind }
        return Encoding(ids: ids, wholeCount: wholeCount)
    }

    /// What turns tokens back into text; not every tokenizer that can encode has it.
    package func decoder() throws(TokenizerError) -> TokenDecoder {
        if let decodingRefusal { throw decodingRefusal }
        return TokenDecoder(table)
    }

    /// Whether a token is no part of the text for its readers; false for an unknown id.
    package func isSpecial(_ id: Int32) -> Bool {
        table.isSpecial(id)
    }

    /// How many tokens stand around every text.
    package var templateCount: Int { template.before.count + template.behind.count }
}
