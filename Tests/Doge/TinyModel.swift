import FoundationEssentials
import TestSupport

@testable import Doge

/// A small classification checkpoint in a folder of its own, to be damaged and loaded.
struct TinyModel {
    enum Storage: String {
        case f32 = "F32"
        case f16 = "F16"
        case bf16 = "BF16"
    }

    struct Tensor {
        var name: String
        var shape: [Int]
        var values: [Float]
        var storage = Storage.f32

        var data: Data {
            switch storage {
            case .f32: values.withUnsafeBytes { Data($0) }
            case .f16: values.map { Float16($0).bitPattern }.withUnsafeBytes { Data($0) }
            case .bf16: values.map { UInt16($0.bitPattern >> 16) }.withUnsafeBytes { Data($0) }
            }
        }
    }

    var configuration = """
        "model_type": "doge", "architectures": ["DogeForSequenceClassification"],
        "vocab_size": 20, "hidden_size": 8, "intermediate_size": 12,
        "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1,
        "is_moe": true, "num_experts": 10, "num_experts_per_tok": 3
        """
    var tensors: [Tensor]

    init() {
        var generator = SplitMix(state: 3)
        let layer = "model.layers.0."
        let shapes: [(String, [Int])] = [
            ("model.embed_tokens.weight", [20, 8]), ("model.norm.weight", [8]),
            ("score.weight", [2, 8]), (layer + "input_layernorm.weight", [8]),
            (layer + "post_attention_layernorm.weight", [8]), (layer + "input_residual", [8]),
            (layer + "post_attention_residual", [8]), (layer + "self_attn.q_proj.weight", [8, 8]),
            (layer + "self_attn.k_proj.weight", [4, 8]),
            (layer + "self_attn.v_proj.weight", [4, 8]),
            (layer + "self_attn.o_proj.weight", [8, 8]),
            (layer + "self_attn.q_norm.weight", [4]), (layer + "self_attn.k_norm.weight", [4]),
            (layer + "self_attn.A", [1]), (layer + "self_attn.dt_proj.weight", [1, 4]),
            (layer + "mlp.gate_proj.weight", [12, 8]), (layer + "mlp.up_proj.weight", [12, 8]),
            (layer + "mlp.down_proj.weight", [8, 12]),
            (layer + "mlp.router_gate.weight", [6, 8]),
            (layer + "mlp.down_embed.weight", [10, 8]), (layer + "mlp.up_embed.weight", [10, 8]),
        ]
        // Multiples of 1/128 below 1, which every storage type holds exactly.
        tensors = shapes.map { name, shape in
            let values = (0..<shape.reduce(1, *)).map { _ in
                Float(Int.random(in: -127...127, using: &generator)) / 128
            }
            return Tensor(name: name, shape: shape, values: values)
        }
    }

    /// The first tensor whose name ends so, to be changed.
    subscript(suffix: String) -> Tensor {
        get { tensors[index(suffix)] }
        set { tensors[index(suffix)] = newValue }
    }

    private func index(_ suffix: String) -> Int {
        guard let index = tensors.firstIndex(where: { $0.name.hasSuffix(suffix) }) else {
            preconditionFailure("no tensor \(suffix)")
        }
        return index
    }

    /// The bytes of one weights file.
    static func file(_ tensors: [Tensor]) -> Data {
        var entries: [String] = []
        var data = Data()
        for tensor in tensors {
            let bytes = tensor.data
            let range = "[\(data.count),\(data.count + bytes.count)]"
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            entries.append(
                "\"\(tensor.name)\":{\"dtype\":\"\(tensor.storage.rawValue)\","
                    + "\"shape\":[\(shape)],\"data_offsets\":\(range)}"
            )
            data += bytes
        }
        return file(header: "{\(entries.joined(separator: ","))}", data: data)
    }

    /// A weights file of that header, padded with spaces to 8 bytes as writers do.
    static func file(header: String, data: Data) -> Data {
        var text = Data(header.utf8)
        while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) } + text + data
    }

    /// Writes the checkpoint and hands its folder to `body`; the folder is gone afterwards.
    func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
        try TinyModel.withFolder { folder in
            try Data("{\(configuration)}".utf8).write(
                to: folder.appendingPathComponent("config.json")
            )
            let weights = folder.appendingPathComponent("model.safetensors")
            try TinyModel.file(tensors).write(to: weights)
            return try body(folder.path)
        }
    }

    /// The configuration that config.json of that text gives.
    static func configuration(_ text: String) throws -> DogeConfiguration {
        try withFolder { folder in
            try Data(text.utf8).write(to: folder.appendingPathComponent("config.json"))
            return try DogeConfiguration(directory: folder.path)
        }
    }

    static func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let name = "kennel-doge-\(UUID().uuidString)"
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }
}
