import Doge

/// The files of a model that are read before its weights.
extension FuzzTarget {
    /// What the weights file of the smallest model has.
    private static let smallest = """
        {"vocab_size":8,"hidden_size":4,"intermediate_size":4,"num_hidden_layers":1,\
        "num_attention_heads":1,"num_key_value_heads":1,"max_position_embeddings":8}
        """

    private static let json = [
        "{", "}", "[", "]", ",", ":", "\"", "null", "true", "false", "0", "-1", "1e400", "1e-400",
        "0.5", "9223372036854775807", "18446744073709551616", "\\u0000", "\\ud83d\\ude00",
        "\\ud800", "{}", "[]", "\"\"",
    ]

    /// A header of a weights file: byte 0 even for a whole file, odd for the header's JSON alone,
    /// with the size of the data in bytes 1 to 7.
    static let safetensors = FuzzTarget(
        "safetensors",
        byteCountMax: 8192,
        dictionary: json + [
            "__metadata__", "dtype", "shape", "data_offsets", "F32", "BF16", "F8_E4M3", "U8",
            "BOOL", "F64", "[0,4]", "[0,0]", "model.embed_tokens.weight", "lm_head.weight",
            "model.layers.0.input_layernorm.weight", "model.layers.0.self_attn.q_proj.weight",
            "model.layers.0.mlp.down_embed.weight", "model.layers.0.mlp.router_gate.weight",
            "score.weight", "4611686018427387904",
        ]
    ) { input in
        let folder = Scratch.folder("safetensors")
        Scratch.write("\(folder)/config.json", smallest)
        var reader = InputReader(input)
        if reader.byte() & 1 == 0 {
            Scratch.write("\(folder)/model.safetensors", UnsafeRawBufferPointer(reader.rest))
        } else {
            // Files with a hole in place of numbers, up to 64 MiB.
            let data = Int(reader.integer(bytes: 7) % (64 << 20))
            let header = UnsafeRawBufferPointer(reader.rest)
            withUnsafeBytes(of: UInt64(header.count).littleEndian) { length in
                Scratch.write(
                    "\(folder)/model.safetensors",
                    length,
                    header,
                    byteCount: 8 + header.count + data
                )
            }
        }
        return summary(folder)
    }

    /// A config.json, beside weights that hold the tensors of a small model.
    static let config = FuzzTarget(
        "config",
        dictionary: json + [
            "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "head_dim",
            "num_key_value_heads", "rope_scaling", "rope_parameters", "rope_type", "yarn",
            "llama3", "longrope", "dynamic", "linear", "factor", "short_factor", "long_factor",
            "original_max_position_embeddings", "rope_theta", "keep_window_size",
            "sliding_window", "layer_types", "is_moe", "num_experts", "num_experts_per_tok",
            "hidden_act", "silu", "xielu", "id2label", "label2id", "num_labels", "problem_type",
            "pad_token_id", "eos_token_id", "partial_rotary_factor", "tie_word_embeddings",
            "max_position_embeddings", "1048576", "1048577", "attention_factor", "beta_fast",
        ]
    ) { input in
        let folder = Scratch.folder("config")
        Scratch.write("\(folder)/config.json", UnsafeRawBufferPointer(input))
        var header = #"{"model.embed_tokens.weight":{"dtype":"F32","shape":[8,4],"#
        header += #""data_offsets":[0,128]},"score.weight":{"dtype":"F32","shape":[2,4],"#
        header += #""data_offsets":[128,160]}"#
        for layer in 0..<4 {
            header += #","model.layers.\#(layer).input_layernorm.weight":"#
            header += #"{"dtype":"F32","shape":[0],"data_offsets":[160,160]}"#
        }
        header += "}"
        let length = UInt64(header.utf8.count).littleEndian
        withUnsafeBytes(of: length) { length in
            Array(header.utf8).withUnsafeBytes { header in
                let path = "\(folder)/model.safetensors"
                Scratch.write(path, length, header, byteCount: 8 + header.count + 160)
            }
        }
        return summary(folder)
    }

    private static func summary(_ folder: String) -> FuzzOutcome {
        do throws(ModelError) {
            let summary = try ModelSummary(directory: folder)
            let counts = [summary.parameters, summary.activeParameters, summary.fileBytes]
            let isCounted = counts.allSatisfy { $0 >= 0 }
            return isCounted ? .taken : .wrong("a count is below 0: \(counts)")
        } catch {
            return .refused(error.description)
        }
    }

    /// A generation_config.json.
    static let generation = FuzzTarget(
        "generation",
        dictionary: json + [
            "do_sample", "temperature", "top_k", "top_p", "min_p", "repetition_penalty",
            "max_new_tokens", "max_length", "eos_token_id", "stop_strings", "num_beams",
            "transformers_version",
        ]
    ) { input in
        let folder = Scratch.folder("generation")
        Scratch.write("\(folder)/generation_config.json", UnsafeRawBufferPointer(input))
        do throws(ModelError) {
            _ = try GenerationDefaults(directory: folder)
            return .taken
        } catch {
            return .refused(error.description)
        }
    }
}
