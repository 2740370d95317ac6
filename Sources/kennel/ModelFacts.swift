import Doge
import FoundationEssentials
import Tokenization

/// All that `kennel model inspect` tells, as it stands in its JSON.
struct ModelFacts: Encodable {
    struct Experts: Encodable {
        let count: Int
        let reachable: Int
        let per_token: Int
        let layout: String
    }

    struct Tokens: Encodable {
        let kind: String
        let entries: Int
        let merges: Int
        let added: Int
        let special: Int
        let before: [String]
        let behind: [String]
    }

    struct Generation: Encodable {
        let do_sample: Bool?
        let temperature: Double?
        let top_k: Int?
        let top_p: Double?
        let min_p: Double?
        let repetition_penalty: Double?
        let max_new_tokens: Int?
        let max_length: Int?
        let end_tokens: [Int32]
        let stop: [String]?
    }

    let directory: String
    let architecture: String?
    let tasks: [String]
    let layers: Int
    let hidden_size: Int
    let intermediate_size: Int
    let query_heads: Int
    let key_heads: Int
    let head_dimension: Int
    let vocabulary: Int
    let positions: Int
    let keep_window: Int
    let sliding_window: Int?
    let rotary: String
    let rope_theta: Double
    let rotary_numbers: [String: Double]
    let activation: String
    let experts: Experts?
    let parameters: Int
    let active_parameters: Int
    let tensors: Int
    let stored_types: [String: Int]
    let file_bytes: Int
    let tokenizer: Tokens?
    let tokenizer_problem: String?
    let chat_template: String?
    let labels: [String]?
    let problem_type: String?
    let generation: Generation?
    let generation_problem: String?
    let digest: String?
    /// In f32.
    let weight_bytes: Int
    let weight_bytes_by_dtype: [String: Int]
    /// In f32.
    let cache_bytes_per_token: Int
    let cache_bytes_per_token_by_dtype: [String: Int]
    /// In f32.
    let cache_bytes_per_text: Int
    let cache_bytes_per_text_by_dtype: [String: Int]

    /// - Parameter known: digests of files that have not changed.
    init(directory: String, known: DigestCache?) throws(ModelError) {
        let summary = try ModelSummary(directory: directory)
        let c = summary.configuration
        self.directory = directory
        architecture = c.architecture
        let weighs = summary.tasks.contains(.score) ? ["classify --choices"] : []
        tasks = summary.tasks.map(\.rawValue) + weighs
        (layers, hidden_size) = (c.layerCount, c.hiddenSize)
        intermediate_size = c.intermediateSize
        (query_heads, key_heads) = (c.queryHeads, c.keyHeads)
        head_dimension = c.headDimension
        (vocabulary, positions) = (c.vocabularySize, c.maxPositionEmbeddings)
        (keep_window, sliding_window) = (c.keepWindow, c.slidingWindow)
        (rotary, activation) = (summary.rotary, summary.activation)
        (rope_theta, rotary_numbers) = (summary.rotaryTheta, summary.rotaryNumbers)
        experts = summary.experts.map {
            Experts(
                count: $0.count,
                reachable: $0.reachable,
                per_token: $0.perToken,
                layout: $0.layout
            )
        }
        (parameters, active_parameters) = (summary.parameters, summary.activeParameters)
        (tensors, stored_types) = (summary.tensors, summary.storedTypes)
        file_bytes = summary.fileBytes
        (tokenizer, tokenizer_problem) = Self.tokens(directory)
        chat_template = Self.chatTemplate(directory)
        let isClassifier = summary.tasks.contains(.classify)
        labels = isClassifier ? c.labels : nil
        problem_type = isClassifier ? c.problemType.rawValue : nil
        (generation, generation_problem) =
            summary.tasks.contains(.generate) ? Self.generation(directory, c) : (nil, nil)
        let hasTokenizer = FileManager.default.fileExists(atPath: "\(directory)/tokenizer.json")
        digest =
            hasTokenizer ? try ModelDigest.compute(directory: directory, cache: known).text : nil
        (weight_bytes, weight_bytes_by_dtype) = Self.byType(summary.weightBytes)
        (cache_bytes_per_token, cache_bytes_per_token_by_dtype) =
            Self.byType(summary.cacheBytesPerToken)
        (cache_bytes_per_text, cache_bytes_per_text_by_dtype) =
            Self.byType(summary.cacheBytesPerText)
    }

    /// Bytes in f32, and in each type by its name.
    private static func byType(_ bytes: [DataType: Int]) -> (Int, [String: Int]) {
        let named = bytes.map { ($0.key.rawValue, $0.value) }
        return (bytes[.f32] ?? 0, Dictionary(uniqueKeysWithValues: named))
    }

    /// What the tokenizer is, or why there is none.
    private static func tokens(_ directory: String) -> (Tokens?, String?) {
        do throws(TokenizerError) {
            let summary = try Tokenizer(directory: directory).summary
            let tokens = Tokens(
                kind: summary.kind,
                entries: summary.entries,
                merges: summary.merges,
                added: summary.addedTokens,
                special: summary.specialTokens,
                before: summary.tokensBefore,
                behind: summary.tokensBehind
            )
            return (tokens, nil)
        } catch {
            return (nil, error.description)
        }
    }

    /// How texts are made where a job does not say, or why that cannot be done.
    private static func generation(
        _ directory: String,
        _ c: DogeConfiguration
    ) -> (Generation?, String?) {
        let defaults: GenerationDefaults
        do throws(ModelError) {
            defaults = try GenerationDefaults(directory: directory)
        } catch {
            return (nil, error.description)
        }
        let generation = Generation(
            do_sample: defaults.doSample,
            temperature: defaults.temperature,
            top_k: defaults.topK,
            top_p: defaults.topP,
            min_p: defaults.minP,
            repetition_penalty: defaults.repetitionPenalty,
            max_new_tokens: defaults.maxNewTokens,
            max_length: defaults.maxLength,
            end_tokens: defaults.endTokenIDs ?? c.endTokenIDs,
            stop: defaults.stopStrings
        )
        return (generation, nil)
    }

    /// The file that holds a chat template, if one does.
    private static func chatTemplate(_ directory: String) -> String? {
        struct File: Decodable {
            private enum CodingKeys: String, CodingKey { case chat_template }
            let hasTemplate: Bool

            init(from decoder: any Decoder) throws {
                let fields = try decoder.container(keyedBy: CodingKeys.self)
                hasTemplate =
                    try fields.contains(.chat_template) && !fields.decodeNil(forKey: .chat_template)
            }
        }
        let manager = FileManager.default
        if manager.fileExists(atPath: "\(directory)/chat_template.jinja") {
            return "chat_template.jinja"
        }
        guard let data = manager.contents(atPath: "\(directory)/tokenizer_config.json"),
            let file = try? JSONDecoder().decode(File.self, from: data), file.hasTemplate
        else { return nil }
        return "tokenizer_config.json"
    }
}
