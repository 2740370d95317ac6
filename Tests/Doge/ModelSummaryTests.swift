import FoundationEssentials
import Testing

@testable import Doge

@Suite("What is told of a model") struct ModelSummaryTests {
    private func summary(_ name: String) throws -> ModelSummary {
        try ModelSummary(directory: Golden.checkpoint(name))
    }

    /// Counts of transformers' `num_parameters()`.
    @Test(
        "parameters are counted as transformers counts them",
        arguments: [
            ("causal-untied", 94_020), ("causal-xielu", 54_470), ("body", 54_882),
            ("causal-moe", 66_596), ("older-names", 66_596),
        ]
    )
    func parameters(name: String, count: Int) throws {
        #expect(try summary(name).parameters == count)
    }

    @Test("experts that a token does not consult are not active")
    func active() throws {
        let dense = try summary("causal")
        #expect(dense.activeParameters == dense.parameters && dense.experts == nil)
        let sparse = try summary("causal-moe")
        let experts = try #require(sparse.experts)
        #expect(experts.reachable == 64 && experts.count == 70, "a square of the keys")
        let idle = 2 * sparse.configuration.layerCount * (experts.count - experts.perToken)
        let width = sparse.configuration.hiddenSize
        #expect(sparse.activeParameters == sparse.parameters - idle * width)
        #expect(sparse.activeParameters == 58_148, "counted over transformers' tensors")
        #expect(try summary("moe").activeParameters == 144_836)
    }

    @Test("tasks follow from what stands on top of the layers")
    func tasks() throws {
        #expect(try summary("dense").tasks == [.classify, .embed])
        #expect(try summary("causal").tasks == [.generate, .score, .embed])
        #expect(try summary("causal-untied").tasks == [.generate, .score, .embed])
        #expect(try summary("body").tasks == [.embed])
    }

    @Test("memory counts the head beside embeddings that it is tied to, and whole pages")
    func memory() throws {
        let tied = try summary("causal")
        let c = tied.configuration
        let head = c.vocabularySize * c.hiddenSize
        #expect(tied.weightBytes[.f32] == 4 * (tied.parameters + head))
        let untied = try summary("causal-untied")
        #expect(untied.weightBytes[.f32] == 4 * untied.parameters)
        let window = try summary("causal-window")
        for type in DataType.allCases {
            let token = try #require(window.cacheBytesPerToken[type])
            #expect(window.cacheBytesPerText[type] == 64 * token, "one page is enough")
        }
        #expect(tied.fileBytes > 2 * tied.parameters)
    }

    @Test("bf16 halves matrices and experts, int8 quarters matrices; embeddings stay as they are")
    func types() throws {
        for name in ["causal-moe", "causal-untied", "older-names", "regression"] {
            let summary = try summary(name)
            let c = summary.configuration
            let feed = 3 * c.hiddenSize * c.intermediateSize
            let attention = 2 * c.hiddenSize * (c.queryWidth + c.keyWidth)
            let head = summary.tasks.contains(.score) ? c.vocabularySize * c.hiddenSize : 0
            let matrices = c.layerCount * (attention + feed) + head
            let experts = c.experts.map { 2 * $0.count * c.hiddenSize } ?? 0
            let router = c.experts.map { 2 * $0.keys * c.hiddenSize } ?? 0
            let fine = c.layerCount * (experts + router)
            let whole = try #require(summary.weightBytes[.f32])
            #expect(summary.weightBytes[.bf16] == whole - 2 * (matrices + fine), "\(name)")
            let widths = c.queryWidth + 2 * c.keyWidth + 2 * c.hiddenSize + 2 * c.intermediateSize
            let outputs = c.layerCount * widths + (head > 0 ? c.vocabularySize : 0)
            let narrow = whole - 3 * matrices - 2 * fine + 8 * outputs
            #expect(summary.weightBytes[.int8] == narrow, "\(name)")
        }
    }

    @Test("a token's keys and values take half the bytes in bf16 and int8, its dt the same in all")
    func cache() throws {
        for name in ["causal", "causal-moe", "causal-window"] {
            let summary = try summary(name)
            let c = summary.configuration
            let heads = c.layerCount * c.keyHeads
            let whole = heads * (2 * c.headDimension * 4 + 4)
            let narrow = heads * (2 * c.headDimension * 2 + 4)
            #expect(summary.cacheBytesPerToken == [.f32: whole, .bf16: narrow, .int8: narrow])
            for type in DataType.allCases {
                let model = try DogeModel(directory: Golden.checkpoint(name), dataType: type)
                let crew = try Crew(count: 1)
                let evaluator = try Evaluator(
                    model: model,
                    crew: crew,
                    pool: PagePool(c, type.fineFormat),
                    batchTokens: Batch.tokensUsual
                )
                let held = PagePool.pageBytes(c, evaluator.pool.format) / PagePool.slots
                #expect(summary.cacheBytesPerToken[type] == held, "as the engine holds them")
            }
        }
    }

    @Test("rotary types and activations are called as configurations call them")
    func names() throws {
        #expect(try summary("yarn").rotary == "yarn" && summary("longrope").rotary == "longrope")
        #expect(try summary("causal-dynamic").rotary == "dynamic")
        #expect(try summary("linear").rotaryNumbers["factor"] != nil)
        let yarn = ["factor", "beta_fast", "beta_slow", "original_max_position_embeddings"]
        #expect(try summary("yarn").rotaryNumbers.keys.contains("attention_factor"))
        #expect(try Set(yarn).isSubset(of: summary("yarn").rotaryNumbers.keys))
        #expect(try summary("causal").rotaryNumbers.isEmpty)
        #expect(try summary("causal").activation == "silu")
        #expect(try summary("causal-xielu").activation == "xielu")
    }

    /// A tied language model of the tiny one's layers, with these tensors of embedding and head.
    private func tied(_ change: (inout TinyModel) -> Void) throws -> ModelSummary {
        var model = TinyModel()
        model.configuration = model.configuration.replacing(
            "DogeForSequenceClassification",
            with: "DogeForCausalLM"
        )
        model.configuration += #", "tie_word_embeddings": true"#
        model.tensors.removeAll { $0.name == "score.weight" }
        change(&model)
        return try model.withFolder { try ModelSummary(directory: $0) }
    }

    @Test("tied tensors are counted once whichever of them is stored, and twice where they differ")
    func ties() throws {
        let usual = try tied { _ in }
        let table = 20 * 8
        let headAlone = try tied { $0["embed_tokens.weight"].name = "lm_head.weight" }
        let both = try tied { model in
            var head = model["embed_tokens.weight"]
            head.name = "lm_head.weight"
            model.tensors.append(head)
        }
        for other in [headAlone, both] {
            #expect(other.parameters == usual.parameters)
            #expect(other.weightBytes == usual.weightBytes)
        }
        let untied = try tied { model in
            var head = model["embed_tokens.weight"]
            head.name = "lm_head.weight"
            head.values[0] += 1
            model.tensors.append(head)
        }
        #expect(untied.parameters == usual.parameters + table)
        #expect(untied.weightBytes == usual.weightBytes, "the engine holds two in any case")
    }

    @Test("frequencies of old files are no parameters")
    func frequencies() throws {
        let usual = try tied { _ in }
        let old = try tied { model in
            let name = "model.rotary_emb.inv_freq"
            model.tensors.append(.init(name: name, shape: [2], values: [1, 0.5]))
        }
        #expect(old.parameters == usual.parameters && old.tensors == usual.tensors + 1)
    }

    @Test("a classifier without its head, or without a layer, is refused by the tensor's name")
    func missing() throws {
        for name in ["score.weight", "model.layers.0.input_layernorm.weight"] {
            var model = TinyModel()
            model.tensors.removeAll { $0.name == name }
            try model.withFolder { directory in
                let error = #expect(throws: ModelError.self) {
                    try ModelSummary(directory: directory)
                }
                #expect(error?.description.contains(name) == true)
            }
        }
    }
}
