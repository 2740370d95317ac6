package import Doge
package import Records

/// What shards have in common that the same weights in memory compute.
struct ModelKey: Equatable, Sendable {
    /// Of the model's files; nil where any model is right.
    let digest: String?
    /// What its products are computed in.
    let dataType: DataType
}

extension DataType {
    /// What a job's options ask for.
    package init(_ type: TaskOptions.NumberType) {
        self =
            switch type {
            case .f32: .f32
            case .bf16: .bf16
            case .int8: .int8
            }
    }
}
