/// How large the texts of a shard may be: known from the options alone, so that whoever cuts shards
/// and whoever fills them agree, and no record's answer depends on its neighbours.
extension TaskOptions {
    /// Bytes that all generated texts of a shard have together at most, log-probabilities counted.
    ///
    /// Half of what the job plane takes as the answers of a shard: what else an answer holds stood
    /// in the record's line.
    package static let shardTextBytes = 32 << 20
    /// Records of a shard of texts: at a job's end nobody shall idle.
    private static let textRecordsMost = 128
    /// Bytes of text that a token becomes, escapes counted.
    private static let tokenTextBytes = 8
    /// Bytes of a token's id.
    private static let tokenIDBytes = 7
    /// Bytes of a token with its log-probability.
    private static let logprobBytes = 120
    /// Tokens of an answer, where nobody says how many it may have.
    private static let usualTokens = 256

    /// The most records of a shard whose texts are generated, by what the options ask of each.
    package var textRecordsMax: Int {
        let candidates = generation.logprobs.map { $0 + 1 } ?? 0
        let tokenBytes =
            Self.tokenTextBytes + candidates * Self.logprobBytes
            + (tokenIDs ? Self.tokenIDBytes : 0)
        let tokens = (generation.n ?? 1) * (generation.maxNewTokens ?? Self.usualTokens)
        return min(Self.textRecordsMost, max(1, Self.shardTextBytes / (tokens * tokenBytes)))
    }

    /// Bytes that the texts of one record may have, whatever the record asks for itself.
    package var textBytesMax: Int { Self.shardTextBytes / textRecordsMax }
}
