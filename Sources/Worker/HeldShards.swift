import Wire

/// The leases that a worker holds, in the order in which the engine has them.
///
/// Finding, adding and taking one out cost the same however many there are: what is taken out
/// leaves a gap, and gaps are closed once they are as many as the leases.
struct HeldShards {
    private var places: [UInt64: Int] = [:]
    private var entries: [HeldShard?] = []
    /// Those whose result is not there yet.
    private(set) var activeCount = 0

    var count: Int { places.count }
    var isEmpty: Bool { places.isEmpty }
    /// Those whose result waits for its acknowledgement.
    var doneCount: Int { count - activeCount }
    /// All of them, in order.
    var inOrder: [HeldShard] { entries.compactMap(\.self) }
    var leases: [UInt64] { entries.compactMap { $0?.assign.lease } }

    /// A copy of one; nil where it is not held.
    subscript(lease: UInt64) -> HeldShard? {
        places[lease].flatMap { entries[$0] }
    }

    /// Whether a lease is held.
    func contains(_ lease: UInt64) -> Bool { places[lease] != nil }

    /// Adds one that is not held, behind all others.
    mutating func append(_ held: HeldShard) {
        let previous = places.updateValue(entries.count, forKey: held.assign.lease)
        precondition(previous == nil, "a lease is held once")
        entries.append(held)
        if !held.isDone { activeCount += 1 }
    }

    /// Takes one out; nil where it is not held.
    @discardableResult
    mutating func remove(_ lease: UInt64) -> HeldShard? {
        guard let place = places.removeValue(forKey: lease), let held = entries[place] else {
            return nil
        }
        entries[place] = nil
        if !held.isDone { activeCount -= 1 }
        if entries.count >= 32, entries.count > 2 * places.count { closeGaps() }
        return held
    }

    /// Takes several out, in their order; those that are not held are passed over.
    mutating func remove(_ leases: [UInt64]) -> [HeldShard] {
        let known = leases.compactMap { lease in places[lease].map { (place: $0, lease: lease) } }
        return known.sorted { $0.place < $1.place }.compactMap { remove($0.lease) }
    }

    mutating func removeAll() { self = HeldShards() }

    /// Changes one where it lies; nil where it is not held.
    mutating func update<Result>(
        _ lease: UInt64,
        _ change: (inout HeldShard) -> Result
    ) -> Result? {
        guard let place = places[lease], entries[place] != nil else { return nil }
        let wasDone = entries[place]!.isDone
        let result = change(&entries[place]!)
        let isDone = entries[place]!.isDone
        if wasDone != isDone { activeCount += isDone ? -1 : 1 }
        return result
    }

    /// Changes all of them, in order.
    mutating func updateAll(_ change: (inout HeldShard) -> Void) {
        for lease in leases { _ = update(lease, change) }
    }

    private mutating func closeGaps() {
        entries.removeAll { $0 == nil }
        for (place, held) in entries.enumerated() {
            if let lease = held?.assign.lease { places[lease] = place }
        }
    }
}
