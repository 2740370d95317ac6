import CDogeKernels
import FoundationEssentials
import Testing

@testable import Doge

@Suite("Configuration files") struct ConfigurationTests {
    private func read(_ text: String) throws -> DogeConfiguration {
        try TinyModel.withFolder { folder in
            try Data(text.utf8).write(to: folder.appendingPathComponent("config.json"))
            return try DogeConfiguration(directory: folder.path)
        }
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

    @Test("both spellings of the rotary fields are read")
    func rotarySpellings() throws {
        let older = try read(
            #"{"rope_theta":40000,"rope_scaling":{"type":"linear","factor":2},"head_dim":8}"#
        ).rotary
        let newer = try read(
            #"{"rope_parameters":{"rope_type":"linear","factor":2,"rope_theta":40000},"#
                + #""head_dim":8}"#
        ).rotary
        #expect(older.frequencies(.base) == newer.frequencies(.base))
        #expect(older.frequencies(.base)[0] == 0.5)
        #expect(abs(older.frequencies(.base)[2] - 0.5 / 200) < 1e-12)
    }

    @Test("dynamic angles change with sequences longer than the trained positions only")
    func dynamic() throws {
        let rotary = try read(
            #"{"rope_scaling":{"rope_type":"dynamic","factor":4},"head_dim":8,"#
                + #""max_position_embeddings":100}"#
        ).rotary
        #expect(rotary.regime(length: 100) == .base && rotary.regime(length: 101) != .base)
        #expect(rotary.frequencies(rotary.regime(length: 100))[1] == 0.1)
        // base = 10000 (4 * 200 / 100 - 3) ^ (8 / 6); second frequency = base ^ -1/4
        #expect(
            abs(rotary.frequencies(rotary.regime(length: 200))[1] - 0.1 * 0.584803547642573) < 1e-9
        )
    }

    @Test("llama3 leaves high frequencies, divides low ones, and passes between")
    func llama3() throws {
        let rotary = try read(
            #"{"rope_parameters":{"rope_type":"llama3","factor":8,"low_freq_factor":1,"#
                + #""high_freq_factor":4,"original_max_position_embeddings":100},"head_dim":8}"#
        ).rotary
        let got = rotary.frequencies(.base)
        let smooth = (100 / (2 * Double.pi / 0.1) - 1) / 3
        #expect(got[0] == 1 && got[2] == 0.01 / 8 && got[3] == 0.001 / 8)
        #expect(abs(got[1] - ((1 - smooth) * 0.1 / 8 + smooth * 0.1)) < 1e-12)
    }

    /// A field that is wrong, and a word of the sentence that must come.
    static let wrong: [(String, String)] = [
        (#""hidden_size":0"#, "hidden_size"), (#""hidden_size":-4"#, "hidden_size"),
        (#""hidden_size":"big""#, "hidden_size"), (#""vocab_size":99999999999"#, "vocab_size"),
        (#""num_attention_heads":3,"num_key_value_heads":2"#, "num_key_value_heads"),
        (#""head_dim":7"#, "head_dim"), (#""keep_window_size":0"#, "keep_window_size"),
        (#""sliding_window":0"#, "sliding_window"), (#""hidden_act":"xielu""#, "xielu"),
        (#""model_type":"llama""#, "llama"), (#""rms_norm_eps":-1"#, "rms_norm_eps"),
        (#""rope_scaling":{"rope_type":"yarn","factor":2}"#, "yarn"),
        (#""rope_scaling":{"rope_type":"dynamic"}"#, "factor"),
        (#""rope_scaling":{"rope_type":"linear","factor":0}"#, "factor"),
        (#""rope_parameters":{"rope_theta":0}"#, "rope_theta"),
        (#""rope_scaling":{"type":"linear","factor":2,"partial_rotary_factor":0.5}"#, "partial"),
        (#""is_moe":true,"num_experts":9,"num_experts_per_tok":10"#, "num_experts_per_tok"),
        (#""is_moe":true,"router_layout":"odd""#, "router_layout"),
        (#""problem_type":"guess""#, "problem_type"), (#""id2label":{"1":"a"}"#, "id2label"),
        (#""id2label":["a"]"#, "id2label"), (#""pad_token_id":"x""#, "pad_token_id"),
    ]

    @Test("a wrong field is named", arguments: wrong)
    func refusals(field: String, word: String) throws {
        let error = #expect(throws: ModelError.self) { try read("{\(field)}") }
        #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
    }

    @Test("what is no object is refused", arguments: ["", "[]", "{", "nonsense", "\u{0}"])
    func noObject(text: String) throws {
        #expect(throws: ModelError.self) { try read(text) }
    }
}
