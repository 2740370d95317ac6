/// How texts are generated; what is nil is left to whoever is asked next.
///
/// A flag counts, else the record's own field, else the model's `generation_config.json`, else the
/// most likely token is taken each time.
package struct GenerationOptions: Codable, Equatable, Sendable {
    /// The most tokens of one answer.
    package var maxNewTokens: Int?
    /// What the logits are divided by; 0 takes the most likely token.
    package var temperature: Double?
    /// How many of the most likely tokens are drawn from; 0 for all.
    package var topK: Int?
    /// The share of probability that the tokens drawn from have together.
    package var topP: Double?
    /// The least probability of a token drawn from, as a share of the best one's.
    package var minP: Double?
    /// What the logits of tokens that stood before are divided by; 1 changes nothing.
    package var repetitionPenalty: Double?
    /// Texts at which an answer ends, without them.
    package var stop: [String]?
    /// How many answers each record gets.
    package var n: Int?
    /// How many alternatives are named beside each token; nil for no log-probabilities at all.
    package var logprobs: Int?

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case maxNewTokens, temperature, topK, topP, minP, repetitionPenalty, stop, n, logprobs
    }

    /// Options that leave everything open.
    package init() {}

    /// Reads what is there; a field that is not known is an error.
    package init(from decoder: any Decoder) throws {
        try decoder.refuseFields(besides: CodingKeys.self)
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        maxNewTokens = try fields.decodeIfPresent(Int.self, forKey: .maxNewTokens)
        temperature = try fields.decodeIfPresent(Double.self, forKey: .temperature)
        topK = try fields.decodeIfPresent(Int.self, forKey: .topK)
        topP = try fields.decodeIfPresent(Double.self, forKey: .topP)
        minP = try fields.decodeIfPresent(Double.self, forKey: .minP)
        repetitionPenalty = try fields.decodeIfPresent(Double.self, forKey: .repetitionPenalty)
        stop = try fields.decodeIfPresent([String].self, forKey: .stop)
        n = try fields.decodeIfPresent(Int.self, forKey: .n)
        logprobs = try fields.decodeIfPresent(Int.self, forKey: .logprobs)
    }

    /// What these options say, and where they are silent what the others say.
    package func merged(over other: GenerationOptions) -> GenerationOptions {
        var merged = self
        merged.maxNewTokens = maxNewTokens ?? other.maxNewTokens
        merged.temperature = temperature ?? other.temperature
        merged.topK = topK ?? other.topK
        merged.topP = topP ?? other.topP
        merged.minP = minP ?? other.minP
        merged.repetitionPenalty = repetitionPenalty ?? other.repetitionPenalty
        merged.stop = stop ?? other.stop
        merged.n = n ?? other.n
        merged.logprobs = logprobs ?? other.logprobs
        return merged
    }
}
