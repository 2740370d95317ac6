import Synchronization

/// How many passes a replica has begun and ended, for those who watch whether it gets on.
final class PassCounter: Sendable {
    private let count = Atomic<UInt64>(0)

    /// Odd while a pass runs; any thread.
    var value: UInt64 { count.load(ordering: .relaxed) }

    /// A pass begins or ends; the replica's thread.
    func step() { count.wrappingAdd(1, ordering: .relaxed) }
}
