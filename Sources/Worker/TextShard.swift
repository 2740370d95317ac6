import Doge
import Records
import Synchronization
import Tokenization
import Wire

/// A shard whose records are continued: texts are generated for them, or choices weighed.
///
/// Any thread of the engine's may hand in an outcome; whoever hands in the last one writes.
final class TextShard: Sendable {
    let lease: UInt64
    private let slots: [ShardSlot]
    private let answers: ShardAnswers
    private let mailbox: Mailbox<WorkerEvent>
    private let cancelled: @Sendable () -> Bool
    private let state: Mutex<State>

    private struct State {
        var outcomes: [Outcome?]
        /// The next of the ready records to be handed out.
        var next = 0
        var missing: Int
        var tokens = 0
    }

    /// The records that are ready, with their prompts, in order.
    private let ready: [(record: Record, encoding: Encoding)]
    private let texts: ContinuationMaker

    init(
        lease: UInt64,
        slots: [ShardSlot],
        texts: ContinuationMaker,
        mailbox: Mailbox<WorkerEvent>,
        cancelled: @escaping @Sendable () -> Bool
    ) {
        self.lease = lease
        self.slots = slots
        self.texts = texts
        answers = ShardAnswers(model: texts.model, options: texts.options)
        self.mailbox = mailbox
        self.cancelled = cancelled
        ready = slots.compactMap { slot in
            if case .ready(let record, let encoding) = slot { (record, encoding) } else { nil }
        }
        state = Mutex(
            State(outcomes: Array(repeating: nil, count: ready.count), missing: ready.count)
        )
    }

    var isCancelled: Bool { cancelled() }

    /// The next record for the engine; nil once all are handed out.
    func next() -> GenerationTask? {
        guard !isCancelled else { return nil }
        let place = state.withLock { state -> Int? in
            guard state.next < ready.count else { return nil }
            state.next += 1
            return state.next - 1
        }
        guard let place else { return nil }
        let (record, encoding) = ready[place]
        return texts.task(
            record,
            encoding,
            wanted: { [cancelled] in !cancelled() },
            finished: { [weak self] outcome in self?.finish(place, outcome) }
        )
    }

    /// Hands in what became of a record.
    private func finish(_ place: Int, _ outcome: Outcome) {
        let progress = state.withLock { state in
            state.outcomes[place] = outcome
            state.missing -= 1
            state.tokens += ready[place].encoding.ids.count
            if case .samples(let samples) = outcome {
                state.tokens += samples.reduce(0) { $0 + $1.tokenIDs.count }
            }
            return (missing: state.missing, tokens: state.tokens)
        }
        let records = slots.count - progress.missing
        mailbox.post(.progressed(lease, records: records, tokens: progress.tokens))
        if progress.missing == 0 { publish() }
    }

    /// Writes the answers; to be called at once where no record is ready.
    func publish() {
        let outcomes = state.withLock { $0.outcomes.compactMap(\.self) }
        mailbox.post(.computed(lease, answers.write(slots, outcomes)))
    }

    /// Whether not one record is ready.
    var isEmpty: Bool { ready.isEmpty }

    /// Whether nothing more is to be told of it.
    var isSettled: Bool { isCancelled || state.withLock { $0.missing == 0 } }

    /// Tells that the shard failed as a whole, unless it is complete or not wanted.
    func fail(_ error: EngineError) {
        guard !isSettled else { return }
        mailbox.post(.failed(lease, .engine, error.description))
    }
}
