import CDogeKernels

/// Finds the tensors of a checkpoint by their names and packs those that are multiplied.
final class LayerLoader: Sendable {
    private let checkpoint: Checkpoint
    private let configuration: DogeConfiguration
    private let dataType: DataType
    private let prefix: String

    init(
        checkpoint: Checkpoint,
        configuration: DogeConfiguration,
        dataType: DataType
    ) throws(ModelError) {
        self.checkpoint = checkpoint
        self.configuration = configuration
        self.dataType = dataType
        prefix = checkpoint.bodyPrefix
    }

    var headKind: HeadKind { configuration.headKind(checkpoint) }

    /// The matrix that scores the next token: (vocabulary, hidden).
    ///
    /// A head of its own wins over a tied one, as in transformers, which then does not tie.
    ///
    /// - Parameter threads: that pack it.
    func languageHead(threads: Int = 1) throws(ModelError) -> PackedMatrix {
        let shape = [configuration.vocabularySize, configuration.hiddenSize]
        let isTied = configuration.tiesEmbeddings && !checkpoint.contains("lm_head.weight")
        let weights =
            try isTied ? embedding() : checkpoint.tensor("lm_head.weight", shape: shape)
        return try PackedMatrix(
            [weights],
            biases: [],
            inputs: shape[1],
            format: dataType.format,
            threads: threads
        )
    }

    /// A tensor beside the body.
    func head(_ name: String, _ shape: [Int]) throws(ModelError) -> FloatTensor {
        try checkpoint.floats(name, shape: shape)
    }

    /// A row for each token: (vocabulary, hidden); its numbers are not checked yet.
    func embedding() throws(ModelError) -> StoredTensor {
        let shape = [configuration.vocabularySize, configuration.hiddenSize]
        let name = prefix + "embed_tokens.weight"
        // Of two tied tensors a file need hold only one, either of them.
        let isInHead =
            configuration.tiesEmbeddings && !checkpoint.contains(name)
            && checkpoint.contains("lm_head.weight")
        return try checkpoint.tensor(isInHead ? "lm_head.weight" : name, shape: shape)
    }

    /// A tensor of the body.
    func body(_ name: String, _ shape: [Int]) throws(ModelError) -> FloatTensor {
        try checkpoint.floats(prefix + name, shape: shape)
    }

    func layer(_ number: Int) throws(ModelError) -> Layer {
        let c = configuration
        let (hidden, inner) = (c.hiddenSize, c.intermediateSize)
        let attention = "layers.\(number).self_attn."
        let feed = "layers.\(number).mlp."
        func row(_ name: String, _ count: Int) throws(ModelError) -> FloatTensor {
            try padded("layers.\(number).\(name)", count)
        }
        let activation = try activation(feed + "act_fn.")
        var tables: ExpertTables?
        if let experts = c.experts {
            tables = ExpertTables(
                router: try pack(
                    [Linear(feed + "router_gate", 2 * experts.keys, hidden, bias: false)],
                    format: dataType.fineFormat
                ),
                down: try rows(feed + "down_embed.weight", [experts.count, hidden]),
                up: try rows(feed + "up_embed.weight", [experts.count, hidden]),
                activation: activation
            )
        }
        let biased = c.attentionBias
        return Layer(
            attentionNorm: try row("input_layernorm.weight", hidden),
            attentionResidual: try row("input_residual", hidden),
            query: try pack([Linear(attention + "q_proj", c.queryWidth, hidden, bias: biased)]),
            keyValue: try pack([
                Linear(attention + "k_proj", c.keyWidth, hidden, bias: biased),
                Linear(attention + "v_proj", c.keyWidth, hidden, bias: biased),
            ]),
            queryNorm: try body(attention + "q_norm.weight", [c.headDimension]),
            keyNorm: try body(attention + "k_norm.weight", [c.headDimension]),
            mask: try body(attention + "A", [c.keyHeads]),
            maskProjection: try body(attention + "dt_proj.weight", [c.keyHeads, c.keyWidth]),
            maskBias: biased ? try body(attention + "dt_proj.bias", [c.keyHeads]) : nil,
            output: try pack([Linear(attention + "o_proj", hidden, c.queryWidth, bias: biased)]),
            feedNorm: try row("post_attention_layernorm.weight", hidden),
            feedResidual: try row("post_attention_residual", hidden),
            feedIn: try pack(
                [
                    Linear(feed + "gate_proj", inner, hidden, bias: c.mlpBias),
                    Linear(feed + "up_proj", inner, hidden, bias: c.mlpBias),
                ],
                as: .gated
            ),
            activation: activation,
            feedOut: try pack([Linear(feed + "down_proj", hidden, inner, bias: c.mlpBias)]),
            experts: tables
        )
    }

    /// The function of a layer, with the numbers that stand under `names` in the checkpoint.
    private func activation(_ names: String) throws(ModelError) -> ck_activation {
        func number(_ name: String, _ shape: [Int]) throws(ModelError) -> Float {
            let tensor = try body(names + name, shape)
            return withExtendedLifetime(tensor) { tensor.floats.pointee }
        }
        switch configuration.activation {
        case .fixed(let kind, let slope): return ck_activation(kind, slope: slope)
        case .prelu: return ck_activation(CK_LEAKY, slope: try number("weight", [1]))
        case .xielu:
            return .xielu(
                alphaP: try number("alpha_p", [1]),
                alphaN: try number("alpha_n", [1]),
                beta: try number("beta", []),
                eps: try number("eps", [])
            )
        }
    }

    /// A linear map of the checkpoint: a weight of (outputs, inputs) and perhaps a bias.
    private struct Linear {
        let name: String
        let outputs: Int
        let inputs: Int
        let hasBias: Bool

        init(_ name: String, _ outputs: Int, _ inputs: Int, bias: Bool) {
            self.name = name
            self.outputs = outputs
            self.inputs = inputs
            hasBias = bias
        }
    }

    /// One matrix of several maps of the same inputs.
    private func pack(
        _ maps: [Linear],
        as arrangement: PackedMatrix.Arrangement = .stacked,
        format: ck_format? = nil
    ) throws(ModelError) -> PackedMatrix {
        let weights = try maps.map { map throws(ModelError) in
            try checkpoint.tensor(
                prefix + map.name + ".weight",
                shape: [map.outputs, map.inputs]
            )
        }
        var biases: [FloatTensor] = []
        for map in maps where maps.contains(where: \.hasBias) {
            let bias =
                try map.hasBias ? body(map.name + ".bias", [map.outputs]) : zeros(map.outputs)
            biases.append(bias)
        }
        return try PackedMatrix(
            weights,
            biases: biases,
            inputs: maps[0].inputs,
            as: arrangement,
            format: format ?? dataType.format
        )
    }

    /// A row of the body with zeros behind it.
    func padded(_ name: String, _ count: Int) throws(ModelError) -> FloatTensor {
        guard let row = try body(name, [count]).padded() else {
            throw .outOfMemory(what: "tensor \(name)", byteCount: 4 * count)
        }
        return row
    }

    /// A table of experts.
    private func rows(_ name: String, _ shape: [Int]) throws(ModelError) -> ExpertRows {
        try ExpertRows(
            try checkpoint.tensor(prefix + name, shape: shape),
            format: dataType.fineFormat
        )
    }

    private func zeros(_ count: Int) throws(ModelError) -> FloatTensor {
        guard let zeros = FloatTensor(count: count, number: { _ in 0 }) else {
            throw .outOfMemory(what: "a bias", byteCount: 4 * count)
        }
        return zeros
    }
}
