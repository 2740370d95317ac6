import Doge
import Records
import Synchronization
import Tokenization

/// A shard whose texts need one pass each: labels, vectors, log-probabilities.
final class PassShard: FlowingShard {
    let shard: OpenShard
    private let task: PassTask
    private let batches: [Batch]
    private let number = Atomic(0)

    /// Tokens after which progress is told.
    private static let tokensPerReport = 32_768

    /// Packs the shard's records into batches of so many tokens.
    init(_ shard: OpenShard, batchTokens: Int) {
        self.shard = shard
        task = PassTask(shard.options)
        batches = Batch.plan(shard.ready.map(\.encoding.ids), tokens: batchTokens)
    }

    /// The next batch for the engine; nil once all are handed out.
    func next() -> PassWork? {
        guard shard.ticket.isOpen else { return nil }
        let number = number.wrappingAdd(1, ordering: .relaxed).oldValue
        guard number < batches.count else { return nil }
        let members = batches[number].members
        return PassWork(
            texts: members.map { shard.ready[$0].encoding.ids },
            task: task
        ) { [shard, task] made in
            let outcomes = made.map { Outcome($0, of: task, shard.text.configuration) }
            shard.take(
                zip(members, outcomes).map { (place: $0, outcome: $1) },
                tokensPerReport: Self.tokensPerReport
            )
        }
    }
}

extension PassTask {
    /// What a job without texts that go on asks of the engine.
    init(_ options: TaskOptions) {
        switch options.task {
        case .classify: self = .logits
        case .embed:
            switch options.pooling {
            case .last: self = .embedding(.last)
            case .mean: self = .embedding(.mean)
            }
        case .score: self = .logProbabilities
        case .generate: preconditionFailure("texts are generated, not passed over")
        }
    }
}

extension Outcome {
    /// What a pass over a text made of it.
    init(_ made: PassWork.Outcome, of task: PassTask, _ configuration: DogeConfiguration) {
        switch (made, task) {
        case (.failure(let error), _): self = .failed(error)
        case (.success(let numbers), .logits):
            self = .labels(configuration.probabilities(fromLogits: numbers))
        case (.success(let numbers), .embedding): self = .vector(numbers)
        case (.success(let numbers), .logProbabilities): self = .logprobs(numbers)
        }
    }
}
