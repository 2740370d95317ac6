/// Nanoseconds of a monotonic clock.
typealias Nanoseconds = UInt64

/// The work of a team of threads between two rests of all of them.
struct BusyStint {
    private let began: Nanoseconds
    private let threads: Int
    /// When the last thread left.
    private var ended: Nanoseconds
    /// From the beginning to each thread's leaving, summed, without waits.
    private var busy: Nanoseconds = 0
    private var waits: Nanoseconds = 0

    init(at now: Nanoseconds, threads: Int) {
        began = now
        self.threads = threads
        ended = now
    }

    /// A thread had nothing to do for a while.
    mutating func waited(from start: Nanoseconds, to end: Nanoseconds) {
        waits += end - start
    }

    /// A thread has done its last work.
    mutating func left(at now: Nanoseconds) {
        busy += now - began
        ended = max(ended, now)
    }

    fileprivate var span: Range<Nanoseconds> { began..<ended }
    /// On average of all threads.
    fileprivate var worked: Nanoseconds {
        busy > waits ? (busy - waits) / Nanoseconds(threads) : 0
    }
}

/// How much of the time from the first shard to the last the engine's threads worked.
struct BusyShare {
    private var span: Range<Nanoseconds>?
    private var worked: Nanoseconds = 0

    mutating func add(_ stint: BusyStint) {
        span = (span?.lowerBound ?? stint.span.lowerBound)..<stint.span.upperBound
        worked += stint.worked
    }

    /// From the first shard to the last.
    var seconds: Double { span.map { Double($0.upperBound - $0.lowerBound) / 1e9 } ?? 0 }

    /// Of all threads' time between the two; nil where none has passed.
    var share: Double? {
        seconds > 0 ? Double(worked) / 1e9 / seconds : nil
    }

    /// For people; nil where nothing was computed.
    var sentence: String? {
        guard let share else { return nil }
        let (permille, tenths) = (Int(share * 1_000), Int(seconds * 10))
        return "the engine was busy \(permille / 10).\(permille % 10) % of the "
            + "\(tenths / 10).\(tenths % 10) s from its first shard to its last"
    }
}
