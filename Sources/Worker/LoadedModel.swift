import Doge

/// A model that is ready to compute: its weights, the team of threads, and what reads its texts.
final class LoadedModel: Sendable {
    let text: ModelText
    let engine: Engine
    /// Why the threads share the work as they do.
    private let choice: EngineLayout.Choice

    /// Opens the weights of a model whose texts can be read already.
    init(
        _ text: ModelText,
        _ dataType: DataType,
        _ wish: EngineLayout.Wish,
        cacheBytes: Int = Engine.cacheBytesDefault,
        pinning: Pinning = .off(.asked)
    ) throws(LoadFailure) {
        let choice = wish.choice(for: text.configuration, dataType)
        self.text = text
        self.choice = choice
        do throws(ModelError) {
            engine = try Engine(
                model: try DogeModel(
                    directory: text.path,
                    dataType: dataType,
                    threads: choice.layout.replicas * choice.layout.ranks
                ),
                layout: choice.layout,
                cacheBytes: cacheBytes,
                pinning: pinning,
                batchTokens: wish.batchTokens(for: text.configuration, dataType)
            )
        } catch {
            throw .model(error)
        }
        try text.check(engine.model)
    }

    /// Opens all of a model, whatever its digest.
    convenience init(
        path: String,
        _ dataType: DataType,
        _ wish: EngineLayout.Wish,
        cacheBytes: Int = Engine.cacheBytesDefault,
        pinning: Pinning = .off(.asked)
    ) throws(LoadFailure) {
        let text = try ModelText(path: path, digest: nil)
        try self.init(text, dataType, wish, cacheBytes: cacheBytes, pinning: pinning)
    }

    /// Which shards it can compute.
    var key: ModelKey { ModelKey(digest: text.digest, dataType: engine.model.dataType) }

    /// What of the placement could not be had, a sentence; nil where all could.
    var placementFailure: String? { engine.placementFailure }

    /// How its threads share the work and where they run, and why; for people.
    var sentence: String {
        "engine: \(choice.sentence(key.dataType)); \(engine.placementSentence)"
    }
}
