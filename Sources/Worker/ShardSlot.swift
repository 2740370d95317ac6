import Records
import Tokenization

/// A record on its way to its answer.
enum ShardSlot: Sendable {
    case failed(RecordFailure)
    case ready(Record, Encoding)
}
