import CDogeKernels

/// The weights of one layer; matrices packed, the rest as f32 rows, those called padded with zeros
/// behind them as products want it.
struct Layer: Sendable {
    let attentionNorm: FloatTensor  // (hidden), padded
    let attentionResidual: FloatTensor  // (hidden), padded
    let query: PackedMatrix  // (queryWidth, hidden)
    let keyValue: PackedMatrix  // (2 * keyWidth, hidden)
    let queryNorm: FloatTensor  // (headDimension)
    let keyNorm: FloatTensor  // (headDimension)
    let mask: FloatTensor  // A: (keyHeads)
    let maskProjection: FloatTensor  // (keyHeads, keyWidth)
    let maskBias: FloatTensor?  // (keyHeads)
    let output: PackedMatrix  // (hidden, queryWidth)
    let feedNorm: FloatTensor  // (hidden), padded
    let feedResidual: FloatTensor  // (hidden), padded
    let feedIn: PackedMatrix  // gate and up: (intermediate, hidden) each
    let activation: ck_activation
    let feedOut: PackedMatrix  // (hidden, intermediate)
    let experts: ExpertTables?

    /// All that is split among ranks by panels.
    var matrices: [PackedMatrix] {
        [query, keyValue, output, feedIn, feedOut] + (experts.map { [$0.router] } ?? [])
    }
}

/// The router and the rows of all experts of a layer.
struct ExpertTables: Sendable {
    let router: PackedMatrix  // (2 * keys, hidden)
    let down: ExpertRows  // (experts, hidden)
    let up: ExpertRows  // (experts, hidden)
    /// The layer's own, which its experts share.
    let activation: ck_activation
}
