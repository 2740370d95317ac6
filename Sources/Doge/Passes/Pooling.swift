/// How the hidden states of a text become one row.
package enum Pooling: String, Sendable, Codable, CaseIterable {
    /// That of the last token.
    case last
    /// The mean over all tokens.
    case mean
}
