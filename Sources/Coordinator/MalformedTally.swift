import Scheduling

/// Counts what cannot be read, by who sent it, and says whom not to listen to for a while.
///
/// A peer is a connection here, not a name: what cannot be read names nobody. Bounded: of more
/// peers than `peersMax` at once those that were last heard of longest ago are forgotten.
struct MalformedTally {
    /// All messages that could not be read so far.
    private(set) var count = 0
    private var peers: [[UInt8]: Peer] = [:]

    private struct Peer {
        /// When the messages that count came, the oldest first.
        var times: [MonotonicTime] = []
        var ignoredUntil: MonotonicTime?

        func isOver(_ now: MonotonicTime) -> Bool {
            if let ignoredUntil { return now >= ignoredUntil }
            return times.last.map { now.since($0) > MalformedTally.window } ?? true
        }
    }

    /// So many within the window, and a peer is not listened to: a worker of another version
    /// sends one, and greets again.
    static let most = 20
    static let window: Duration = .seconds(60)
    static let pause: Duration = .seconds(600)
    static let peersMax = 1024

    /// Peers that are remembered, at most `peersMax`.
    var peersKnown: Int { peers.count }

    /// Whether nothing of the peer is to be taken now.
    func isIgnored(_ peer: [UInt8], now: MonotonicTime) -> Bool {
        guard !peers.isEmpty, let until = peers[peer]?.ignoredUntil else { return false }
        return now < until
    }

    /// Takes note of a message that could not be read.
    mutating func add(_ peer: [UInt8], now: MonotonicTime) {
        count += 1
        if peers[peer] == nil, peers.count >= Self.peersMax { forget(now) }
        var known = peers[peer] ?? Peer()
        if let until = known.ignoredUntil {
            guard now >= until else { return }
            known = Peer()
        }
        known.times.removeAll { now.since($0) > Self.window }
        known.times.append(now)
        if known.times.count >= Self.most {
            known = Peer(ignoredUntil: now.advanced(by: Self.pause))
        }
        peers[peer] = known
    }

    /// Makes room: those whose time is over go, and where there are none the half of all.
    private mutating func forget(_ now: MonotonicTime) {
        peers = peers.filter { !$0.value.isOver(now) }
        guard peers.count >= Self.peersMax else { return }
        let last = { (peer: Peer) in peer.ignoredUntil ?? peer.times.last ?? now }
        let order = peers.sorted { last($0.value) < last($1.value) }
        peers = Dictionary(uniqueKeysWithValues: order.suffix(Self.peersMax / 2).map { ($0, $1) })
    }
}
