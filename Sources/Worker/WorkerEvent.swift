import Wire

/// What other threads tell the loop that owns the socket.
enum WorkerEvent: Sendable {
    case progressed(UInt64, records: Int, tokens: Int)
    case computed(UInt64, ShardResult)
    case failed(UInt64, FailureClass, String)
    case drain
}
