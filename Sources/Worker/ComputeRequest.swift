import Wire

/// A shard on its way to the reader.
struct ComputeRequest: Sendable {
    let assign: Assign
    let input: [UInt8]
    let ticket: ShardTicket
}
