package import CDogeKernels

/// What the numbers of matrix products are kept in; sums, norms and softmax are f32 in each.
package enum DataType: String, Sendable, Codable, CaseIterable {
    /// As transformers computes in float32.
    case f32
    /// Weights and activations rounded to bfloat16.
    case bf16
    /// Weights as whole numbers with a scale for each output, activations with one for each token;
    /// attention and routers in bf16.
    case int8

    /// What products by weights are multiplied in.
    package var format: ck_format {
        switch self {
        case .f32: CK_F32
        case .bf16: CK_BF16
        case .int8: CK_INT8
        }
    }

    /// What attention, routers and the tables of experts are kept in.
    var fineFormat: ck_format { self == .f32 ? CK_F32 : CK_BF16 }

    /// Most inputs of a product in int8: so many products of up to 127 x 127 fit into 32 bits.
    ///
    /// With 128 added to one side, sums pass that on their way: modulo 2^32, as the offsets that
    /// take it off again are.
    static let inputsMax = Int(Int32.max) / (127 * 127)

    /// Refuses a model whose sums would overflow.
    func check(_ c: DogeConfiguration, directory: String) throws(ModelError) {
        guard self == .int8 else { return }
        let widths = [
            ("hidden_size", c.hiddenSize), ("intermediate_size", c.intermediateSize),
            ("num_attention_heads * head_dim", c.queryWidth),
        ]
        for (field, width) in widths where width > Self.inputsMax {
            throw .unsupported(
                path: "\(directory)/config.json",
                field: field,
                got: "\(width)",
                known: "up to \(Self.inputsMax) in int8; use f32 or bf16"
            )
        }
    }
}
