extension FieldCheck {
    /// Refuses config.json of another model, of older Doge layers, and with fields nobody knows.
    func modelFields() throws(ModelError) {
        let type = try text("model_type") ?? "doge"
        guard type == "doge" else { throw unknown("model_type", type, known: "doge") }
        // The first experts were found by queries and keys; their counts alone say nothing.
        let isMixture = try flag("is_moe") ?? false
        if isMixture, !has("num_experts"), let field = firstField(of: FieldCheck.olderExperts) {
            throw .olderArchitecture(path: path, field: field)
        }
        for (field, neutral) in FieldCheck.neutralForOlder.sorted(by: { $0.key < $1.key }) {
            guard let value = values[field], value != .null, !neutral.contains(value) else {
                continue
            }
            throw .olderArchitecture(path: path, field: field)
        }
        try onlyKnown(
            FieldCheck.computed.union(FieldCheck.olderExperts).union(
                FieldCheck.neutralForOlder.keys
            )
            .union(FieldCheck.bookkeeping).union(FieldCheck.generation),
            neutral: FieldCheck.neutral
        )
    }

    /// Refuses fields outside `known`, and those of `neutral` that have another value or no null.
    func onlyKnown(
        _ known: Set<String>,
        neutral: [String: [JSONValue]]
    ) throws(ModelError) {
        for (field, value) in values.sorted(by: { $0.key < $1.key }) where !known.contains(field) {
            guard let allowed = neutral[field] else {
                throw .unknownField(path: path, field: field)
            }
            guard value == .null || allowed.contains(value) else {
                let known = ["null"] + allowed.map(\.description)
                throw unknown(field, "\(value)", known: known.joined(separator: ", "))
            }
        }
    }

    private func firstField(of names: Set<String>) -> String? {
        values.keys.filter(names.contains).min()
    }

    /// Fields that say what is computed.
    private static let computed: Set<String> = [
        "architectures", "attention_bias", "bos_token_id", "eos_token_id", "head_dim",
        "hidden_act", "hidden_size", "id2label", "intermediate_size", "is_moe",
        "keep_window_size", "layer_types", "max_position_embeddings", "mlp_bias", "model_type",
        "num_attention_heads", "num_experts", "num_experts_per_tok", "num_hidden_layers",
        "num_key_value_heads", "num_labels", "original_max_position_embeddings",
        "pad_token_id", "partial_rotary_factor", "problem_type", "rms_norm_eps",
        "rope_parameters", "rope_scaling", "rope_theta", "router_layout", "sliding_window",
        "tie_word_embeddings", "vocab_size",
    ]

    /// Fields of training, of loading and of other classes: no result depends on them.
    ///
    /// `norm_topk_prob` divides by a sum that is 1; transformers' Doge asks none of the others.
    private static let bookkeeping: Set<String> = [
        "_attn_implementation", "_attn_implementation_autoset", "_commit_hash", "_name_or_path",
        "attention_dropout", "attn_implementation", "auto_map", "chunk_size_feed_forward",
        "cls_token_id", "decoder_start_token_id", "dtype", "finetuning_task",
        "gradient_checkpointing", "hidden_dropout", "initializer_range", "is_decoder",
        "label2id", "mask_token_id", "name_or_path", "norm_topk_prob", "output_attentions",
        "output_hidden_states", "output_router_logits", "pretraining_tp", "return_dict",
        "router_aux_loss_coef", "sep_token_id", "tf_legacy_loss", "tie_encoder_decoder",
        "tie_last_hidden_states", "tokenizer_class", "torch_dtype", "torchscript",
        "transformers_version", "unk_token_id", "use_bfloat16", "use_cache",
    ]

    /// Fields of generation that older files keep here; transformers 5 takes none from here.
    private static let generation: Set<String> = [
        "assistant_confidence_threshold", "assistant_lookbehind", "bad_words_ids",
        "begin_suppress_tokens", "diversity_penalty", "do_sample", "early_stopping",
        "encoder_no_repeat_ngram_size", "encoder_repetition_penalty", "epsilon_cutoff",
        "eta_cutoff", "exponential_decay_length_penalty", "forced_bos_token_id",
        "forced_eos_token_id", "length_penalty", "max_length", "min_length",
        "no_repeat_ngram_size", "num_assistant_tokens", "num_assistant_tokens_schedule",
        "num_beam_groups", "num_beams", "num_return_sequences", "output_scores",
        "remove_invalid_values", "repetition_penalty", "return_dict_in_generate",
        "suppress_tokens", "target_lookbehind", "temperature", "top_k", "top_p", "typical_p",
    ]

    /// Fields that would change a result, beside null with the values that change none.
    private static let neutral: [String: [JSONValue]] = [
        "add_cross_attention": [.flag(false)],
        "cross_attention_hidden_size": [],
        "is_encoder_decoder": [.flag(false)],
        "per_layer_config": [.object([:])],
        "prefix": [.text("")],
        "pruned_heads": [.object([:])],
        "quantization_config": [],
        "task_specific_params": [.object([:])],
    ]

    /// The experts of the first Doge models; dense files carry the defaults too.
    private static let olderExperts: Set<String> = [
        "expert_retrieval_size", "num_cdmmoe_experts", "num_cdmmoe_experts_per_head",
        "num_cdmmoe_heads", "num_cdmoe_experts", "num_cdmoe_experts_per_head",
        "num_cdmoe_heads",
    ]

    /// Layers of the first Doge models, with the values that ask for none of them.
    private static let neutralForOlder: [String: [JSONValue]] = [
        "dynamic_mask_ratio": [.whole(0), .number(0)],
        "hidden_bias": [.flag(false)],
        "inner_values_retrieval_size": [],
        "num_inner_value_heads": [],
        "num_inner_values": [],
        "num_value_per_head": [],
        "private_expert_retrieval_size": [],
    ]
}
