extension DogeConfiguration {
    /// Reads `directory`/config.json; absent fields have DogeConfig's defaults.
    package init(directory: String) throws(ModelError) {
        let check = try FieldCheck(path: "\(directory)/config.json")
        try check.modelFields()
        vocabularySize = try check.count("vocab_size", absent: 32_768)
        hiddenSize = try check.count("hidden_size", absent: 1_024)
        intermediateSize = try check.count("intermediate_size", absent: 2_048)
        layerCount = try check.count("num_hidden_layers", absent: 32)
        queryHeads = try check.count("num_attention_heads", absent: 8)
        let keyHeads = try check.whole("num_key_value_heads", orNull: true) ?? queryHeads
        self.keyHeads = try check.count("num_key_value_heads", keyHeads)
        guard queryHeads % keyHeads == 0 else {
            throw check.bad(
                "num_key_value_heads",
                "a divisor of \(queryHeads) heads",
                "\(keyHeads)"
            )
        }
        headDimension = try check.count("head_dim", absent: hiddenSize / queryHeads)
        guard headDimension % 2 == 0 else {
            throw check.bad("head_dim", "even, as rotary turns pairs", "\(headDimension)")
        }
        let most = FieldCheck.sizeMax / queryHeads
        guard headDimension <= most else {
            throw check.bad("head_dim", "at most \(most) for each head", "\(headDimension)")
        }
        let epsilon = try check.number("rms_norm_eps") ?? 1e-6
        guard epsilon >= 0, epsilon < 1 else {
            throw check.bad("rms_norm_eps", "from 0 to 1", "\(epsilon)")
        }
        self.epsilon = Float(epsilon)
        attentionBias = try check.flag("attention_bias") ?? false
        mlpBias = try check.flag("mlp_bias") ?? false
        keepWindow = try check.count("keep_window_size", absent: 2_048)
        slidingWindow = try check.slidingWindow(layerCount: layerCount)
        maxPositionEmbeddings = try check.count("max_position_embeddings", absent: 2_048)
        activation = try check.activation()
        rotary = try check.rotary(headDimension: headDimension, trained: maxPositionEmbeddings)
        experts = try check.experts()
        tiesEmbeddings = try check.flag("tie_word_embeddings") ?? false
        architecture = try check.texts("architectures")?.first
        beginTokenID = try check.token("bos_token_id")
        endTokenIDs = try check.tokens("eos_token_id") ?? []
        padTokenID = try check.padToken(vocabularySize: vocabularySize)
        labels = try check.labels()
        problemType = try check.problemType(labelCount: labels.count)
    }
}
