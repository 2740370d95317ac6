import Doge
import Synchronization
import Wire

/// Serves the engine's thread: keeps a model's weights open and computes the shards that are ready.
final class EngineService: @unchecked Sendable {  // only the engine's thread changes the model
    /// Opens the weights of a model.
    typealias Opener = @Sendable (ModelText, DataType) throws(LoadFailure) -> LoadedModel

    private let ready: ReadyQueue
    private let open: Opener
    private let busy = Mutex(BusyShare())
    private var model: LoadedModel?
    /// The engine of that model, for those who watch it.
    private let watched = Mutex<Engine?>(nil)

    init(ready: ReadyQueue, open: @escaping Opener) {
        self.ready = ready
        self.open = open
    }

    /// How busy the threads were; any thread.
    var busyShare: BusyShare { busy.withLock { $0 } }

    /// Passes that each replica has begun and ended; any thread.
    var passCounts: [UInt64] { watched.withLock { $0?.passCounts ?? [] } }

    /// Computes what is ready, for as long as the process lives.
    func run() -> Never {
        while true { serve(ready.wait()) }
    }

    /// Computes a shard, and those behind it that are of its kind and model.
    func serve(_ first: any FlowingShard) {
        let shard = first.shard
        guard shard.ticket.isOpen else { return }
        do throws(LoadFailure) {
            let engine = try load(shard).engine
            switch first {
            case let texts as TextShard:
                compute(texts, engine) { feed throws(EngineError) in
                    try engine.generate(from: feed)
                }
            case let passes as PassShard:
                compute(passes, engine) { feed throws(EngineError) in try engine.run(from: feed) }
            default: preconditionFailure("a shard is of texts that grow or of passes")
            }
        } catch {
            shard.text.expire()
            shard.ticket.failed(.modelMissing, error.description)
        }
    }

    private func compute<Shard: FlowingShard>(
        _ first: Shard,
        _ engine: Engine,
        by work: (ShardFeed<Shard>) throws(EngineError) -> Void
    ) {
        let feed = ShardFeed(
            first,
            threads: engine.layout.replicas,
            queue: ready,
            weights: engine.model
        )
        do throws(EngineError) {
            try work(feed)
        } catch {
            feed.fail(error)
        }
        busy.withLock { $0.add(feed.stint) }
    }

    private func load(_ shard: OpenShard) throws(LoadFailure) -> LoadedModel {
        if let model, model.key == shard.model,
            (try? shard.text.check(model.engine.model)) != nil
        {
            return model
        }
        // Let the old one go first: two models need not fit into memory.
        // Not inside the lock, which the thread of the socket takes too: it ends its threads.
        let old = watched.withLock { engine in
            defer { engine = nil }
            return engine
        }
        model = nil
        withExtendedLifetime(old) {}
        let loaded = try open(shard.text, shard.model.dataType)
        model = loaded
        watched.withLock { $0 = loaded.engine }
        return loaded
    }
}
