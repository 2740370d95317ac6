import Doge
import Records

/// How the answers of a record are made, once flags, record and model have been heard.
struct GenerationPlan {
    /// What the engine is asked for.
    let choosing: GenerationTask.Choosing
    /// Texts that end an answer.
    let stops: [String]

    /// Most tokens of an answer where nobody names a number.
    static let tokensMax = 256
    /// Tokens that sampling chooses from where nobody names a number; transformers' default.
    static let topK = 50

    /// A flag counts, else the record's own field, else generation_config.json, else greedy choice.
    ///
    /// - Parameters:
    ///   - limit: most tokens of prompt and answer together, more than the prompt has.
    ///   - endTokens: of the model.
    init(
        _ options: TaskOptions,
        record: Record,
        promptTokens: Int,
        limit: Int,
        defaults: GenerationDefaults,
        endTokens: Set<Int32>
    ) {
        let asked = options.generation.merged(over: record.generation)
        let room = defaults.maxLength.map { max(1, $0 - promptTokens) }
        let wanted = asked.maxNewTokens ?? defaults.maxNewTokens ?? room ?? Self.tokensMax
        var choosing = GenerationTask.Choosing(tokensMax: min(wanted, limit - promptTokens))
        choosing.samples = asked.n ?? 1
        choosing.alternatives = asked.logprobs
        choosing.endTokens = endTokens
        choosing.seed = options.seed
        choosing.record = UInt64(record.index)
        // Who names a filter asks for sampling.
        let filters = asked.topK != nil || asked.topP != nil || asked.minP != nil
        let isSampling = asked.temperature.map { $0 > 0 } ?? (filters || defaults.doSample == true)
        var parameters = SamplingParameters()
        let penalty = asked.repetitionPenalty ?? defaults.repetitionPenalty ?? 1
        parameters.repetitionPenalty = Float(penalty)
        if isSampling {
            parameters.temperature = Float(asked.temperature ?? defaults.temperature ?? 1)
            parameters.topK = asked.topK ?? defaults.topK ?? Self.topK
            parameters.topP = Float(asked.topP ?? defaults.topP ?? 1)
            parameters.minP = Float(asked.minP ?? defaults.minP ?? 0)
        }
        choosing.parameters = parameters
        self.choosing = choosing
        stops = asked.stop ?? defaults.stopStrings ?? []
    }
}
