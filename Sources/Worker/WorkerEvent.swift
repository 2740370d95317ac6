import Wire

/// What other threads tell the loop that owns the socket.
enum WorkerEvent: Sendable {
    case progressed(UInt64, records: Int, tokens: Int)
    case computed(UInt64, ShardResult)
    case failed(UInt64, FailureClass, String)
    case drain
}

/// A shard on its way to the reader.
struct ComputeRequest: Sendable {
    let assign: Assign
    let input: [UInt8]
    let ticket: ShardTicket
}
