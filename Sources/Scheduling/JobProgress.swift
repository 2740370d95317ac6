/// How much of a job is durable.
package struct JobProgress: Equatable, Sendable {
    /// Shards with a committed result.
    package var shards = 0
    /// Bytes of input answered.
    package var bytes = 0
    /// Answers, error answers included.
    package var records = 0
    /// Error answers.
    package var failedRecords = 0
    /// Tokens that the engine computed.
    package var tokens = 0

    /// Nothing is durable yet.
    package init() {}
}
