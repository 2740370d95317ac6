import Glibc
import Synchronization

extension Engine {
    /// The logits, one per label, of each sequence in the order given.
    ///
    /// Blocks the calling thread. Not finite where the weights overflow f32. `completed` is told
    /// the index of each sequence as it is done, on a thread of the team. Throws before any work
    /// where a sequence is empty or holds an unknown token. The model has a classification head.
    package func logits(
        of sequences: [[Int32]],
        completed: (@Sendable (Int) -> Void)? = nil
    ) throws(EngineError) -> [[Float]] {
        try run(sequences, .logits, completed)
    }

    /// What the logits of one sequence say: softmax, sigmoids or themselves, by problem type.
    package func probabilities(fromLogits logits: [Float]) -> [Float] {
        model.configuration.probabilities(fromLogits: logits)
    }

    /// Shares of e^x in their sum.
    package static func softmax(_ x: [Float]) -> [Float] {
        let largest = x.max() ?? 0
        let weights = x.map { expf($0 - largest) }
        let sum = weights.reduce(0, +)
        return weights.map { $0 / sum }
    }

    /// The hidden states after the last norm, pooled, of each sequence: (hidden).
    ///
    /// As `logits`; every model has them.
    package func embeddings(
        of sequences: [[Int32]],
        pooling: Pooling,
        completed: (@Sendable (Int) -> Void)? = nil
    ) throws(EngineError) -> [[Float]] {
        try run(sequences, .embedding(pooling), completed)
    }

    /// The log-probability of each token after the first, by one full pass over each sequence.
    ///
    /// As `logits`. With experts in transformers' layout they are no causal probabilities, as a
    /// token's experts depend on what follows. The model has a language head.
    package func logProbabilities(
        of sequences: [[Int32]],
        completed: (@Sendable (Int) -> Void)? = nil
    ) throws(EngineError) -> [[Float]] {
        try run(sequences, .logProbabilities, completed)
    }

    private func run(
        _ sequences: [[Int32]],
        _ task: PassTask,
        _ completed: (@Sendable (Int) -> Void)?
    ) throws(EngineError) -> [[Float]] {
        try validate(sequences)
        let list = PassList(sequences, task, tokens: batchTokens, completed)
        try run(from: list)
        return try list.results()
    }
}

extension DogeConfiguration {
    /// What the logits of one sequence say: softmax, sigmoids or themselves, by problem type.
    package func probabilities(fromLogits logits: [Float]) -> [Float] {
        switch problemType {
        case .regression: logits
        case .multiLabel: logits.map { 1 / (1 + expf(-$0)) }
        case .singleLabel: Engine.softmax(logits)
        }
    }

    /// Whether a token's log-probability is that after the tokens before it alone.
    package var isCausal: Bool { experts?.layout != .transformers }
}

/// One call's batches, taken by the threads one after another, and where the answers go.
private final class PassList: PassSource {
    private let sequences: [[Int32]]
    private let task: PassTask
    private let batches: [Batch]
    private let completed: (@Sendable (Int) -> Void)?
    private let state: Mutex<State>

    private struct State {
        var next = 0
        var answers: [[Float]]
        var failure: EngineError?
    }

    init(
        _ sequences: [[Int32]],
        _ task: PassTask,
        tokens: Int,
        _ completed: (@Sendable (Int) -> Void)?
    ) {
        self.sequences = sequences
        self.task = task
        self.completed = completed
        batches = Batch.plan(sequences, tokens: tokens)
        state = Mutex(State(answers: Array(repeating: [], count: sequences.count)))
    }

    /// The answers in the order of the call.
    func results() throws(EngineError) -> [[Float]] {
        let (answers, failure) = state.withLock { ($0.answers, $0.failure) }
        if let failure { throw failure }
        return answers
    }

    func next() -> PassWork? {
        let number = state.withLock { state -> Int? in
            guard state.next < batches.count else { return nil }
            state.next += 1
            return state.next - 1
        }
        guard let members = number.map({ batches[$0].members }) else { return nil }
        return PassWork(texts: members.map { sequences[$0] }, task: task) { [self] outcomes in
            take(members, outcomes)
        }
    }

    func close() { state.withLock { $0.next = batches.count } }

    private func take(_ members: [Int], _ outcomes: [PassWork.Outcome]) {
        let done = state.withLock { state in
            zip(members, outcomes).compactMap { index, outcome -> Int? in
                switch outcome {
                case .success(let numbers):
                    state.answers[index] = numbers
                    return index
                case .failure:
                    let count = sequences[index].count
                    state.failure =
                        state.failure ?? .outOfMemory(index: index, tokenCount: count)
                    state.next = batches.count
                    return nil
                }
            }
        }
        guard let completed else { return }
        for index in done { completed(index) }
    }
}
