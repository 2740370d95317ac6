import CDogeKernels

/// The weights of one layer; matrices packed, the rest as f32 rows.
struct Layer: Sendable {
    let attentionNorm: FloatTensor  // (hidden)
    let attentionResidual: FloatTensor  // (hidden)
    let query: PackedMatrix  // (queryWidth, hidden)
    let keyValue: PackedMatrix  // (2 * keyWidth, hidden)
    let queryNorm: FloatTensor  // (headDimension)
    let keyNorm: FloatTensor  // (headDimension)
    let mask: FloatTensor  // A: (keyHeads)
    let maskProjection: FloatTensor  // (keyHeads, keyWidth)
    let maskBias: FloatTensor?  // (keyHeads)
    let output: PackedMatrix  // (hidden, queryWidth)
    let feedNorm: FloatTensor  // (hidden)
    let feedResidual: FloatTensor  // (hidden)
    let feedIn: PackedMatrix  // gate, up and router: (2 * intermediate + 2 * keys, hidden)
    let activation: ck_activation
    let feedOut: PackedMatrix  // (hidden, intermediate)
    let experts: ExpertTables?
}

/// The rows of all experts of a layer.
struct ExpertTables: Sendable {
    let down: FloatTensor  // (experts, hidden)
    let up: FloatTensor  // (experts, hidden)
    /// The layer's own, which its experts share.
    let activation: ck_activation
}
