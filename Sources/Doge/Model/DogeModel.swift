import CDogeKernels
import Platform

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

    /// What its products are computed in.
    package let dataType: DataType

    let kernels: UnsafePointer<ck_kernels>
    let embedding: StoredTensor  // (vocabulary, hidden)
    let layers: [Layer]
    let finalNorm: FloatTensor  // (hidden), padded
    let head: Head
    private let checkpoint: Checkpoint

    /// Maps and checks every tensor that the configuration calls for, and packs the matrices.
    ///
    /// - Parameters:
    ///   - set: what it computes with; by default the chosen one.
    ///   - threads: that pack together; the model is the same whatever their number.
    package convenience init(
        directory: String,
        dataType: DataType = .f32,
        on set: InstructionSet? = nil,
        threads: Int = 1
    ) throws(ModelError) {
        let kernels = try InstructionSet.kernels(set)
        try self.init(directory: directory, dataType: dataType, kernels: kernels, threads: threads)
    }

    /// A model that computes with one table of kernels, which this processor must have.
    init(
        directory: String,
        dataType: DataType,
        kernels: UnsafePointer<ck_kernels>,
        threads: Int = 1
    ) throws(ModelError) {
        let configuration = try DogeConfiguration(directory: directory)
        try dataType.check(configuration, directory: directory)
        self.kernels = kernels
        checkpoint = try Checkpoint(directory: directory)
        let loader = try LayerLoader(
            checkpoint: checkpoint,
            configuration: configuration,
            dataType: dataType
        )
        let hidden = configuration.hiddenSize
        let embedding = try loader.embedding()
        // The embedding is read where it lies, so it is only checked, by whoever comes first.
        let layers = try Parallel.map(configuration.layerCount + 1, threads: threads) {
            number throws(ModelError) -> Layer? in
            guard number == 0 else { return try loader.layer(number - 1) }
            defer { embedding.release() }
            try embedding.checkFinite()
            return nil
        }
        (self.embedding, self.layers) = (embedding, layers.compactMap(\.self))
        finalNorm = try loader.padded("norm.weight", hidden)
        switch loader.headKind {
        case .none: head = .none
        case .classification:
            let shape = [configuration.labels.count, hidden]
            head = .classification(try loader.head("score.weight", shape))
        case .language: head = .language(try loader.languageHead(threads: threads))
        }
        self.dataType = dataType
        self.configuration = configuration
    }

    /// Refuses weights that are no longer, byte for byte, what a digest was taken of.
    ///
    /// Their numbers are read where they lie: what was computed meanwhile may be of no model at
    /// all. A system call for each file that nobody has touched.
    package func check(against digest: ModelDigest) throws(ModelError) {
        try checkpoint.check(against: digest)
    }
}
