/// A shard that is planned and not committed.
struct OpenShard: Sendable {
    let range: ShardRange
    /// Leases given so far.
    var attempts: Int
    /// Whether the ledger has a row of it.
    var isRecorded: Bool
    /// Whether it was cut out of a shard that failed too often.
    let isHalf: Bool
    /// Ends of leases that are held against it.
    var strikes: [Strike]
    /// Leases that may still commit it, the newest last.
    var leases: [LeaseID] = []
    /// Whether it waits for a worker.
    var isPending = false
    /// Whether it is being split or given up: nobody gets it, and no result of it counts.
    var isSettling = false

    init(
        range: ShardRange,
        attempts: Int = 0,
        isRecorded: Bool = false,
        isHalf: Bool = false,
        strikes: [Strike] = []
    ) {
        self.range = range
        self.attempts = attempts
        self.isRecorded = isRecorded
        self.isHalf = isHalf
        self.strikes = strikes
    }

    /// Whether an attempt has failed on this machine.
    func isStruck(on machine: String) -> Bool { strikes.contains { $0.machine == machine } }
}

/// The end of a lease that is held against its shard: of a worker that died, hung or failed.
package struct Strike: Equatable, Sendable {
    /// How the lease ended.
    package enum Kind: Int, Sendable, CaseIterable {
        /// The worker fell silent while it computed the shard, and did not come back.
        case lost = 0
        /// It gave signs of life, and none of progress.
        case hung = 1
        /// It said that it could not compute the shard.
        case failed = 2
    }

    /// Where the worker ran.
    package let machine: String
    /// How the lease ended.
    package let kind: Kind

    /// A strike that was judged, or that the ledger has.
    package init(machine: String, kind: Kind) {
        self.machine = machine
        self.kind = kind
    }
}

/// A shard that a worker was computing when it was lost.
struct Suspicion: Sendable {
    let shard: ShardID
    let session: SessionID
    let machine: String
    /// When it becomes a strike.
    var due: MonotonicTime
    /// Whether another process has taken its name; else a network may have failed, for many.
    let isDead: Bool
}

/// Suspicions, of each session one at most, in the order in which they came up.
///
/// One whose shard is committed meanwhile stays until it is due, and then comes to nothing.
struct Suspicions: Sendable {
    private var all: [SessionID: (number: Int, suspicion: Suspicion)] = [:]
    private var nextNumber = 0
    /// How many stand against each shard that has any.
    private var counts: [ShardID: Int] = [:]

    var count: Int { all.count }

    /// How many stand against a shard.
    func count(against shard: ShardID) -> Int { counts[shard] ?? 0 }

    mutating func append(_ suspicion: Suspicion) {
        remove(of: suspicion.session)
        all[suspicion.session] = (nextNumber, suspicion)
        counts[suspicion.shard, default: 0] += 1
        nextNumber += 1
    }

    /// Drops that of a session which is alive.
    mutating func remove(of session: SessionID) {
        guard !all.isEmpty, let dropped = all.removeValue(forKey: session) else { return }
        let shard = dropped.suspicion.shard
        counts[shard] = counts[shard].flatMap { $0 > 1 ? $0 - 1 : nil }
    }

    /// Drops those that match; it looks at all, so only for what is rare.
    mutating func removeAll(where matches: (Suspicion) -> Bool) {
        for (session, entry) in all where matches(entry.suspicion) { remove(of: session) }
    }

    /// Makes all due later.
    mutating func postpone(by gap: Duration) {
        all = all.mapValues { number, suspicion in
            var suspicion = suspicion
            suspicion.due = suspicion.due.advanced(by: gap)
            return (number, suspicion)
        }
    }

    /// Takes those whose time has come.
    mutating func takeDue(now: MonotonicTime) -> [Suspicion] {
        let due = all.values.filter { $0.suspicion.due <= now }.sorted { $0.number < $1.number }
        for (_, suspicion) in due { remove(of: suspicion.session) }
        return due.map(\.suspicion)
    }
}

/// Shards that wait for a worker, the first of the input first; adding and taking cost O(log n).
///
/// Whether a shard still waits is said by the shard: what is here and does not is passed over.
struct PendingShards: Sendable {
    private var heap: [Int] = []
    var count: Int { heap.count }

    mutating func insert(_ number: ShardNumber) {
        heap.append(number.value)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child] < heap[parent] else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the first; nil where there is none.
    mutating func popFirst() -> ShardNumber? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return ShardNumber(first) }
        heap[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            guard heap[child] < heap[parent] else { break }
            heap.swapAt(child, parent)
            parent = child
        }
        return ShardNumber(first)
    }
}
