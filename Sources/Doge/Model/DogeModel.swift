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

    /// What its products are computed in.
    package let dataType: DataType

    let kernels: UnsafePointer<ck_kernels>
    let embedding: FloatTensor  // (vocabulary, hidden)
    let layers: [Layer]
    let finalNorm: FloatTensor  // (hidden), padded
    let head: Head

    /// Maps and checks every tensor that the configuration calls for, and packs the matrices.
    ///
    /// - Parameter set: what it computes with; by default the chosen one.
    package convenience init(
        directory: String,
        dataType: DataType = .f32,
        on set: InstructionSet? = nil
    ) throws(ModelError) {
        let kernels = try InstructionSet.kernels(set)
        try self.init(directory: directory, dataType: dataType, kernels: kernels)
    }

    /// A model that computes with one table of kernels, which this processor must have.
    init(
        directory: String,
        dataType: DataType,
        kernels: UnsafePointer<ck_kernels>
    ) throws(ModelError) {
        let configuration = try DogeConfiguration(directory: directory)
        try dataType.check(configuration, directory: directory)
        self.kernels = kernels
        let loader = try LayerLoader(
            checkpoint: try Checkpoint(directory: directory),
            configuration: configuration,
            dataType: dataType
        )
        let hidden = configuration.hiddenSize
        embedding = try loader.body(
            "embed_tokens.weight",
            [configuration.vocabularySize, hidden]
        )
        layers = try (0..<configuration.layerCount).map { number throws(ModelError) in
            try loader.layer(number)
        }
        finalNorm = try loader.padded("norm.weight", hidden)
        switch loader.headKind {
        case .none: head = .none
        case .classification:
            let shape = [configuration.labels.count, hidden]
            head = .classification(try loader.head("score.weight", shape))
        case .language: head = .language(try loader.languageHead())
        }
        self.dataType = dataType
        self.configuration = configuration
    }
}
