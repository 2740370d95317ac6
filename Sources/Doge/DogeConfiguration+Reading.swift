import CDogeKernels

extension DogeConfiguration {
    /// Reads `directory`/config.json; absent fields have DogeConfig's defaults.
    package init(directory: String) throws(ModelError) {
        let path = "\(directory)/config.json"
        let file = try ConfigurationFile.read(path: path)
        let check = FieldCheck(path: path)
        guard file.model_type ?? "doge" == "doge" else {
            throw check.unknown("model_type", file.model_type ?? "", known: "doge")
        }
        vocabularySize = try check.count("vocab_size", file.vocab_size ?? 32_768)
        hiddenSize = try check.count("hidden_size", file.hidden_size ?? 1_024)
        intermediateSize = try check.count("intermediate_size", file.intermediate_size ?? 2_048)
        layerCount = try check.count("num_hidden_layers", file.num_hidden_layers ?? 32)
        queryHeads = try check.count("num_attention_heads", file.num_attention_heads ?? 8)
        keyHeads = try check.count("num_key_value_heads", file.num_key_value_heads ?? queryHeads)
        guard queryHeads % keyHeads == 0 else {
            throw check.bad(
                "num_key_value_heads",
                "a divisor of \(queryHeads) heads",
                "\(keyHeads)"
            )
        }
        headDimension = try check.count("head_dim", file.head_dim ?? hiddenSize / queryHeads)
        guard headDimension % 2 == 0 else {
            throw check.bad("head_dim", "even, as rotary turns pairs", "\(headDimension)")
        }
        let epsilon = file.rms_norm_eps ?? 1e-6
        guard epsilon >= 0, epsilon < 1 else {
            throw check.bad("rms_norm_eps", "from 0 to 1", "\(epsilon)")
        }
        self.epsilon = Float(epsilon)
        attentionBias = file.attention_bias ?? false
        mlpBias = file.mlp_bias ?? false
        keepWindow = try check.count("keep_window_size", file.keep_window_size ?? 2_048)
        slidingWindow = try file.sliding_window.map { value throws(ModelError) in
            try check.count("sliding_window", value)
        }
        maxPositionEmbeddings = try check.count(
            "max_position_embeddings",
            file.max_position_embeddings ?? 2_048
        )
        activation = try check.activation(file.hidden_act ?? "silu")
        rotary = try check.rotary(
            file,
            headDimension: headDimension,
            trained: maxPositionEmbeddings
        )
        experts = try check.experts(file)
        padTokenID = file.pad_token_id
        tiesEmbeddings = file.tie_word_embeddings ?? false
        architecture = file.architectures?.first
        labels = try check.labels(file)
        problemType = try check.problemType(file.problem_type, labelCount: labels.count)
    }
}

/// Turns fields into values, and wrong ones into sentences about the file.
struct FieldCheck {
    /// Above any model, and small enough that products of three sizes do not overflow.
    static let sizeMax = 1 << 20

    let path: String

    func bad(_ field: String, _ expected: String, _ got: String) -> ModelError {
        .badConfiguration(path: path, field: field, expected: expected, got: got)
    }

    func unknown(_ field: String, _ got: String, known: String) -> ModelError {
        .unsupported(path: path, field: field, got: got, known: known)
    }

    func count(_ field: String, _ value: Int) throws(ModelError) -> Int {
        guard value >= 1, value <= FieldCheck.sizeMax else {
            throw bad(field, "from 1 to \(FieldCheck.sizeMax)", "\(value)")
        }
        return value
    }

    func activation(_ name: String) throws(ModelError) -> ck_activation {
        switch name {
        case "silu", "swish": CK_SILU
        case "gelu", "gelu_python": CK_GELU
        case "gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_accurate": CK_GELU_TANH
        case "relu": CK_RELU
        case "tanh": CK_TANH
        default:
            throw unknown("hidden_act", name, known: "silu, gelu, gelu_pytorch_tanh, relu, tanh")
        }
    }

    func experts(_ file: ConfigurationFile) throws(ModelError) -> ExpertConfiguration? {
        guard file.is_moe ?? false else { return nil }
        let name = file.router_layout ?? ExpertConfiguration.Layout.transformers.rawValue
        guard let layout = ExpertConfiguration.Layout(rawValue: name) else {
            throw unknown("router_layout", name, known: "transformers, per_token")
        }
        let experts = ExpertConfiguration(
            count: try count("num_experts", file.num_experts ?? 16_384),
            perToken: try count("num_experts_per_tok", file.num_experts_per_tok ?? 64),
            layout: layout
        )
        let most = min(experts.keys * experts.keys, Int(CK_EXPERTS_MAX))
        guard experts.perToken <= most else {
            throw bad("num_experts_per_tok", "at most \(most)", "\(experts.perToken)")
        }
        return experts
    }

    /// Names by number; the numbers must run from 0 without gap.
    func labels(_ file: ConfigurationFile) throws(ModelError) -> [String] {
        guard let names = file.id2label, !names.isEmpty else {
            let count = try count("num_labels", file.num_labels ?? 2)
            return (0..<count).map { "LABEL_\($0)" }
        }
        if let twice = Dictionary(grouping: names.values, by: \.self).first(where: {
            $0.value.count > 1
        }) {
            throw bad("id2label", "a name of its own for each label", "\(twice.key) twice")
        }
        return try (0..<names.count).map { number throws(ModelError) in
            guard let name = names[String(number)] else {
                throw bad("id2label", "numbered from 0 to \(names.count - 1)", "without \(number)")
            }
            return name
        }
    }

    func problemType(_ name: String?, labelCount: Int) throws(ModelError) -> ProblemType {
        guard let name else { return labelCount == 1 ? .multiLabel : .singleLabel }
        guard let type = ProblemType(rawValue: name) else {
            let known = "single_label_classification, multi_label_classification, regression"
            throw unknown("problem_type", name, known: known)
        }
        // A softmax over one label would say 1 of everything; transformers' pipeline does so too.
        return labelCount == 1 && type == .singleLabel ? .multiLabel : type
    }
}
