import CDogeKernels
import Testing

@testable import Doge

@Suite("Heads and names of checkpoints") struct HeadTests {
    private func logits(_ model: TinyModel) throws -> [[Float]] {
        try model.withFolder { directory in
            try Engine(model: DogeModel(directory: directory), threads: 1)
                .logits(of: [[1], [3, 4, 5, 19, 0]])
        }
    }

    private func refusal(_ model: TinyModel) throws -> String {
        try model.withFolder { directory in
            let error = #expect(throws: ModelError.self) { try DogeModel(directory: directory) }
            return error?.description ?? ""
        }
    }

    /// The names of early files, by the ends of today's.
    static let olderNames = [
        "embed_tokens.weight": "model.word_embed.weight",
        "model.norm.weight": "model.final_layernorm.weight",
        "0.input_layernorm.weight": "model.layers.0.pre_layernorm.weight",
        "input_residual": "model.layers.0.pre_residual.weight",
        "post_attention_layernorm.weight": "model.layers.0.post_layernorm.weight",
        "post_attention_residual": "model.layers.0.post_residual",
        "gate_proj.weight": "model.layers.0.feed_forward.gate_proj.weight",
        "up_proj.weight": "model.layers.0.feed_forward.up_proj.weight",
        "down_proj.weight": "model.layers.0.feed_forward.down_proj.weight",
        "router_gate.weight": "model.layers.0.feed_forward.router_gate.weight",
        "down_embed.weight": "model.layers.0.feed_forward.down_embed.weight",
        "up_embed.weight": "model.layers.0.feed_forward.up_embed.weight",
    ]

    private func older() -> TinyModel {
        var model = TinyModel()
        for (suffix, name) in Self.olderNames { model[suffix].name = name }
        return model
    }

    @Test("a file with the names of early models gives the same bits, with a prefix or without")
    func names() throws {
        let expected = try logits(TinyModel())
        #expect(try logits(older()) == expected)
        var bare = older()
        for index in bare.tensors.indices where bare.tensors[index].name.hasPrefix("model.") {
            bare.tensors[index].name.removeFirst(6)
        }
        #expect(try logits(bare) == expected)
        var single = TinyModel()
        single["input_residual"].name += ".weight"
        #expect(try logits(single) == expected)
    }

    @Test("early layers are refused with the first tensor missing")
    func olderLayers() throws {
        for (suffix, missing) in [
            ("q_norm.weight", "self_attn.q_norm.weight"),
            ("feed_forward.router_gate.weight", "mlp.router_gate.weight"),
        ] {
            var model = older()
            model.tensors.removeAll { $0.name.hasSuffix(suffix) }
            let text = try refusal(model)
            #expect(text.contains("an older Doge architecture") && text.contains(missing))
        }
        var experts = TinyModel()
        experts["router_gate.weight"].name = "model.layers.0.mlp.queries_proj.weight"
        let text = try refusal(experts)
        #expect(text.contains("an older Doge architecture") && text.contains("router_gate"))
    }

    @Test("a tensor that has both of its names is refused")
    func twice() throws {
        var model = TinyModel()
        var other = model["input_residual"]
        other.name += ".weight"
        model.tensors.append(other)
        #expect(try refusal(model).contains("name the same tensor"))
    }

    @Test("a fault is reported under the name in the file")
    func faults() throws {
        var model = older()
        model["word_embed.weight"].values[0] = .nan
        #expect(try refusal(model).contains("tensor model.word_embed.weight is"))
    }

    /// The head of a model of (20, 8), and whether it has one to score tokens by.
    private func languageHead(_ model: TinyModel) throws -> (PackedMatrix, hasHead: Bool) {
        try model.withFolder { directory in
            let checkpoint = try Checkpoint(directory: directory)
            let configuration = try DogeConfiguration(directory: directory)
            let loader = try LayerLoader(
                checkpoint: checkpoint,
                configuration: configuration,
                dataType: .f32
            )
            let head = try loader.languageHead()
            return (head, configuration.hasLanguageHead(checkpoint))
        }
    }

    @Test("the language head is the file's own, or the embedding where tied")
    func language() throws {
        var model = TinyModel()
        let tied = model.configuration + ", \"tie_word_embeddings\": true"
        func missing() throws {
            let error = #expect(throws: ModelError.self) { try languageHead(model) }
            #expect(error?.description.contains("lm_head.weight") == true)
        }
        try missing()
        model.configuration = tied
        #expect(try !languageHead(model).hasHead, "a classifier's file may be tied too")
        model.configuration = tied.replacing(
            "DogeForSequenceClassification",
            with: "DogeForCausalLM"
        )
        let (head, hasHead) = try languageHead(model)
        #expect(hasHead && head.outputs == 20 && head.matrix.pointee.steps == 8)
        let embedding = model["embed_tokens.weight"]
        model["embed_tokens.weight"].name = "lm_head.weight"
        #expect(try languageHead(model).hasHead)
        #expect(try logits(model) == logits(TinyModel()), "the one tied tensor embeds as well")
        model.tensors.append(embedding)
        model.configuration = TinyModel().configuration
        #expect(try languageHead(model).hasHead)
        model["lm_head.weight"].shape = [8, 20]
        try missing()
        model["lm_head.weight"].shape = [20, 8]
        model["lm_head.weight"].values[7] = .infinity
        try missing()
    }
}
