import CDogeKernels
import FoundationEssentials
import Testing

@testable import Doge

@Suite("Configuration files") struct ConfigurationTests {
    private func read(_ text: String) throws -> DogeConfiguration {
        try TinyModel.configuration(text)
    }

    @Test("absent fields have DogeConfig's defaults")
    func defaults() throws {
        let c = try read("{}")
        #expect(c.vocabularySize == 32_768 && c.hiddenSize == 1_024 && c.layerCount == 32)
        #expect(c.queryHeads == 8 && c.keyHeads == 8 && c.headDimension == 128)
        #expect(c.keepWindow == 2_048 && c.slidingWindow == nil && c.experts == nil)
        #expect(c.labels == ["LABEL_0", "LABEL_1"] && c.problemType == .singleLabel)
        #expect(c.padTokenID == nil && c.rotary.theta == 10_000 && c.epsilon == 1e-6)
        #expect(c.intermediateSize == 2_048 && c.maxPositionEmbeddings == 2_048)
    }

    @Test("labels are ordered by number; one label without a type means a sigmoid")
    func labels() throws {
        let names = (0..<12).reversed().map { "\"\($0)\":\"n\($0)\"" }.joined(separator: ",")
        #expect(try read("{\"id2label\":{\(names)}}").labels == (0..<12).map { "n\($0)" })
        #expect(try read(#"{"id2label":{"0":"a"}}"#).problemType == .multiLabel)
        #expect(try read(#"{"problem_type":"regression"}"#).problemType == .regression)
        let single = #"{"id2label":{"0":"a"},"problem_type":"single_label_classification"}"#
        #expect(try read(single).problemType == .multiLabel, "softmax of one label says nothing")
    }

    @Test("the fields of heads and of generation are shown to others")
    func shown() throws {
        let c = try read("{}")
        #expect(!c.tiesEmbeddings && c.architecture == nil)
        #expect(c.beginTokenID == nil && c.endTokenIDs.isEmpty)
        let full = try read(
            #"{"tie_word_embeddings":true,"architectures":["DogeForCausalLM"],"bos_token_id":0,"#
                + #""eos_token_id":1,"pad_token_id":-1}"#
        )
        #expect(full.tiesEmbeddings && full.architecture == "DogeForCausalLM")
        #expect(full.beginTokenID == 0 && full.endTokenIDs == [1] && full.padTokenID == -1)
        #expect(try read(#"{"eos_token_id":[3,1]}"#).endTokenIDs == [3, 1])
        let null = try read(#"{"eos_token_id":null,"bos_token_id":null,"architectures":null}"#)
        #expect(null.endTokenIDs.isEmpty && null.architecture == nil)
    }

    @Test("null is taken where transformers takes it")
    func null() throws {
        let c = try read(
            #"{"num_key_value_heads":null,"sliding_window":null,"pad_token_id":null,"#
                + #""rope_scaling":null,"rope_parameters":null,"problem_type":null,"#
                + #""id2label":null,"layer_types":null,"quantization_config":null}"#
        )
        #expect(c.keyHeads == 8 && c.slidingWindow == nil && c.padTokenID == nil)
        #expect(c.labels.count == 2 && c.problemType == .singleLabel)
    }

    @Test("experts need no square, and only whole squares of them are reached")
    func experts() throws {
        let c = try read(#"{"is_moe":true,"num_experts":10,"num_experts_per_tok":9}"#)
        #expect(c.experts?.keys == 3 && c.experts?.count == 10 && c.experts?.perToken == 9)
    }

    /// Fields of the authors, of training and of older libraries that change no result here.
    static let harmless: [String] = [
        #""_name_or_path":"./results/Doge-20M","auto_map":{"AutoConfig":"c.DogeConfig"}"#,
        #""torch_dtype":"float32","dtype":"bfloat16","transformers_version":"4.49.0.dev0""#,
        #""hidden_bias":false,"hidden_dropout":0.0,"dynamic_mask_ratio":0.0,"is_moe":false"#,
        #""num_cdmoe_experts":16348,"num_cdmoe_heads":4,"num_cdmoe_experts_per_head":8"#,
        #""expert_retrieval_size":64,"initializer_range":0.02,"use_cache":false"#,
        #""attention_dropout":0.1,"output_router_logits":true,"router_aux_loss_coef":0.001"#,
        #""is_moe":true,"num_experts":64,"num_experts_per_tok":2,"expert_retrieval_size":64"#,
        #""norm_topk_prob":true,"label2id":{"a":0},"tokenizer_class":"T","return_dict":false"#,
        #""is_encoder_decoder":false,"pruned_heads":{},"task_specific_params":null"#,
        #""max_length":20,"do_sample":true,"temperature":0.7,"bad_words_ids":[[1]]"#,
        #""layer_types":["full_attention","full_attention"],"num_hidden_layers":2"#,
        #""layer_types":["sliding_attention"],"num_hidden_layers":1,"sliding_window":3"#,
    ]

    @Test("fields that change no result are passed over", arguments: harmless)
    func passedOver(fields: String) throws { _ = try read("{\(fields)}") }

    @Test("the layers of the first Doge models are refused as such")
    func older() throws {
        for (fields, word) in [
            (#""is_moe":true,"num_cdmoe_experts":1024,"num_cdmoe_heads":4"#, "num_cdmoe_experts"),
            (#""is_moe":true,"num_cdmmoe_heads":4"#, "num_cdmmoe_heads"),
            (#""is_moe":true,"expert_retrieval_size":64"#, "expert_retrieval_size"),
            (#""dynamic_mask_ratio":0.5"#, "dynamic_mask_ratio"),
            (#""dynamic_mask_ratio":0.0,"hidden_bias":true"#, "hidden_bias"),
            (#""private_expert_retrieval_size":64"#, "private_expert_retrieval_size"),
        ] {
            let error = #expect(throws: ModelError.self) { try read("{\(fields)}") }
            let text = error?.description ?? ""
            #expect(text.contains("an older Doge architecture") && text.contains(word), "\(text)")
        }
    }

    /// A field that is wrong, and a word of the sentence that must come.
    static let wrong: [(String, String)] = [
        (#""hidden_size":0"#, "hidden_size"), (#""hidden_size":-4"#, "hidden_size"),
        (#""hidden_size":"big""#, "hidden_size"), (#""vocab_size":99999999999"#, "vocab_size"),
        (#""num_attention_heads":3,"num_key_value_heads":2"#, "num_key_value_heads"),
        (#""head_dim":7"#, "head_dim"), (#""keep_window_size":0"#, "keep_window_size"),
        (#""num_attention_heads":1048576,"head_dim":1048576"#, "head_dim"),
        (#""sliding_window":0"#, "sliding_window"), (#""hidden_act":"xielo""#, "xielo"),
        (#""model_type":"llama""#, "llama"), (#""rms_norm_eps":-1"#, "rms_norm_eps"),
        (#""is_moe":true,"num_experts":9,"num_experts_per_tok":10"#, "num_experts_per_tok"),
        (#""is_moe":true,"router_layout":"odd""#, "router_layout"),
        (#""problem_type":"guess""#, "problem_type"), (#""id2label":{"1":"a"}"#, "id2label"),
        (#""id2label":["a"]"#, "id2label"), (#""pad_token_id":"x""#, "pad_token_id"),
        (#""id2label":{"0":1}"#, "id2label.0"), (#""id2label":{"0":"a","1":"a"}"#, "a twice"),
        (#""pad_token_id":32768"#, "below 32768"), (#""bos_token_id":[1]"#, "bos_token_id"),
        (#""eos_token_id":[1,"a"]"#, "eos_token_id"), (#""eos_token_id":4294967296"#, "eos"),
        (#""vocab_size":20.0"#, "vocab_size"), (#""hidden_size":1e3"#, "1000.0"),
        (#""vocab_size":null"#, "null"), (#""head_dim":null"#, "head_dim"),
        (#""is_moe":1"#, "is_moe"), (#""is_moe":null"#, "is_moe"),
        (#""attention_bias":null"#, "attention_bias"), (#""hidden_act":null"#, "hidden_act"),
        (#""tie_word_embeddings":"yes""#, "tie_word_embeddings"), (#""odd":1"#, "field odd"),
        (#""rope_thata":5000"#, "field rope_thata"), (#""architectures":[1]"#, "architectures"),
        (#""layer_types":["sliding_attention"],"num_hidden_layers":1"#, "layer_types"),
        (#""layer_types":["full_attention"],"num_hidden_layers":2"#, "layer_types"),
        (#""layer_types":["full_attention"],"num_hidden_layers":1,"sliding_window":9"#, "layer"),
        (#""quantization_config":{"quant_method":"gptq"}"#, "quantization_config"),
        (#""pruned_heads":{"0":[1]}"#, "pruned_heads"), (#""prefix":"<s>""#, "prefix"),
        (#""is_encoder_decoder":true"#, "is_encoder_decoder"),
        (#""per_layer_config":{"0":{"sliding_window":4}}"#, "per_layer_config"),
    ]

    @Test("a wrong field is named", arguments: wrong)
    func refusals(field: String, word: String) throws {
        let error = #expect(throws: ModelError.self) { try read("{\(field)}") }
        #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
    }

    /// Texts that are no JSON object, most of which a loose reader would take.
    static let damaged = [
        "", "[]", "{", "nonsense", "\u{0}", "{}x", "{}{}", #"{"a":1,}"#, #"{"a":01}"#, #"{"a":1.}"#,
        #"{"a":.5}"#, #"{"a":+1}"#, #"{"a":NaN}"#, #"{"a":Infinity}"#, #"{"a":1e}"#, #"{"a":0x1}"#,
        #"{"a":tru}"#, #"{"a":}"#, #"{"a":[1,]}"#, #"{"a":"\ud800"}"#, #"{"a":1,"a":1}"#, "{'a':1}",
        #"{"a":"# + String(repeating: "[", count: 99_999), "7", "null", #"{"a":-}"#,
    ]

    @Test("what is no object is refused", arguments: damaged)
    func noObject(text: String) throws {
        let error = #expect(throws: ModelError.self) { try read(text) }
        #expect(error?.description.contains("it is no JSON object") == true)
    }

    @Test("numbers, words and nested values are read as JSON has them")
    func values() throws {
        try TinyModel.withFolder { folder in
            let path = folder.appendingPathComponent("a.json").path
            let text = #" {"a" : [ 1 , -2, 3.0,1E2, -0.5e-1, true,false ,null,"x\n", {"b":[]} ] } "#
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            let expected: [JSONValue] = [
                .whole(1), .whole(-2), .number(3), .number(100), .number(-0.05), .flag(true),
                .flag(false), .null, .text("x\n"), .object(["b": .list([])]),
            ]
            #expect(try FieldCheck(path: path).values == ["a": .list(expected)])
        }
    }
}
