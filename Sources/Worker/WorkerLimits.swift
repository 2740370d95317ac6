/// How long a worker waits and works at most; all in milliseconds of the clock that never jumps.
package struct WorkerLimits: Sendable {
    /// Time that a pass of the engine may take once its shard is taken away.
    package var pass = 300_000
    /// Time in which a drain must end: what is not delivered by then is computed elsewhere.
    ///
    /// Clouds and batch systems that take a host away say so 30 s before, or some minutes.
    package var drain = 20_000
    /// Time after its start by which it shall have ended, as a batch system ends it then; nil: any.
    ///
    /// It begins to drain so much earlier that nothing is cut off, its last words included.
    package var lifetime: Int?
    /// Time from the end of a drain to that of the process: messages that are queued are sent.
    package static let farewell = 6_000

    /// Time after its start at which it begins to drain by itself; nil: never.
    var drainsAfter: Int? { lifetime.map { $0 - drain - Self.farewell } }

    /// The usual limits, and no end.
    package init() {}
}
