import Records
import Tokenization

/// A record on its way to its answer.
enum ShardSlot {
    case failed(RecordFailure)
    case ready(Record, Encoding)
}
