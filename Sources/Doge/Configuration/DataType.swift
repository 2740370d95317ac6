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
}
