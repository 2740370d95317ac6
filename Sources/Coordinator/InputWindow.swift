import Scheduling

/// Inputs on their way from the disk to their workers, within bounds.
///
/// A shard counts from the wish to read it until its worker has it: by an acknowledgement of the
/// last byte, a heartbeat that names the lease, or anything else that the worker says of it. What
/// does not fit waits, as a lease without bytes.
struct InputWindow {
    /// What waits and what is on its way to one session.
    private struct Flow {
        var waiting = FIFOQueue<(Assignment, byteCount: Int)>()
        var leases: Set<LeaseID> = []
        var bytes = 0
        var isInLine = false
    }

    /// Bytes on their way to one session, and to all; a lone shard may be larger.
    let limits: (session: Int, total: Int)
    private var flows: [SessionID: Flow] = [:]
    /// The sessions that shards on their way go to, their bytes, and those that have not arrived.
    private var sizes: [LeaseID: (session: SessionID, bytes: Int, left: Int)] = [:]
    /// Sessions with something that waits and may go, in turn.
    private var line = FIFOQueue<SessionID>()
    /// Bytes on their way.
    private(set) var bytes = 0

    init(sessionBytesMax: Int, bytesMax: Int) {
        limits = (sessionBytesMax, bytesMax)
    }

    /// Whether nothing waits and nothing is on its way.
    var isEmpty: Bool { flows.isEmpty && sizes.isEmpty }

    /// Has a shard wait for its turn.
    mutating func append(_ assignment: Assignment, byteCount: Int) {
        flows[assignment.session, default: Flow()].waiting.append((assignment, byteCount))
        enter(assignment.session)
    }

    /// The next shard that may be read; nil where all must wait.
    mutating func next() -> Assignment? {
        while let session = line.popFirst() {
            flows[session]?.isInLine = false
            guard let flow = flows[session], let (assignment, count) = flow.waiting.first,
                flow.bytes == 0 || flow.bytes + count <= limits.session
            else { continue }
            guard bytes == 0 || bytes + count <= limits.total else {
                // Who comes first gets the room that others give back, however much it needs.
                line.putBack(session)
                flows[session]?.isInLine = true
                return nil
            }
            _ = flows[session]?.waiting.popFirst()
            flows[session]?.leases.insert(assignment.lease)
            flows[session]?.bytes += count
            sizes[assignment.lease] = (session, count, count)
            bytes += count
            enter(session)
            return assignment
        }
        return nil
    }

    /// Bytes of a shard, up to an offset, have arrived.
    mutating func arrived(_ lease: LeaseID, of session: SessionID, upTo offset: Int) {
        guard let (owner, count, left) = sizes[lease], owner == session else { return }
        let now = max(0, count - max(0, offset))
        guard now > 0 else { return remove(lease) }
        guard now < left else { return }
        sizes[lease]?.left = now
        flows[session]?.bytes -= left - now
        bytes -= left - now
        enter(session)
    }

    /// A worker has said something of a shard that shows that it has it, or wants it no more.
    mutating func arrived(_ lease: LeaseID, of session: SessionID) {
        if sizes[lease]?.session == session { remove(lease) }
    }

    /// A shard is at its worker, or will never be.
    mutating func remove(_ lease: LeaseID) {
        guard let (session, _, left) = sizes.removeValue(forKey: lease) else { return }
        bytes -= left
        flows[session]?.bytes -= left
        flows[session]?.leases.remove(lease)
        if let flow = flows[session], flow.leases.isEmpty, flow.waiting.isEmpty {
            flows[session] = nil
        } else {
            enter(session)
        }
    }

    /// All that waited for a session, or was on its way to it, is void.
    mutating func remove(_ session: SessionID) {
        guard let flow = flows.removeValue(forKey: session) else { return }
        for lease in flow.leases { sizes[lease] = nil }
        bytes -= flow.bytes
    }

    /// Leases on their way to a session.
    func leases(of session: SessionID) -> Set<LeaseID> { flows[session]?.leases ?? [] }

    private mutating func enter(_ session: SessionID) {
        guard let flow = flows[session], !flow.isInLine, !flow.waiting.isEmpty else { return }
        flows[session]?.isInLine = true
        line.append(session)
    }
}
