import CDogeKernels

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
        guard loader.hasClassificationHead else { throw .notAClassifier(directory: directory) }
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

    /// Refuses, within milliseconds, a folder whose configuration and headers cannot classify.
    ///
    /// What it lets pass may still be refused when its tensors are read.
    ///
    /// - Returns: the names of its classes.
    package static func checkClassifier(directory: String) throws(ModelError) -> [String] {
        let configuration = try DogeConfiguration(directory: directory)
        guard try Checkpoint(directory: directory).contains("score.weight") else {
            throw .notAClassifier(directory: directory)
        }
        return configuration.labels
    }
}
