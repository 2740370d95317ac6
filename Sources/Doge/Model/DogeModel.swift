import CDogeKernels

/// What stands on top of the last norm.
enum Head: Sendable {
    case none
    /// (labels, hidden)
    case classification(FloatTensor)
    /// (vocabulary, hidden)
    case language(PackedMatrix)
}

/// Weights of a checkpoint, mapped and packed, shared by all threads.
package final class DogeModel: @unchecked Sendable {  // immutable; the kernel table is static
    /// What the checkpoint's config.json says.
    package let configuration: DogeConfiguration

    let library: MatrixLibrary
    let kernels: UnsafePointer<ck_kernels>
    let embedding: FloatTensor  // (vocabulary, hidden)
    let layers: [Layer]
    let finalNorm: FloatTensor  // (hidden)
    let head: Head
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
        switch loader.headKind {
        case .none: head = .none
        case .classification:
            let shape = [configuration.labels.count, hidden]
            head = .classification(try loader.head("score.weight", shape))
        case .language: head = .language(try loader.languageHead())
        }
        matrices = loader.matrices
        self.configuration = configuration
    }

    /// Whether a token's numbers depend on the tokens before it alone.
    ///
    /// With experts in transformers' layout they depend on all tokens of the pass.
    package var isCausal: Bool { configuration.experts?.layout != .transformers }
}
