package import Wire

/// Whoever computes the shards that a worker is sent: the engine, or what stands for it in a test.
package protocol ShardComputer: Sendable {
    /// Takes a shard whose input is complete; its one end is told to the reporter. Does not wait.
    func post(_ assign: Assign, input: [UInt8])
    /// The shard's answers are not wanted any more; nothing needs to be told of it.
    func cancel(_ lease: UInt64)
    /// Passes that each part of it has begun and ended, added up: odd while one runs.
    var passCounts: [UInt64] { get }
}

/// The way from whoever computes shards to the thread that owns the worker's socket; any thread.
package struct ShardReporter: Sendable {
    let mailbox: Mailbox<WorkerEvent>

    /// Tells how far a shard is.
    package func progressed(_ lease: UInt64, records: Int, tokens: Int) {
        mailbox.post(.progressed(lease, records: records, tokens: tokens))
    }

    /// Tells a shard's answers.
    package func computed(_ lease: UInt64, _ result: ShardResult) {
        mailbox.post(.computed(lease, result))
    }

    /// Tells why a shard cannot be computed.
    package func failed(_ lease: UInt64, _ failure: FailureClass, _ text: String) {
        mailbox.post(.failed(lease, failure, text))
    }
}
