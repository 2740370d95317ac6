import Doge
import Synchronization

/// A shard whose records are continued: texts are generated for them, or choices weighed.
final class TextShard: FlowingShard {
    let shard: OpenShard
    private let texts: ContinuationMaker
    /// The next of the ready records to be handed out.
    private let place = Atomic(0)

    init(_ shard: OpenShard, texts: ContinuationMaker) {
        self.shard = shard
        self.texts = texts
    }

    /// The next record for the engine; nil once all are handed out.
    func next() -> GenerationTask? {
        guard shard.ticket.isOpen else { return nil }
        let place = place.wrappingAdd(1, ordering: .relaxed).oldValue
        guard place < shard.ready.count else { return nil }
        let (record, encoding) = shard.ready[place]
        return texts.task(
            record,
            encoding,
            wanted: { [ticket = shard.ticket] in ticket.isOpen },
            finished: { [shard] outcome in shard.take([(place, outcome)]) }
        )
    }
}
