import Records
import Scheduling
import Wire

/// How large the answers of a job are, which says how many records a shard may have.
struct AnswerEstimate {
    /// The most records of a shard; nil where the scheduler's own limit is no higher.
    let shardRecordsMax: Int?

    /// A number with its punctuation, as it is written at most.
    private static let scoreBytes = 24
    /// Bytes of one number of a vector.
    private static let embeddingBytes = 14
    /// The four numbers of a score, with their names.
    private static let scoringBytes = 120
    /// Half of what the job plane takes as the answers of a shard: ids and fields need room too.
    private static let shardAnswerBytes = WireLimits.resultBytesMax / 2

    /// - Parameters:
    ///   - labels: the labels of the model, or the choices.
    ///   - width: numbers in a vector.
    init(_ options: TaskOptions, labels: [String], width: Int) {
        let records =
            switch options.task {
            case .classify: Self.records(of: Self.classification(options, labels))
            case .generate: options.textRecordsMax
            case .embed: Self.records(of: width * Self.embeddingBytes)
            case .score: Self.records(of: Self.scoringBytes)
            }
        shardRecordsMax = records < SchedulerLimits().shardRecordsMax ? records : nil
    }

    /// Answers of so many bytes, without what they have of their records, that fit into a shard.
    private static func records(of bytes: Int) -> Int {
        max(1, shardAnswerBytes / max(1, bytes))
    }

    /// The longest labels count: which ones an answer names is not known before.
    private static func classification(_ options: TaskOptions, _ labels: [String]) -> Int {
        // Beside its score, each choice has a log-probability.
        let times = options.choices.isEmpty ? 1 : 2
        let named = labels.map { times * ($0.utf8.count + scoreBytes) }.sorted(by: >)
        return named.prefix(options.topLabels ?? labels.count).reduce(0, +)
    }
}
