import Doge
import Records
import Synchronization
import Tokenization
import Wire

/// A shard that has been read: its records, and what became of each as that is handed in.
///
/// Any thread of the engine's may hand in outcomes; with the last one the shard is finished.
final class OpenShard: Sendable {
    let ticket: ShardTicket
    let text: ModelText
    let options: TaskOptions
    /// Bytes of its input.
    let byteCount: Int
    /// The records that have tokens, in order.
    let ready: [(record: Record, encoding: Encoding)]
    private let slots: [ShardSlot]
    private let finished: @Sendable (FinishedShard) -> Void
    private let state: Mutex<State>

    private struct State {
        var outcomes: [Outcome?]
        var missing: Int
        var tokens = 0
        var tokensTold = 0
        var weights: DogeModel?
    }

    /// - Parameter finished: told once, on the thread that handed in the last outcome.
    init(
        ticket: ShardTicket,
        text: ModelText,
        options: TaskOptions,
        slots: [ShardSlot],
        byteCount: Int,
        finished: @escaping @Sendable (FinishedShard) -> Void
    ) {
        self.ticket = ticket
        self.text = text
        self.options = options
        self.slots = slots
        self.byteCount = byteCount
        self.finished = finished
        ready = slots.compactMap { slot in
            if case .ready(let record, let encoding) = slot { (record, encoding) } else { nil }
        }
        state = Mutex(
            State(outcomes: Array(repeating: nil, count: ready.count), missing: ready.count)
        )
    }

    /// What computes it.
    var model: ModelKey { ModelKey(digest: text.digest, dataType: DataType(options.dtype)) }

    /// Whether nothing more is to be computed or told of it.
    var isSettled: Bool { !ticket.isOpen || state.withLock { $0.missing == 0 } }

    /// The engine takes the shard up, with these weights.
    func begin(with weights: DogeModel?) { state.withLock { $0.weights = weights } }

    /// Hands in what became of some of the ready records.
    ///
    /// - Parameter tokensPerReport: progress is told after so many tokens, and at the end.
    func take(_ made: [(place: Int, outcome: Outcome)], tokensPerReport: Int = 0) {
        let progress = state.withLock { state -> (missing: Int, tokens: Int, isTold: Bool) in
            for (place, outcome) in made {
                state.outcomes[place] = outcome
                state.missing -= 1
                state.tokens += ready[place].encoding.ids.count
                if case .samples(let samples) = outcome {
                    state.tokens += samples.reduce(0) { $0 + $1.tokenIDs.count }
                }
            }
            let isTold =
                state.missing == 0 || state.tokens - state.tokensTold >= tokensPerReport
            if isTold { state.tokensTold = state.tokens }
            return (state.missing, state.tokens, isTold)
        }
        if progress.isTold {
            ticket.progressed(records: slots.count - progress.missing, tokens: progress.tokens)
        }
        if progress.missing == 0 { finish() }
    }

    /// Hands the outcomes over; to be called at once where no record is ready.
    ///
    /// Not where the weights were written into meanwhile: then nobody knows what the numbers are.
    func finish() {
        let (outcomes, weights) = state.withLock { state in
            defer { state.weights = nil }
            return (state.outcomes.compactMap(\.self), state.weights)
        }
        do throws(LoadFailure) {
            if let weights { try text.check(weights) }
        } catch {
            text.expire()
            return ticket.failed(.modelMissing, error.description)
        }
        finished(
            FinishedShard(
                ticket: ticket,
                answers: ShardAnswers(text: text, options: options),
                slots: slots,
                outcomes: outcomes
            )
        )
    }

    /// Tells that the shard failed as a whole, unless all its outcomes are there.
    func fail(_ error: EngineError) {
        guard !isSettled else { return }
        ticket.failed(.engine, error.description)
    }
}

/// A shard of which every record has an outcome, on its way to the writer.
struct FinishedShard: Sendable {
    let ticket: ShardTicket
    let answers: ShardAnswers
    let slots: [ShardSlot]
    let outcomes: [Outcome]

    /// Writes the answers and tells them.
    func publish() {
        guard ticket.isOpen else { return }
        ticket.computed(answers.write(slots, outcomes))
    }
}
