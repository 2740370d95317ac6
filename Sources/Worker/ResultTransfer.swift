import Wire

/// The answers of a shard, complete.
package struct ShardResult: Equatable, Sendable {
    /// One line for each record, in input order.
    package let bytes: [UInt8]
    /// Answers in `bytes`, error answers included.
    package let records: Int
    /// Error answers among them.
    package let failedRecords: Int
    /// Tokens that the engine read for these answers.
    package let tokens: Int
    /// XXH3-128 of `bytes`, first 64 bits.
    package let digestHigh: UInt64
    /// The last 64 bits.
    package let digestLow: UInt64

    /// Takes a result whose digest the caller has computed.
    package init(
        bytes: [UInt8],
        records: Int,
        failedRecords: Int,
        tokens: Int,
        digestHigh: UInt64,
        digestLow: UInt64
    ) {
        self.bytes = bytes
        self.records = records
        self.failedRecords = failedRecords
        self.tokens = tokens
        self.digestHigh = digestHigh
        self.digestLow = digestLow
    }
}

/// A result on its way: a window of chunks, an end, and repetition until it is acknowledged.
struct ResultTransfer: Equatable {
    private var sent = 0
    private var acknowledged = 0
    private var isEnded = false
    /// When all of it is sent again; it moves only later.
    private(set) var nextRepeat: Int
    private var interval = 5_000

    /// The longest pause between two repetitions, milliseconds.
    private static let intervalMax = 60_000

    /// - Parameter now: milliseconds.
    init(now: Int) {
        nextRepeat = now + interval
    }

    /// The first messages of a result.
    mutating func start(_ result: ShardResult, _ lease: UInt64) -> [WorkerMessage] {
        sent = 0
        acknowledged = 0
        isEnded = false
        return advance(result, lease)
    }

    /// Takes the coordinator's word of how much has arrived.
    mutating func acknowledge(
        _ nextOffset: UInt64,
        _ result: ShardResult,
        _ lease: UInt64,
        now: Int
    ) -> [WorkerMessage] {
        let arrived = min(Int(clamping: nextOffset), sent)
        if arrived > acknowledged {
            acknowledged = arrived
            // A slow link that gets on is not interrupted.
            nextRepeat = now + interval
        }
        return advance(result, lease)
    }

    /// Sends all of it again.
    mutating func restart(
        _ result: ShardResult,
        _ lease: UInt64,
        now: Int
    ) -> [WorkerMessage] {
        interval = min(interval * 2, Self.intervalMax)
        nextRepeat = now + interval
        return start(result, lease)
    }

    mutating func repeatIfDue(
        _ result: ShardResult,
        _ lease: UInt64,
        now: Int
    ) -> [WorkerMessage] {
        now >= nextRepeat ? restart(result, lease, now: now) : []
    }

    /// What the window allows now: chunks, then the end.
    private mutating func advance(_ result: ShardResult, _ lease: UInt64) -> [WorkerMessage] {
        let chunk = WireLimits.payloadBytesMax
        if result.bytes.count <= chunk {
            guard !isEnded else { return [] }
            isEnded = true
            return [end(result, lease, bytes: result.bytes)]
        }
        var messages: [WorkerMessage] = []
        while sent < result.bytes.count, sent - acknowledged < WireLimits.chunksInFlightMax * chunk
        {
            let next = min(result.bytes.count, sent + chunk)
            messages.append(
                .resultChunk(
                    lease: lease,
                    offset: UInt64(sent),
                    bytes: Array(result.bytes[sent..<next])
                )
            )
            sent = next
        }
        if sent == result.bytes.count, !isEnded {
            isEnded = true
            messages.append(end(result, lease, bytes: []))
        }
        return messages
    }

    private func end(_ result: ShardResult, _ lease: UInt64, bytes: [UInt8]) -> WorkerMessage {
        .resultEnd(
            ResultEnd(
                lease: lease,
                records: UInt32(clamping: result.records),
                failedRecords: UInt32(clamping: result.failedRecords),
                tokens: UInt64(clamping: result.tokens),
                byteCount: UInt64(result.bytes.count),
                digestHigh: result.digestHigh,
                digestLow: result.digestLow,
                bytes: bytes
            )
        )
    }
}
