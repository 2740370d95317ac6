import Doge

/// A model that is ready to compute: its weights, the team of threads, and what reads its texts.
final class LoadedModel: Sendable {
    let text: ModelText
    let engine: Engine

    /// Opens the weights of a model whose texts can be read already.
    init(
        _ text: ModelText,
        threads: Int,
        cacheBytes: Int = Engine.cacheBytesDefault
    ) throws(LoadFailure) {
        self.text = text
        do throws(ModelError) {
            engine = try Engine(
                model: try DogeModel(directory: text.path),
                threads: threads,
                cacheBytes: cacheBytes
            )
        } catch {
            throw .model(error)
        }
    }

    /// Opens all of a model, whatever its digest.
    convenience init(
        path: String,
        threads: Int,
        cacheBytes: Int = Engine.cacheBytesDefault
    ) throws(LoadFailure) {
        let text = try ModelText(path: path, digest: nil)
        try self.init(text, threads: threads, cacheBytes: cacheBytes)
    }
}
