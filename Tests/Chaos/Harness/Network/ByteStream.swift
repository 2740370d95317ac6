import Glibc
import Platform
import TestSupport

/// One direction of a connection: bytes read from one socket, on their way to another.
struct ByteStream {
    /// Bytes that were read at once; none where the source said that there are no more.
    private struct Chunk {
        let due: UInt64
        let bytes: [UInt8]
        var sentCount = 0
    }

    private let source: Int32
    private let sink: Int32
    private let tally: WritableKeyPath<LinkCounts, Int>
    private var chunks: [Chunk] = []
    private var waitingCount = 0
    private var hasEnded = false
    /// Bytes were lost: nothing goes through any more.
    private(set) var isLost = false
    /// Nothing comes any more, and the sink knows, unless it never will.
    private(set) var isOver = false
    /// When the chunk read last is due, nanoseconds: none overtakes another.
    private var lastDue: UInt64 = 0
    /// When the next byte may go where they go one by one.
    private var nextByteAt: UInt64 = 0

    /// Bytes that may be under way; the source waits for the rest.
    private static let waitingMax = 1 << 20
    /// Bytes that may go at once where the loop was late, in nanoseconds of their rate.
    private static let lateness: UInt64 = 50_000_000

    /// - Parameter source: none, or -1: nothing will ever come.
    init(from source: Int32, to sink: Int32, _ tally: WritableKeyPath<LinkCounts, Int>) {
        self.source = source
        self.sink = sink
        self.tally = tally
        isOver = source < 0
    }

    /// Whether to wait for bytes of the source.
    func wantsBytes(_ fault: LinkFault) -> Bool {
        guard source >= 0, !hasEnded, fault.flow != .held else { return false }
        return isLost || waitingCount < Self.waitingMax
    }

    /// Whether to wait for room in the sink.
    func wantsRoom(_ fault: LinkFault, now: UInt64) -> Bool {
        guard let first = chunks.first, fault.flow == .open else { return false }
        return first.due <= now && fault.bytesPerSecond == nil
    }

    /// When there is something to send for which no socket needs to be asked.
    func nextTime(_ fault: LinkFault, now: UInt64) -> UInt64? {
        guard let first = chunks.first, fault.flow == .open else { return nil }
        if first.due > now { return first.due }
        return fault.bytesPerSecond == nil ? nil : max(now, nextByteAt)
    }

    /// From now on nothing goes through, and neither end is told.
    mutating func lose(_ counts: inout LinkCounts) {
        isLost = true
        counts.swallowed += waitingCount
        waitingCount = 0
        chunks = []
        if hasEnded { isOver = true }
    }

    /// Reads what the source has.
    ///
    /// - Returns: whether the connection still stands.
    mutating func take(
        _ fault: LinkFault,
        now: UInt64,
        _ random: inout SplitMix,
        _ counts: inout LinkCounts
    ) -> Bool {
        guard wantsBytes(fault) else { return true }
        switch TCPSocket.receive(source) {
        case .nothing: return true
        case .bytes(let bytes):
            if isLost {
                counts.swallowed += bytes.count
            } else {
                append(bytes, fault, now, &random)
            }
        case .broken where !isLost: return false
        case .ended, .broken:
            hasEnded = true
            if isLost { isOver = true } else { append([], fault, now, &random) }
        }
        return true
    }

    private mutating func append(
        _ bytes: [UInt8],
        _ fault: LinkFault,
        _ now: UInt64,
        _ random: inout SplitMix
    ) {
        let jitter = fault.jitter.nanoseconds
        let extra = jitter == 0 ? 0 : UInt64.random(in: 0...jitter, using: &random)
        lastDue = max(lastDue, now + fault.delay.nanoseconds + extra)
        chunks.append(Chunk(due: lastDue, bytes: bytes))
        waitingCount += bytes.count
    }

    /// Sends what is due, as far as the sink has room.
    ///
    /// - Returns: whether the connection still stands.
    mutating func give(_ fault: LinkFault, now: UInt64, _ counts: inout LinkCounts) -> Bool {
        guard fault.flow == .open else { return true }
        while let first = chunks.first, first.due <= now {
            guard !first.bytes.isEmpty else {
                shutdown(sink, Int32(SHUT_WR))
                isOver = true
                chunks = []
                return true
            }
            var rest = first.bytes[first.sentCount...]
            if let rate = fault.bytesPerSecond {
                guard nextByteAt <= now else { return true }
                nextByteAt = max(nextByteAt, now - Self.lateness) + 1_000_000_000 / UInt64(rate)
                rest = rest.prefix(1)
            }
            guard let count = TCPSocket.send(sink, rest) else { return false }
            guard count > 0 else { return true }
            counts[keyPath: tally] += count
            waitingCount -= count
            chunks[0].sentCount += count
            if chunks[0].sentCount == first.bytes.count { chunks.removeFirst() }
        }
        return true
    }
}

extension Duration {
    /// Whole nanoseconds of a length that is none below zero.
    var nanoseconds: UInt64 {
        UInt64(components.seconds) * 1_000_000_000
            + UInt64(components.attoseconds) / 1_000_000_000
    }
}
