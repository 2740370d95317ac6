/// A mistake that somebody could make, planted at the boundary of a core, to see that it is caught.
package enum PlantedBug: String, Sendable, CaseIterable {
    /// A result is acknowledged before it is on the disk.
    case acknowledgedBeforeCommit
    /// A result is acknowledged and never written.
    case commitDropped
    /// Rows are committed and the answers' file is not synced.
    case syncSkipped
    /// A result whose bytes did not match its digest is acknowledged.
    case resendAsCommitted
    /// A rejected result is acknowledged as committed.
    case rejectedAsCommitted
    /// A shard is sent before its grant is on the disk.
    case assignedBeforeGrant
    /// A grant is never written.
    case grantDropped
    /// The next life begins with leases that were given before.
    case leaseReused
    /// The next life has the number of the last one.
    case epochNotRaised
    /// A result of a cancelled lease is committed.
    case revokedAccepted
    /// Answers of two results are mixed.
    case resultsMixed
    /// The digest in the row is not that of the answers.
    case wrongDigest
    /// Bytes that were damaged on their way are taken, and their digest is made to fit.
    case damageAccepted
    /// A result is committed to the shard beside its own.
    case wrongShard
    /// A second result of a shard takes the place of the first.
    case committedTwice
    /// Answers are appended over those of the last life.
    case segmentOverwritten
    /// A restart forgets an open shard.
    case shardLost
    /// A restart forgets a job.
    case jobLost
    /// The planning cursor is not written with the shards.
    case cursorForgotten
    /// A job is accepted before it is on the disk.
    case acceptedBeforeDurable
    /// A job that is done runs again after a restart.
    case doneReopened
    /// Two shards change places in the output.
    case outputReordered
    /// The last shard is missing in the output.
    case outputCut
    /// A shard stands twice in the output.
    case outputDoubled
    /// The answers are removed before the end of their job is on the disk.
    case clearedTooEarly
    /// Silence is judged while messages wait.
    case expiredBeforeDrained
    /// The coordinator's own pause counts as silence of its workers.
    case pauseNotForgiven
    /// Messages of an older life of the coordinator are taken.
    case epochUnchecked
    /// Messages of unknown sessions are taken for those of a known one.
    case sessionUnchecked
    /// More work is sent than was asked for.
    case creditIgnored
    /// A greeting gives an older generation than one before.
    case generationFell
    /// A restart forgets that an output is still to be written.
    case publishingForgotten
    /// What a crash left behind the last answers is not cut off before more are written.
    case tailKept
    /// Of a line above the limit all bytes are sent.
    case overlongReadWhole
    /// A shard is blamed before its worker had time to come back.
    case blamedTooSoon
    /// The time is read from a clock on the wall.
    case wallClockRead
    /// Silence is never judged.
    case neverExpired
    /// Only the first half of a shard that is split is written.
    case splitHalfLost
    /// The results of some leases are never taken.
    case resultSwallowed
    /// A user is told that a job is cancelled before that is on the disk.
    case cancelledBeforeDurable
    /// A late result of a job that is cancelled is committed.
    case cancelledCommitted
    /// A job that is paused is given all the same after a restart.
    case pauseForgotten
    /// Rows of a job that is done go before its answers.
    case rowsBeforeAnswers
    /// Of the rows of a job that is done only some go.
    case rowsLeft
    /// What is shown of a job is not kept when its rows go.
    case sumsForgotten
    /// A job has any number of error answers, whatever was asked for.
    case budgetIgnored
    /// A restart forgets how many error answers a job may have.
    case budgetForgotten
    /// A job is paused one error answer too soon.
    case budgetTooSmall
    /// A job that is paused for its errors is not heard to be allowed more.
    case budgetUnchangeable
    /// Shards are given and jobs taken while little of the disk is free.
    case littleRoomIgnored
    /// It is not told that there is room again.
    case roomNeverBack
    /// It is not told that the disk is full.
    case fullUnheard
    /// What found no room on the disk is taken for written.
    case fullGroupLost

    /// Whether it shows by jobs that do not end, and not by a broken promise.
    package var harmsLiveness: Bool {
        switch self {
        case .neverExpired, .resultSwallowed, .publishingForgotten, .wallClockRead,
            .overlongReadWhole, .rowsLeft, .budgetUnchangeable, .roomNeverBack:
            true
        default: false
        }
    }
}
