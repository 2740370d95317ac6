import Records
import Scheduling
import Wire

/// How large the answers of a job are, which says how many records a shard may have.
struct AnswerEstimate {
    /// Bytes of one answer, without what it has of its record.
    let bytes: Int
    private let task: TaskOptions.Task

    /// A number with its punctuation, as it is written at most.
    private static let scoreBytes = 24
    /// Bytes of one number of a vector.
    private static let embeddingBytes = 14
    /// The four numbers of a score, with their names.
    private static let scoringBytes = 120
    /// Bytes of text that a token becomes, escapes counted.
    private static let tokenTextBytes = 8
    /// Bytes of a token's id.
    private static let tokenIDBytes = 7
    /// Bytes of a token with its log-probability.
    private static let logprobBytes = 120
    /// Tokens of an answer, where nobody says how many it may have.
    private static let usualTokens = 256
    /// Half of what the job plane takes as the answers of a shard: ids and fields need room too.
    private static let shardAnswerBytes = WireLimits.resultBytesMax / 2
    /// Records of a shard whose answers are long to wait for: at a job's end nobody shall idle.
    private static let generationRecordsMax = 256

    /// - Parameters:
    ///   - labels: the labels of the model, or the choices.
    ///   - width: numbers in a vector.
    init(_ options: TaskOptions, labels: [String], width: Int) {
        task = options.task
        bytes =
            switch options.task {
            case .classify: Self.classification(options, labels)
            case .generate: Self.generation(options)
            case .embed: width * Self.embeddingBytes
            case .score: Self.scoringBytes
            }
    }

    /// The most records of a shard; nil where the scheduler's own limit is no higher.
    var shardRecordsMax: Int? {
        let limit = task == .generate ? Self.generationRecordsMax : .max
        let records = min(limit, max(1, Self.shardAnswerBytes / max(1, bytes)))
        return records < SchedulerLimits().shardRecordsMax ? records : nil
    }

    /// The longest labels count: which ones an answer names is not known before.
    private static func classification(_ options: TaskOptions, _ labels: [String]) -> Int {
        // Beside its score, each choice has a log-probability.
        let times = options.choices.isEmpty ? 1 : 2
        let named = labels.map { times * ($0.utf8.count + scoreBytes) }.sorted(by: >)
        return named.prefix(options.topLabels ?? labels.count).reduce(0, +)
    }

    /// What records ask for themselves is not known before, and not counted.
    private static func generation(_ options: TaskOptions) -> Int {
        let generation = options.generation
        let candidates = generation.logprobs.map { $0 + 1 } ?? 0
        let tokenBytes =
            tokenTextBytes + candidates * logprobBytes + (options.tokenIDs ? tokenIDBytes : 0)
        return (generation.n ?? 1) * (generation.maxNewTokens ?? usualTokens) * tokenBytes
    }
}
