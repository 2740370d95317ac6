/// A job's name, made by the coordinator: 26 letters and digits.
package struct JobID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The name itself; random, so its order is no order in time.
    package let description: String

    /// Takes a name that was made before; nothing of it is checked.
    package init(_ text: String) {
        description = text
    }

    /// By spelling: stable, and otherwise without meaning.
    package static func < (left: JobID, right: JobID) -> Bool {
        left.description < right.description
    }
}

/// The place of a shard in its job: the number of its first line in the whole job, from 0.
///
/// A shard that is split keeps its place with its first half.
package struct ShardNumber: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// At least 0.
    package let value: Int

    /// Takes a place that the planner or the ledger gave.
    package init(_ value: Int) {
        self.value = value
    }

    /// Decimal, from 0.
    package var description: String { String(value) }

    /// Input order, which is also the order of answers in the output.
    package static func < (left: ShardNumber, right: ShardNumber) -> Bool {
        left.value < right.value
    }
}

/// One shard of one job.
package struct ShardID: Hashable, Sendable {
    /// The job whose input the shard is a part of.
    package let job: JobID
    /// Which of the job's shards; unique inside the job alone.
    package let number: ShardNumber

    /// Names a shard; that it exists is not checked.
    package init(job: JobID, number: ShardNumber) {
        self.job = job
        self.number = number
    }
}

/// The right to compute one shard once: never reused, rising, durable before it is sent.
///
/// It is the fencing token of every result.
package struct LeaseID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// From 1; 0 stands for no lease on the wire.
    package let value: UInt64

    /// Takes a number that the scheduler or the ledger gave.
    package init(_ value: UInt64) {
        self.value = value
    }

    /// Decimal, for messages.
    package var description: String { String(value) }

    /// A lease that was given earlier is less.
    package static func < (left: LeaseID, right: LeaseID) -> Bool {
        left.value < right.value
    }
}

/// One life of one worker process: 128 random bits that the process chose at its start.
package struct SessionID: Hashable, Sendable {
    /// The first 64 of the bits.
    package let high: UInt64
    /// The last 64 of the bits.
    package let low: UInt64

    /// Takes the bits as the worker sent them.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// A moment on the coordinator's monotonic clock, in nanoseconds.
package struct MonotonicTime: Hashable, Comparable, Sendable {
    /// Since boot; comparable only on the same machine and boot.
    package let nanoseconds: UInt64

    /// Takes a reading of the clock: the caller's, as nothing here reads one.
    package init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// The earlier moment is less.
    package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The moment `duration` (not negative) later; none is behind the clock's last.
    package func advanced(by duration: Duration) -> MonotonicTime {
        let (seconds, attoseconds) = duration.components
        precondition(seconds >= 0 && attoseconds >= 0, "monotonic time never goes back")
        let added = UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
        let (sum, isBehind) = nanoseconds.addingReportingOverflow(added)
        return MonotonicTime(nanoseconds: isBehind ? .max : sum)
    }

    /// The time from `earlier` to this moment; zero where it is later.
    package func since(_ earlier: MonotonicTime) -> Duration {
        .nanoseconds(nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0)
    }
}
