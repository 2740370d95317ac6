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
    let feedOut: PackedMatrix  // (hidden, intermediate)
    let experts: ExpertTables?
}

/// The rows of all experts of a layer.
struct ExpertTables: Sendable {
    let down: FloatTensor  // (experts, hidden)
    let up: FloatTensor  // (experts, hidden)
}

/// Weights of a classification checkpoint, mapped and packed, shared by all threads.
package final class DogeModel: @unchecked Sendable {  // immutable; the kernel table is static
    /// What the checkpoint's config.json says.
    package let configuration: DogeConfiguration

    let library: MatrixLibrary
    let kernels: UnsafePointer<ck_kernels>
    let embedding: FloatTensor  // (vocabulary, hidden)
    let layers: [Layer]
    let finalNorm: FloatTensor  // (hidden)
    let score: FloatTensor  // (labels, hidden)
    /// All packed matrices, each at its index.
    let matrices: [PackedMatrix]

    /// Maps and checks every tensor that the configuration calls for, and packs the matrices.
    package init(directory: String) throws(ModelError) {
        // Products are made for one thread: their blocking depends on OpenMP's count.
        ck_use_one_openmp_thread()
        let configuration = try DogeConfiguration(directory: directory)
        kernels = try InstructionSet.kernels()
        library = try MatrixLibrary()
        let loader = try LayerLoader(
            checkpoint: try Checkpoint(directory: directory),
            configuration: configuration,
            library: library
        )
        let hidden = configuration.hiddenSize
        embedding = try loader.body(
            "embed_tokens.weight",
            [configuration.vocabularySize, hidden]
        )
        layers = try (0..<configuration.layerCount).map { number throws(ModelError) in
            try loader.layer(number)
        }
        finalNorm = try loader.body("norm.weight", [hidden])
        score = try loader.head("score.weight", [configuration.labels.count, hidden])
        matrices = loader.matrices
        self.configuration = configuration
    }
}
