import Scheduling

/// Results on their way from workers to the disk, within a bound.
///
/// What does not fit is not taken and not acknowledged: its worker keeps it and sends it again.
struct ResultInbox {
    /// Bytes of all results that may be here, one result above it included.
    let bytesMax: Int
    private var arriving: [LeaseID: IncomingResult] = [:]
    private var committing: [LeaseID: Int] = [:]
    /// Bytes of all of them.
    private(set) var bytes = 0

    init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    /// Takes a chunk that begins where the last one ended; a repeated one is let go.
    ///
    /// - Returns: the offset from which more is wanted; nil where there is no room now.
    mutating func take(
        _ lease: LeaseID,
        of session: SessionID,
        offset: UInt64,
        _ chunk: [UInt8]
    ) -> UInt64? {
        // Of those that have begun the oldest always may go on, or none would ever be complete.
        guard bytes < bytesMax || lease == arriving.keys.min() else { return nil }
        // Of two processes, or two attempts to send, the bytes must not mix.
        if arriving[lease]?.session != session || offset == 0 { forget(lease) }
        let before = arriving[lease]?.bytes.count ?? 0
        let next = arriving[lease, default: IncomingResult(session: session)]
            .take(offset: offset, chunk)
        bytes += Int(next) - before
        return next
    }

    /// Results that come in or are on their way to the disk.
    var count: Int { arriving.count + committing.count }

    /// Whether more results find no room.
    var isFull: Bool { bytes >= bytesMax }

    /// The bytes that have come of a lease's result, from this session.
    func result(_ lease: LeaseID, of session: SessionID) -> [UInt8] {
        guard let result = arriving[lease], result.session == session else { return [] }
        return result.bytes
    }

    /// Gives a result to the disk; its bytes count until `written`.
    mutating func commit(_ lease: LeaseID) -> [UInt8] {
        guard let result = arriving.removeValue(forKey: lease) else { return [] }
        committing[lease] = result.bytes.count
        return result.bytes
    }

    /// A result is on the disk.
    mutating func written(_ lease: LeaseID) {
        bytes -= committing.removeValue(forKey: lease) ?? 0
    }

    /// Lets go of what has come from sessions that have ended.
    mutating func forget(of sessions: Set<SessionID>) {
        for lease in arriving.filter({ sessions.contains($0.value.session) }).keys { forget(lease) }
    }

    /// Lets go of what has come of a lease's result.
    mutating func forget(_ lease: LeaseID) {
        bytes -= arriving.removeValue(forKey: lease)?.bytes.count ?? 0
    }
}
