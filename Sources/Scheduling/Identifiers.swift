/// A job's name, made by the coordinator: 26 letters and digits.
package struct JobID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ text: String) {
        description = text
    }

    package static func < (left: JobID, right: JobID) -> Bool {
        left.description < right.description
    }
}

/// The place of a shard in its job, from 0, in input order.
package struct ShardNumber: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let value: Int

    package init(_ value: Int) {
        self.value = value
    }

    package var description: String { String(value) }

    package static func < (left: ShardNumber, right: ShardNumber) -> Bool {
        left.value < right.value
    }
}

/// One shard of one job.
package struct ShardID: Hashable, Sendable {
    package let job: JobID
    package let number: ShardNumber

    package init(job: JobID, number: ShardNumber) {
        self.job = job
        self.number = number
    }
}

/// The right to compute one shard once: never reused, rising, durable before it is sent.
///
/// It is the fencing token of every result.
package struct LeaseID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let value: UInt64

    package init(_ value: UInt64) {
        self.value = value
    }

    package var description: String { String(value) }

    package static func < (left: LeaseID, right: LeaseID) -> Bool {
        left.value < right.value
    }
}

/// One life of one worker process: 128 random bits that the process chose at its start.
package struct SessionID: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// A moment on the coordinator's monotonic clock, in nanoseconds.
package struct MonotonicTime: Hashable, Comparable, Sendable {
    package let nanoseconds: UInt64

    package init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The moment `duration` (not negative) later.
    package func advanced(by duration: Duration) -> MonotonicTime {
        let (seconds, attoseconds) = duration.components
        precondition(seconds >= 0 && attoseconds >= 0, "monotonic time never goes back")
        let added = UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
        return MonotonicTime(nanoseconds: nanoseconds + added)
    }

    /// The time from `earlier` to this moment; zero where it is later.
    package func since(_ earlier: MonotonicTime) -> Duration {
        .nanoseconds(nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0)
    }
}
