import FoundationEssentials

/// What a checkpoint's generation_config.json says of making texts; nil where it says nothing.
///
/// As in transformers, a file without `do_sample` means greedy choice; the temperature, topK, topP
/// and minP then count for nothing, unless a job asks for sampling itself. Where sampling finds no
/// value, transformers takes a `top_k` of 50 and 1 for the others. The penalty counts always.
package struct GenerationDefaults: Equatable, Sendable {
    /// Whether tokens are drawn; greedy choice where it is nil or false.
    package private(set) var doSample: Bool?
    /// Above 0; logits are divided by it.
    package private(set) var temperature: Double?
    /// Number of most probable tokens that stay; 0 keeps all.
    package private(set) var topK: Int?
    /// Share of probability that stays, from 0 to 1.
    package private(set) var topP: Double?
    /// Least probability that stays, as a share of the largest, from 0 to 1.
    package private(set) var minP: Double?
    /// Above 0; logits of tokens already met are divided by it, or multiplied where below 0.
    package private(set) var repetitionPenalty: Double?
    /// Most tokens after the prompt; wins over `maxLength`.
    package private(set) var maxNewTokens: Int?
    /// Most tokens of prompt and answer together.
    package private(set) var maxLength: Int?
    /// Tokens that end an answer, in place of the configuration's.
    package private(set) var endTokenIDs: [Int32]?
    /// Texts that end an answer.
    package private(set) var stopStrings: [String]?

    /// Nothing said, as without a file.
    package init() {}

    /// Reads `directory`/generation_config.json if there is one.
    ///
    /// Refused are values out of range, fields nobody knows, and those that ask for what this
    /// engine does not do.
    package init(directory: String) throws(ModelError) {
        let path = "\(directory)/generation_config.json"
        guard FileManager.default.fileExists(atPath: path) else { return }
        let check = try FieldCheck(path: path)
        try check.onlyKnown(
            GenerationDefaults.read.union(GenerationDefaults.bookkeeping),
            neutral: GenerationDefaults.neutral
        )
        doSample = try check.flag("do_sample", orNull: true)
        temperature = try GenerationDefaults.temperature(check, isSampling: doSample ?? false)
        topK = try check.number("top_k", from: 0)
        topP = try check.share("top_p")
        minP = try check.share("min_p")
        repetitionPenalty = try check.number("repetition_penalty", orNull: true)
        if let penalty = repetitionPenalty, penalty <= 0 {
            throw check.bad("repetition_penalty", "above 0", "\(penalty)")
        }
        maxNewTokens = try check.number("max_new_tokens", from: 1)
        maxLength = try check.number("max_length", from: 1)
        endTokenIDs = try check.tokens("eos_token_id")
        stopStrings = try check.texts("stop_strings")
        if stopStrings?.contains("") == true {
            throw check.bad("stop_strings", "of one character or more", "an empty string")
        }
    }

    /// The temperature; 0 is how some files say "greedy", and nothing where none is drawn.
    private static func temperature(
        _ check: FieldCheck,
        isSampling: Bool
    ) throws(ModelError) -> Double? {
        guard let value = try check.number("temperature", orNull: true) else { return nil }
        if value == 0, !isSampling { return nil }
        guard value > 0 else { throw check.bad("temperature", "above 0", "\(value)") }
        return value
    }

    private static let read: Set<String> = [
        "do_sample", "eos_token_id", "max_length", "max_new_tokens", "min_p",
        "repetition_penalty", "stop_strings", "temperature", "top_k", "top_p",
    ]

    /// Fields that change no token: of files, of caches and of speed, and of beams without beams.
    private static let bookkeeping: Set<String> = [
        "_commit_hash", "_from_model_config", "assistant_confidence_threshold",
        "assistant_early_exit", "assistant_lookbehind", "bos_token_id", "compile_config",
        "decoder_start_token_id", "disable_compile", "early_stopping", "is_assistant",
        "length_penalty", "low_memory", "max_cache_len", "max_matching_ngram_size",
        "num_assistant_tokens", "num_assistant_tokens_schedule", "output_attentions",
        "output_hidden_states", "output_logits", "output_scores", "pad_token_id",
        "renormalize_logits", "return_dict_in_generate", "return_legacy_cache",
        "target_lookbehind", "transformers_version", "use_cache",
    ]

    /// Fields that ask for what the engine does not do, with values that beside null ask nothing.
    private static let neutral: [String: [JSONValue]] = {
        let zero: [JSONValue] = [.whole(0), .number(0)]
        let one: [JSONValue] = [.whole(1), .number(1)]
        let caches = ["dynamic", "static", "offloaded", "offloaded_static", "hybrid"]
        return [
            "assistant_ensemble_weight": [],
            "bad_words_ids": [.list([])],
            "begin_suppress_tokens": [.list([])],
            "cache_config": [.object([:])],
            "cache_implementation": caches.map(JSONValue.text),
            "constraints": [.list([])],
            "continuous_batching_config": [],
            "diversity_penalty": zero,
            "dola_layers": [],
            "encoder_no_repeat_ngram_size": zero,
            "encoder_repetition_penalty": one,
            "epsilon_cutoff": zero,
            "eta_cutoff": zero,
            "exponential_decay_length_penalty": [],
            "force_words_ids": [.list([])],
            "forced_bos_token_id": [],
            "forced_decoder_ids": [.list([])],
            "forced_eos_token_id": [],
            "guidance_scale": one,
            "max_time": [],
            "min_length": zero,
            "min_new_tokens": zero,
            "no_repeat_ngram_size": zero,
            "num_beam_groups": one,
            "num_beams": one,
            "num_return_sequences": one,
            "penalty_alpha": zero,
            "prefill_chunk_size": [],
            "prompt_lookup_num_tokens": [],
            "remove_invalid_values": [.flag(false)],
            "sequence_bias": [.list([]), .object([:])],
            "speculation_type": [],
            "suppress_tokens": [.list([])],
            "token_healing": [.flag(false)],
            "top_h": [],
            "typical_p": one,
            "use_mtp": [.flag(false)],
            "watermarking_config": [],
        ]
    }()
}

extension FieldCheck {
    /// A whole number of at least `least`, or nil where the field is absent or null.
    fileprivate func number(_ field: String, from least: Int) throws(ModelError) -> Int? {
        guard let value = try whole(field, orNull: true) else { return nil }
        guard value >= least else { throw bad(field, "at least \(least)", "\(value)") }
        return value
    }

    /// A number from 0 to 1, or nil where the field is absent or null.
    fileprivate func share(_ field: String) throws(ModelError) -> Double? {
        guard let value = try number(field, orNull: true) else { return nil }
        guard value >= 0, value <= 1 else { throw bad(field, "from 0 to 1", "\(value)") }
        return value
    }
}
