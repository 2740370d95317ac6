/// Whether defects that are known are held against a run.
package enum Strictness: Sendable {
    /// Known ones are left out, as they would hide others.
    case tolerant
    /// All count.
    case strict

    func tolerates(_ defect: KnownDefect) -> Bool {
        self == .tolerant && KnownDefect.allCases.contains(defect)
    }
}

/// What the simulation has found and nobody has mended yet; each goes with its cure.
///
/// Left out of scenarios and judgements, so that all else can be held to its promises.
enum KnownDefect: CaseIterable {
    /// A second result of a shard is answered as committed while the first is on its way to disk.
    case secondAcknowledgedEarly
    /// Leases of a job that failed and goes on wait for workers that never come back.
    case resumedLeasesKept
    /// A worker that stalled, lost its last lease and got well again gets no more work.
    case stalledForEver
}
