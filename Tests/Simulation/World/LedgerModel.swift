import Ledger
import Scheduling

/// What the ledger's rows and the segments beside them hold: the disk of a simulated coordinator.
///
/// It keeps what Sources/Ledger keeps. A value that was appended and not synced is lost by a crash.
struct LedgerModel {
    /// Where a shard's answers lie.
    struct Commit {
        let lease: LeaseID
        let offset: Int
        let byteCount: Int
        let digest: ContentDigest
        let records: Int
        let failedRecords: Int
        let tokens: Int
    }

    struct Shard {
        let range: ShardRange
        var attempts: Int
        var isHalf = false
        var leases: [RecordedLease] = []
        var strikes: [Strike] = []
        var commit: Commit?
    }

    struct Job {
        var row: JobRow
        var cursor = PlanningCursor.start
        /// By the numbers of their first lines.
        var shards: [Int: Shard] = [:]
        /// What is shown of it when its shards' rows are gone.
        var sums = JobProgress()
    }

    /// The answers of one job, in the order in which they came.
    struct Segment {
        var bytes: [UInt8] = []
        /// What a crash leaves of it.
        var syncedCount = 0
    }

    private(set) var epoch: UInt64 = 0
    private(set) var nextLease = LeaseID(1)
    private(set) var jobs: [JobID: Job] = [:]
    private(set) var jobOrder: [JobID] = []
    private(set) var segments: [JobID: Segment] = [:]
    /// Whether nothing is summed up of jobs that end; only for a planted bug.
    var forgetsSums = false
    private var isWritingOver: Set<JobID> = []
    /// Where the next answers of a job are taken to lie; only for a planted bug.
    private var believedEnds: [JobID: Int] = [:]

    /// What a write would have been refused for.
    struct Refusal: Error {
        let text: String
    }

    // MARK: - Writing, as the ledger's thread does

    /// Appends the answers of a group; gives the place of each write's answers.
    mutating func append(_ group: [LedgerWrite]) -> [Int] {
        group.map { write in
            guard case .commitResult(let result) = write else { return 0 }
            if isWritingOver.remove(result.shard.job) != nil {
                segments[result.shard.job] = Segment()
            }
            let end = segments[result.shard.job]?.bytes.count ?? 0
            segments[result.shard.job, default: Segment()].bytes += result.bytes
            guard let believed = believedEnds[result.shard.job] else { return end }
            believedEnds[result.shard.job] = believed + result.bytes.count
            return believed
        }
    }

    /// Makes durable what was appended to the segments that a group touches.
    mutating func synchronize(_ group: [LedgerWrite]) {
        for case .commitResult(let result) in group {
            let count = segments[result.shard.job]?.bytes.count ?? 0
            segments[result.shard.job]?.syncedCount = count
        }
    }

    /// Writes the rows of a group; a refusal ends the run, so nothing is rolled back.
    mutating func commit(
        _ group: [LedgerWrite],
        _ places: [Int],
        keepsCursor: Bool = false
    ) throws(Refusal) {
        for (write, place) in zip(group, places) { try apply(write, place, keepsCursor) }
    }

    private mutating func apply(
        _ write: LedgerWrite,
        _ place: Int,
        _ keepsCursor: Bool
    ) throws(Refusal) {
        switch write {
        case .createJob(let row):
            guard jobs[row.id] == nil else { throw Refusal(text: "job \(row.id) is there already") }
            jobs[row.id] = Job(row: row)
            jobOrder.append(row.id)
        case .recordGrants(let grants):
            for grant in grants { try insert(grant, keepsCursor) }
        case .recordStrike(let shard, let strike):
            jobs[shard.job]?.shards[shard.number.value]?.strikes.append(strike)
        case .splitShard(let shard, let halves): try split(shard, halves)
        case .commitResult(let result):
            nextLease = max(nextLease, LeaseID(result.lease.value + 1))
            try insert(result, place)
        case .beginPublishing(let job): setState(job, .publishing)
        case .respecifyJob(let job, let text): setState(job, specification: text)
        case .resumeJob(let job):
            setState(job, .running)
            cutTail(of: job)
        case .pauseJob(let job, let message): setState(job, .paused, message: message)
        case .continueJob(let job): setState(job, .running)
        case .finishJob(let job, let state, let message):
            setState(job, state, message: message)
            if state.isFinal, !forgetsSums { sumUp(job) }
        case .forgetShards(let job): try forgetShards(of: job)
        }
    }

    private mutating func insert(_ grant: Grant, _ keepsCursor: Bool) throws(Refusal) {
        let number = grant.shard.number.value
        if let range = grant.newRange {
            guard jobs[grant.shard.job]?.shards[number] == nil else {
                throw Refusal(text: "shard \(number) of \(grant.shard.job) has a row already")
            }
            jobs[grant.shard.job]?.shards[number] = Shard(range: range, attempts: 1)
        } else {
            jobs[grant.shard.job]?.shards[number]?.attempts = grant.attempt
        }
        nextLease = max(nextLease, LeaseID(grant.lease.value + 1))
        if let cursor = grant.cursor, !keepsCursor { jobs[grant.shard.job]?.cursor = cursor }
        let lease = RecordedLease(id: grant.lease, worker: grant.worker)
        guard jobs[grant.shard.job]?.shards[number]?.leases.append(lease) != nil else {
            throw Refusal(text: "lease \(grant.lease) is of shard \(number), which has no row")
        }
    }

    private mutating func split(_ shard: ShardID, _ halves: [ShardRange]) throws(Refusal) {
        let number = shard.number.value
        guard let row = jobs[shard.job]?.shards[number], row.commit == nil else {
            throw Refusal(text: "shard \(number) is split and does not wait for a result")
        }
        jobs[shard.job]?.shards[number] = nil
        for half in halves {
            guard jobs[shard.job]?.shards[half.firstLine] == nil else {
                throw Refusal(text: "a half at line \(half.firstLine) has a row already")
            }
            jobs[shard.job]?.shards[half.firstLine] = Shard(range: half, attempts: 0, isHalf: true)
        }
    }

    private mutating func insert(_ result: CompletedResult, _ place: Int) throws(Refusal) {
        let number = result.shard.number.value
        guard let shard = jobs[result.shard.job]?.shards[number] else {
            throw Refusal(text: "a result of shard \(number), which has no row")
        }
        jobs[result.shard.job]?.shards[number]?.leases = []
        guard shard.commit == nil else {
            throw Refusal(text: "a result of shard \(number), which has one")
        }
        overwrite(result, place)
    }

    /// Writes a result's row whatever stood there.
    mutating func overwrite(_ result: CompletedResult, _ place: Int) {
        jobs[result.shard.job]?.shards[result.shard.number.value]?.commit = Commit(
            lease: result.lease,
            offset: place,
            byteCount: result.bytes.count,
            digest: result.digest,
            records: result.records,
            failedRecords: result.failedRecords,
            tokens: result.tokens
        )
    }

    private mutating func setState(
        _ id: JobID,
        _ state: JobRow.State? = nil,
        message: String = "",
        specification: String? = nil
    ) {
        guard let row = jobs[id]?.row else { return }
        jobs[id]?.row = JobRow(
            id: id,
            identity: row.identity,
            specification: specification ?? row.specification,
            state: state ?? row.state,
            message: state == nil ? row.message : message,
            inputBytes: row.inputBytes,
            created: row.created
        )
    }

    /// Has the next answers written from the start of each segment; only for a planted bug.
    mutating func forgetSegmentEnds() {
        for job in jobOrder where segments[job] != nil { isWritingOver.insert(job) }
    }

    /// Removes a job's answers once its output stands.
    mutating func clear(_ job: JobID) { segments[job] = nil }

    // MARK: - The next life

    /// What a crash leaves: of unsynced bytes a part, torn anywhere, with holes where a block of
    /// them had not reached the disk.
    mutating func lose(_ chance: inout Chance) {
        for job in jobOrder {
            guard let segment = segments[job], segment.bytes.count > segment.syncedCount else {
                continue
            }
            let unsynced = segment.bytes.count - segment.syncedCount
            let kept = chance.happens(0.5) ? 0 : chance.below(unsynced + 1)
            segments[job]?.bytes.removeLast(unsynced - kept)
            let end = segment.syncedCount + kept
            for start in stride(from: segment.syncedCount, to: end, by: 16) {
                guard chance.happens(0.3) else { continue }
                for place in start..<min(start + 16, end) { segments[job]?.bytes[place] = 0 }
            }
            // Whatever is there after a start is as durable as it will ever be.
            segments[job]?.syncedCount = end
        }
    }

    /// Begins a life: its number is durable before anything is sent.
    mutating func open(raisesEpoch: Bool = true) {
        if raisesEpoch { epoch += 1 }
    }

    /// All jobs with what the scheduler needs, oldest first.
    ///
    /// - Parameter cutsTails: bytes that no row names are cut off.
    mutating func recover(cutsTails: Bool = true) throws(Refusal) -> [RecoveredJob] {
        forgetOldest()
        var found: [RecoveredJob] = []
        for id in jobOrder {
            guard let job = jobs[id] else { continue }
            if !job.row.state.isFinal {
                guard referencedCount(of: id) <= segments[id]?.bytes.count ?? 0 else {
                    throw Refusal(text: "rows of job \(id) refer to answers that are not there")
                }
                if cutsTails { cutTail(of: id) } else { believedEnds[id] = referencedCount(of: id) }
            } else {
                segments[id] = nil
            }
            found.append(RecoveredJob(row: job.row, description: description(of: id)))
        }
        return found
    }

    private func referencedCount(of id: JobID) -> Int {
        let commits = jobs[id]?.shards.values.compactMap(\.commit) ?? []
        return commits.map { $0.offset + $0.byteCount }.max() ?? 0
    }

    /// Takes back the answers of a group that found no room.
    mutating func undoAppend(_ group: [LedgerWrite]) {
        for case .commitResult(let result) in group {
            segments[result.shard.job]?.bytes.removeLast(result.bytes.count)
        }
    }

    private mutating func cutTail(of id: JobID) {
        let count = referencedCount(of: id)
        guard let segment = segments[id], segment.bytes.count > count else { return }
        segments[id]?.bytes.removeLast(segment.bytes.count - count)
        segments[id]?.syncedCount = min(segment.syncedCount, count)
    }

    /// What the scheduler needs to go on with one job.
    func description(of id: JobID) -> JobDescription {
        let job = jobs[id]
        let isFinal = job?.row.state.isFinal ?? false
        var open: [RecordedShard] = []
        for number in (job?.shards.keys).map({ $0.sorted() }) ?? [] where !isFinal {
            guard let shard = job?.shards[number] else { continue }
            if shard.commit == nil {
                open.append(
                    RecordedShard(
                        range: shard.range,
                        attempts: shard.attempts,
                        leases: shard.leases.sorted { $0.id < $1.id },
                        isHalf: shard.isHalf,
                        strikes: shard.strikes
                    )
                )
            }
        }
        return JobDescription(
            id: id,
            cursor: job?.cursor ?? .start,
            inputBytes: job?.row.inputBytes ?? 0,
            progress: isFinal ? job?.sums ?? JobProgress() : committed(of: id),
            openShards: open
        )
    }

    /// Sums over a job's rows with answers.
    private func committed(of id: JobID) -> JobProgress {
        var progress = JobProgress()
        for shard in jobs[id]?.shards.values ?? [:].values {
            guard let commit = shard.commit else { continue }
            progress.shards += 1
            progress.bytes += shard.range.byteCount
            progress.records += shard.range.recordCount
            progress.failedRecords += commit.failedRecords
            progress.tokens += commit.tokens
        }
        return progress
    }

    // MARK: - Jobs that have ended

    /// Rows that one step removes, and jobs that have ended and are kept: few, so that a run meets
    /// both.
    static let rowsPerStep = 3
    static let endedJobsMax = 4

    private mutating func sumUp(_ id: JobID) {
        let sums = committed(of: id)
        jobs[id]?.sums = sums
    }

    private mutating func forgetShards(of id: JobID) throws(Refusal) {
        // It may have been among the oldest, and be gone as a whole.
        guard let job = jobs[id] else { return }
        guard job.row.state.isFinal else {
            throw Refusal(text: "job \(id) loses shards that it needs")
        }
        for number in job.shards.keys.sorted().prefix(Self.rowsPerStep) {
            jobs[id]?.shards[number] = nil
        }
        if !hasShards(of: id) { forgetOldest() }
    }

    /// Whether rows of a job's shards are still there.
    func hasShards(of id: JobID) -> Bool { !(jobs[id]?.shards.isEmpty ?? true) }

    /// Whether a job that has ended for good has rows of shards, or answers.
    var hasLeftovers: Bool {
        jobs.values.contains { job in
            job.row.state.isFinal && (!job.shards.isEmpty || segments[job.row.id] != nil)
        }
    }

    private mutating func forgetOldest() {
        let gone = jobOrder.filter { jobs[$0]?.row.state.isFinal == true && !hasShards(of: $0) }
            .dropLast(Self.endedJobsMax)
        for id in gone { jobs[id] = nil }
        if !gone.isEmpty { jobOrder.removeAll { jobs[$0] == nil } }
    }

    // MARK: - Reading

    /// Whether all lines before the cursor, and none behind it, are of one row each.
    func coversOnce(_ id: JobID, knownShards: Int) -> Bool {
        guard let job = jobs[id], job.shards.count == knownShards else { return false }
        var line = 0
        for number in job.shards.keys.sorted() {
            guard number == line, let shard = job.shards[number] else { return false }
            line = shard.range.endLine
        }
        return line == job.cursor.line
    }

    /// The answers of a shard that no crash can lose; nil where they are not.
    func durableAnswers(of shard: ShardID) -> (commit: Commit, bytes: ArraySlice<UInt8>)? {
        guard let commit = jobs[shard.job]?.shards[shard.number.value]?.commit,
            let segment = segments[shard.job],
            commit.offset + commit.byteCount <= segment.syncedCount
        else { return nil }
        return (commit, segment.bytes[commit.offset..<commit.offset + commit.byteCount])
    }

    /// All answers of a job in order, and whether they are what was committed, without a gap.
    func publishable(_ id: JobID) -> (shards: [(ShardID, Commit, [UInt8])], isSound: Bool) {
        guard let job = jobs[id] else { return ([], false) }
        var shards: [(ShardID, Commit, [UInt8])] = []
        var isSound = true
        var nextLine = 0
        for number in job.shards.keys.sorted() {
            guard let shard = job.shards[number], let commit = shard.commit else { continue }
            isSound = isSound && number == nextLine
            nextLine = shard.range.endLine
            let segment = segments[id]?.bytes ?? []
            guard commit.offset + commit.byteCount <= segment.count else { return (shards, false) }
            let bytes = Array(segment[commit.offset..<commit.offset + commit.byteCount])
            shards.append((ShardID(job: id, number: ShardNumber(number)), commit, bytes))
        }
        return (shards, isSound)
    }
}
