/// Turns tokens back into text as the `tokenizers` package does; cheap to copy, shared by threads.
package struct TokenDecoder: Sendable {
    private let table: TokenTable

    init(_ table: TokenTable) {
        self.table = table
    }

    /// The bytes of one token, which need not be whole characters; none for an unknown id.
    ///
    /// Nothing is copied.
    package func bytes(ofToken id: Int32) -> ArraySlice<UInt8> {
        table.bytes(of: id)
    }

    /// The text of tokens; bytes that are not UTF-8 become U+FFFD, unknown ids nothing.
    ///
    /// - Parameter skipsSpecialTokens: whether special tokens are left out.
    package func decode(_ ids: some Sequence<Int32>, skipsSpecialTokens: Bool) -> String {
        var text: [UInt8] = []
        var repair = UTF8Repair()
        for id in ids where !(skipsSpecialTokens && table.isSpecial(id)) {
            repair.append(table.bytes(of: id), to: &text)
        }
        repair.finish(&text)
        return String(decoding: text, as: UTF8.self)
    }

    /// A decoder of one text that comes token by token.
    ///
    /// - Parameter skipsSpecialTokens: whether special tokens are left out.
    package func streaming(skipsSpecialTokens: Bool) -> StreamingDecoder {
        StreamingDecoder(table, skipsSpecialTokens: skipsSpecialTokens)
    }
}

/// Decodes one text token by token: all its pieces together are what decoding at once gives.
package struct StreamingDecoder: Sendable {
    private let table: TokenTable
    private let skipsSpecialTokens: Bool
    private var repair = UTF8Repair()

    init(_ table: TokenTable, skipsSpecialTokens: Bool) {
        self.table = table
        self.skipsSpecialTokens = skipsSpecialTokens
    }

    /// Takes one more token, and gives the text that no later token can change.
    ///
    /// At most three bytes are held back: the beginning of a character whose rest may yet come.
    package mutating func append(_ id: Int32) -> String {
        guard !(skipsSpecialTokens && table.isSpecial(id)) else { return "" }
        var text: [UInt8] = []
        repair.append(table.bytes(of: id), to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Gives what was held back: U+FFFD where the tokens ended inside a character.
    package mutating func finish() -> String {
        var text: [UInt8] = []
        repair.finish(&text)
        return String(decoding: text, as: UTF8.self)
    }
}
