import FoundationEssentials
import Testing

@testable import Doge

@Suite("Defaults of generation") struct GenerationDefaultsTests {
    private func read(_ text: String?) throws -> GenerationDefaults {
        try TinyModel.withFolder { folder in
            let file = folder.appendingPathComponent("generation_config.json")
            if let text { try Data(text.utf8).write(to: file) }
            return try GenerationDefaults(directory: folder.path)
        }
    }

    @Test("without a file, or with nothing but bookkeeping, nothing is said")
    func nothing() throws {
        for text in [
            nil, "{}",
            #"{"_from_model_config":true,"bos_token_id":0,"pad_token_id":2,"use_cache":false,"#
                + #""transformers_version":"4.46.1","num_beams":1,"no_repeat_ngram_size":0,"#
                + #""typical_p":1.0,"guidance_scale":null,"suppress_tokens":[],"min_length":0,"#
                + #""forced_eos_token_id":null,"length_penalty":2.0,"do_sample":null,"#
                + #""cache_implementation":"static","eos_token_id":null,"stop_strings":null}"#,
        ] {
            #expect(try read(text) == GenerationDefaults())
        }
    }

    @Test("every default is read")
    func all() throws {
        let defaults = try read(
            #"{"do_sample":true,"temperature":0.8,"top_k":0,"top_p":1,"min_p":0.05,"#
                + #""repetition_penalty":1.1,"max_new_tokens":7,"max_length":2048,"#
                + #""eos_token_id":[1,3],"stop_strings":["a","b"]}"#
        )
        #expect(defaults.doSample == true && defaults.temperature == 0.8 && defaults.topK == 0)
        #expect(defaults.topP == 1 && defaults.minP == 0.05 && defaults.repetitionPenalty == 1.1)
        #expect(defaults.maxNewTokens == 7 && defaults.maxLength == 2_048)
        #expect(defaults.endTokenIDs == [1, 3] && defaults.stopStrings == ["a", "b"])
        let single = try read(#"{"eos_token_id":1,"stop_strings":"a"}"#)
        #expect(single.endTokenIDs == [1] && single.stopStrings == ["a"])
    }

    @Test("a temperature of 0 says nothing of greedy choice")
    func greedy() throws {
        #expect(try read(#"{"temperature":0.0}"#) == GenerationDefaults())
        #expect(try read(#"{"do_sample":false,"temperature":0}"#).temperature == nil)
        #expect(try read(#"{"do_sample":false,"temperature":0.5}"#).temperature == 0.5)
    }

    /// A field that is refused, and a word of the sentence that must come.
    static let wrong: [(String, String)] = [
        (#""do_sample":1"#, "do_sample"), (#""do_sample":true,"temperature":0"#, "temperature"),
        (#""temperature":-0.5"#, "temperature"), (#""temperature":"hot""#, "hot"),
        (#""top_k":-1"#, "top_k"), (#""top_k":5.0"#, "top_k"), (#""top_p":1.5"#, "top_p"),
        (#""top_p":-0.1"#, "top_p"), (#""min_p":2"#, "min_p"),
        (#""repetition_penalty":0"#, "repetition_penalty"),
        (#""max_new_tokens":0"#, "max_new_tokens"), (#""max_length":-3"#, "max_length"),
        (#""eos_token_id":["x"]"#, "eos_token_id"), (#""stop_strings":[1]"#, "stop_strings"),
        (#""stop_strings":["a",""]"#, "an empty string"), (#""num_beams":4"#, "num_beams"),
        (#""no_repeat_ngram_size":3"#, "no_repeat_ngram_size"),
        (#""typical_p":0.9"#, "typical_p"), (#""penalty_alpha":0.6"#, "penalty_alpha"),
        (#""bad_words_ids":[[1,2]]"#, "bad_words_ids"), (#""guidance_scale":1.5"#, "guidance"),
        (#""forced_bos_token_id":0"#, "forced_bos_token_id"),
        (#""forced_decoder_ids":[[1,2]]"#, "forced_decoder_ids"),
        (#""suppress_tokens":[5]"#, "suppress_tokens"), (#""min_new_tokens":5"#, "min_new"),
        (#""num_return_sequences":2"#, "num_return_sequences"), (#""max_time":3.0"#, "max_time"),
        (#""cache_implementation":"quantized""#, "quantized"), (#""top_h":0.4"#, "top_h"),
        (#""watermarking_config":{"bias":2.0}"#, "watermarking_config"),
        (#""sequence_bias":[[[1],-2.0]]"#, "sequence_bias"), (#""odd":1"#, "field odd"),
    ]

    @Test("what is out of range, unknown, or not done here is refused by name", arguments: wrong)
    func refusals(field: String, word: String) throws {
        let error = #expect(throws: ModelError.self) { try read("{\(field)}") }
        let text = error?.description ?? ""
        #expect(text.contains(word) && text.contains("generation_config.json"), "\(text)")
    }

    @Test("a file that is no object is refused", arguments: ["", "[]", "{", "null"])
    func noObject(text: String) throws {
        #expect(throws: ModelError.self) { try read(text) }
    }
}
