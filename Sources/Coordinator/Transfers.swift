import Scheduling
import Wire

/// A shard's input on its way to a worker, a window of chunks at a time.
struct OutgoingInput {
    let session: SessionID
    let bytes: [UInt8]
    /// Bytes sent so far.
    private(set) var sent: Int
    /// Bytes that the worker has said it has.
    private(set) var acknowledged = 0

    /// The first chunk rides in the assignment itself.
    init(session: SessionID, bytes: [UInt8]) {
        self.session = session
        self.bytes = bytes
        sent = min(bytes.count, WireLimits.payloadBytesMax)
    }

    var first: [UInt8] { Array(bytes[..<min(bytes.count, WireLimits.payloadBytesMax)]) }
    var isComplete: Bool { sent == bytes.count }

    mutating func acknowledge(_ nextOffset: UInt64) {
        acknowledged = max(acknowledged, min(Int(clamping: nextOffset), sent))
    }

    /// The next chunk that the window allows, with its offset.
    mutating func next() -> (offset: Int, bytes: [UInt8])? {
        let window = WireLimits.chunksInFlightMax * WireLimits.payloadBytesMax
        guard sent < bytes.count, sent - acknowledged < window else { return nil }
        let end = min(bytes.count, sent + WireLimits.payloadBytesMax)
        defer { sent = end }
        return (sent, Array(bytes[sent..<end]))
    }
}

/// A result on its way from a worker, in chunks.
struct IncomingResult {
    let session: SessionID
    private(set) var bytes: [UInt8] = []

    init(session: SessionID) {
        self.session = session
    }

    /// Takes a chunk that begins where the last one ended; a repeated or early one is let go.
    ///
    /// - Returns: the offset from which more is wanted.
    mutating func take(offset: UInt64, _ chunk: [UInt8]) -> UInt64 {
        let fits = bytes.count + chunk.count <= WireLimits.resultBytesMax
        if offset == UInt64(bytes.count), fits { bytes += chunk }
        return UInt64(bytes.count)
    }
}
