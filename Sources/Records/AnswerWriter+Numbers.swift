import Glibc

extension AnswerWriter {
    /// Appends the answer of a record that was made a vector.
    ///
    /// - Parameters:
    ///   - embedding: finite numbers.
    ///   - promptTokens: tokens that the model read.
    ///   - tokenIDs: ids of these, where they were asked for.
    package static func appendEmbedding(
        of record: Record,
        embedding: [Float],
        promptTokens: Int,
        isTruncated: Bool,
        tokenIDs: [Int32]?,
        to line: inout [UInt8]
    ) {
        appendHead(id: record.id, index: record.index, to: &line)
        line += Array(",\"embedding\":".utf8)
        appendList(embedding, to: &line) { number, line in line += Array("\(number)".utf8) }
        appendUsage(promptTokens: promptTokens, isTruncated: isTruncated, to: &line)
        if let tokenIDs { appendTokenIDs(tokenIDs, to: &line) }
        appendTail(record.carried, to: &line)
    }

    /// Appends the answer of a record whose probability was asked for.
    ///
    /// Where not one token has a probability, the log-probability is 0 and there is no perplexity;
    /// nor is there one that is larger than any number.
    ///
    /// - Parameters:
    ///   - logprob: natural logarithm of the probability of all scored tokens, finite.
    ///   - tokens: how many these are, fewer than the model read where the first has none in front.
    ///   - isCausal: whether each token's probability is that after those in front of it alone.
    ///   - promptTokens: tokens that the model read.
    ///   - tokenIDs: ids of these, where they were asked for.
    package static func appendScore(
        of record: Record,
        logprob: Double,
        tokens: Int,
        isCausal: Bool,
        promptTokens: Int,
        isTruncated: Bool,
        tokenIDs: [Int32]?,
        to line: inout [UInt8]
    ) {
        let logprob = tokens == 0 ? 0 : logprob
        let perplexity = exp(-logprob / Double(tokens))
        appendHead(id: record.id, index: record.index, to: &line)
        line += Array(",\"logprob\":\(logprob),\"tokens\":\(tokens)".utf8)
        line += Array(",\"perplexity\":\(perplexity.isFinite ? "\(perplexity)" : "null")".utf8)
        if !isCausal { line += Array(",\"causal\":false".utf8) }
        appendUsage(promptTokens: promptTokens, isTruncated: isTruncated, to: &line)
        if let tokenIDs { appendTokenIDs(tokenIDs, to: &line) }
        appendTail(record.carried, to: &line)
    }
}
