import FoundationEssentials

/// The fields of config.json that change a result, as they stand there.
struct ConfigurationFile: Decodable {
    struct RopeFields: Decodable {
        var rope_type: String?
        var type: String?
        var rope_theta: Double?
        var factor: Double?
        var low_freq_factor: Double?
        var high_freq_factor: Double?
        var original_max_position_embeddings: Double?
        var partial_rotary_factor: Double?
    }

    var model_type: String?
    var architectures: [String]?
    var tie_word_embeddings: Bool?
    var vocab_size: Int?
    var hidden_size: Int?
    var intermediate_size: Int?
    var num_hidden_layers: Int?
    var num_attention_heads: Int?
    var num_key_value_heads: Int?
    var head_dim: Int?
    var hidden_act: String?
    var rms_norm_eps: Double?
    var max_position_embeddings: Int?
    var attention_bias: Bool?
    var mlp_bias: Bool?
    var sliding_window: Int?
    var keep_window_size: Int?
    var is_moe: Bool?
    var num_experts: Int?
    var num_experts_per_tok: Int?
    var router_layout: String?
    var pad_token_id: Int32?
    var problem_type: String?
    var id2label: [String: String]?
    var num_labels: Int?
    var rope_theta: Double?
    var rope_scaling: RopeFields?
    var rope_parameters: RopeFields?
    var original_max_position_embeddings: Double?
    var partial_rotary_factor: Double?

    static func read(path: String) throws(ModelError) -> ConfigurationFile {
        let file = try MappedFile(path: path)
        do {
            return try JSONDecoder().decode(ConfigurationFile.self, from: Data(file.bytes))
        } catch DecodingError.typeMismatch(let type, let context) {
            throw .badConfiguration(
                path: path,
                field: field(context.codingPath),
                expected: "a \(type)",
                got: "of another type"
            )
        } catch DecodingError.valueNotFound(let type, let context) {
            throw .badConfiguration(
                path: path,
                field: field(context.codingPath),
                expected: "a \(type)",
                got: "null"
            )
        } catch DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty {
            throw .badConfiguration(
                path: path,
                field: field(context.codingPath),
                expected: "a number in range",
                got: "another"
            )
        } catch {
            throw .unreadable(path: path, reason: "it is no JSON object")
        }
    }

    private static func field(_ path: [any CodingKey]) -> String {
        path.isEmpty ? "the whole" : path.map(\.stringValue).joined(separator: ".")
    }
}
