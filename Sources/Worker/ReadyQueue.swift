import Platform
import Synchronization

/// Shards that have been read, oldest first: the reader waits for room, the engine for shards.
final class ReadyQueue: Sendable {
    /// What is first in the queue for somebody who looks for one kind of shard.
    enum Front<Shard: FlowingShard> {
        case shard(Shard)
        /// A shard of another kind, model or type of numbers, which stays.
        case other
        case none
    }

    private let line: Mutex<ReadyLine>
    private let arrivals = Semaphore()
    private let departures = Semaphore()

    init(_ line: ReadyLine = ReadyLine()) {
        self.line = Mutex(line)
    }

    /// Holds the one thread that posts until there is room for one more shard, of any size.
    func waitForRoom() {
        while !line.withLock({ $0.hasRoom }) { departures.wait() }
    }

    func post(_ shard: any FlowingShard) {
        line.withLock { $0.append(shard) }
        arrivals.signal()
    }

    /// The oldest shard, once there is one.
    func wait() -> any FlowingShard {
        while true {
            if let shard = line.withLock({ $0.takeFirst() }) {
                departures.signal()
                return shard
            }
            waitForNews()
        }
    }

    /// Takes the oldest shard if it is of a kind and a model.
    func take<Shard: FlowingShard>(
        _ kind: Shard.Type,
        model: ModelKey
    ) -> Front<Shard> {
        let front = line.withLock { line -> Front<Shard> in
            guard let first = line.first else { return .none }
            guard let shard = first as? Shard, shard.shard.model == model else {
                return .other
            }
            _ = line.takeFirst()
            return .shard(shard)
        }
        if case .shard = front { departures.signal() }
        return front
    }

    /// Waits until something may have come: a signal may be left of a shard taken before.
    func waitForNews() { arrivals.wait() }

    /// Ends one wait for news although nothing came.
    func wake() { arrivals.signal() }
}

/// Shards in line, and whether one more may be read.
struct ReadyLine {
    private var shards: [any FlowingShard] = []
    private var byteCount = 0
    private let shardsMax: Int
    private let bytesMax: Int

    /// - Parameters:
    ///   - shardsMax: a worker is given one shard ahead of each that it computes; more only bridge
    ///     what is cancelled.
    ///   - bytesMax: of the shards' inputs; the last shard may exceed it, as one always fits.
    init(shardsMax: Int = 4, bytesMax: Int = 32 << 20) {
        self.shardsMax = shardsMax
        self.bytesMax = bytesMax
    }

    var hasRoom: Bool { shards.count < shardsMax && (shards.isEmpty || byteCount < bytesMax) }
    var first: (any FlowingShard)? { shards.first }

    mutating func append(_ shard: any FlowingShard) {
        shards.append(shard)
        byteCount += shard.shard.byteCount
    }

    mutating func takeFirst() -> (any FlowingShard)? {
        guard !shards.isEmpty else { return nil }
        let first = shards.removeFirst()
        byteCount -= first.shard.byteCount
        return first
    }
}
