/// One text that was generated for a record.
package struct GeneratedSample: Equatable, Sendable {
    /// Why a text ends where it does.
    package enum FinishReason: String, Sendable, CaseIterable {
        /// The model ended it, or a stop text was reached.
        case stop
        /// No more tokens were allowed.
        case length
    }

    /// A token that stands somewhere, or could, and how probable it was there.
    package struct Candidate: Equatable, Sendable {
        /// What the token adds to the text; a token may be a part of a character.
        package var bytes: [UInt8]
        /// Natural logarithm of its probability.
        package var logprob: Float

        /// A candidate as the model weighed it.
        package init(bytes: [UInt8], logprob: Float) {
            self.bytes = bytes
            self.logprob = logprob
        }
    }

    /// A token of the text, and the most probable ones at its place.
    package struct Step: Equatable, Sendable {
        /// The token that was taken.
        package var chosen: Candidate
        /// The most probable ones, best first; as many as were asked for.
        package var best: [Candidate]

        /// A step as it was taken; `chosen` may be among the best.
        package init(chosen: Candidate, best: [Candidate]) {
            self.chosen = chosen
            self.best = best
        }
    }

    /// The text without what it was stopped by; where it ends inside a character, no UTF-8.
    package var text: [UInt8]
    /// Why the text ends.
    package var finishReason: FinishReason
    /// All tokens that were generated, which the usage counts.
    package var tokenIDs: [Int32]
    /// One step for each token of the text, where log-probabilities were asked for.
    package var logprobs: [Step]?

    /// A text as it was generated.
    package init(
        text: [UInt8],
        finishReason: FinishReason,
        tokenIDs: [Int32],
        logprobs: [Step]? = nil
    ) {
        self.text = text
        self.finishReason = finishReason
        self.tokenIDs = tokenIDs
        self.logprobs = logprobs
    }
}
