/// What a scheduler holds in memory, as numbers: none of them may grow with the length of a job.
package struct SchedulerFootprint: Equatable, Sendable {
    /// Shards that are planned and not committed.
    package var openShards = 0
    /// Bytes of input that these stand for.
    package var openBytes = 0
    /// Places in the lines of shards that wait, those that wait no more included.
    package var waitingPlaces = 0
    /// Leases that may still commit their shards.
    package var leases = 0
    /// Lost workers whose shards are not blamed yet.
    package var suspicions = 0
    /// What has ended and was not asked for.
    package var ended = 0

    /// Nothing is held.
    package init() {}

    /// The larger of each number.
    package func merged(with other: SchedulerFootprint) -> SchedulerFootprint {
        var most = SchedulerFootprint()
        most.openShards = max(openShards, other.openShards)
        most.openBytes = max(openBytes, other.openBytes)
        most.waitingPlaces = max(waitingPlaces, other.waitingPlaces)
        most.leases = max(leases, other.leases)
        most.suspicions = max(suspicions, other.suspicions)
        most.ended = max(ended, other.ended)
        return most
    }
}

extension Scheduler {
    /// What is held now; it costs as much as there are running jobs.
    package var footprint: SchedulerFootprint {
        var sum = SchedulerFootprint()
        for id in runningJobs {
            guard let job = jobs[id] else { continue }
            sum.openShards += job.open.count
            sum.openBytes += job.openBytes
            sum.waitingPlaces += job.waitingPlaces
        }
        sum.leases = leases.count
        sum.suspicions = suspicions.count
        sum.ended = ended.leases.count + ended.expired.count + ended.sessions.count
        return sum
    }
}
