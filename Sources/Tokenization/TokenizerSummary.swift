/// What people want to know of a tokenizer.
package struct TokenizerSummary: Equatable, Sendable {
    /// The only kind that can be loaded.
    package let kind = "byte-level BPE"
    /// Tokens, the added ones counted.
    package let entries: Int
    /// Pairs of tokens that become one.
    package let merges: Int
    /// Tokens that are found in a text before it is cut into words, the special ones counted.
    package let addedTokens: Int
    /// Added tokens that are no part of the text for its readers.
    package let specialTokens: Int
    /// What the template puts in front of every text: most often one that begins it.
    package let tokensBefore: [String]
    /// What the template puts behind every text.
    package let tokensBehind: [String]
}
