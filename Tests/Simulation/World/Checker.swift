import Coordinator
import Ledger
import Scheduling
import Wire

/// Judges a run by what can be seen from outside: messages, what a crash would leave, outputs.
///
/// It knows nothing of the scheduler; the names I1 to I15 are those of the invariants.
struct Checker {
    /// What is known of one session in the coordinator's present life.
    private struct Session {
        var connection: Int
        /// The highest credit heard, and assignments sent, since the last welcome.
        var credit: UInt64 = 0
        var assigned: UInt64 = 0
        var lastArrival: Moment
        var silence: Moment = 0
        var hasLeft = false
    }

    private(set) var violations: [String] = []
    private var epoch: UInt64 = 0
    private var sessions: [WireSession: Session] = [:]
    private var lastGeneration: UInt64 = 0
    private var given: Set<UInt64> = []
    private var lastGrant = LeaseID(0)
    private var revoked: Set<UInt64> = []
    private var committed: [ShardID: (lease: LeaseID, digest: ContentDigest)] = [:]
    private var shardOfLease: [UInt64: ShardID] = [:]
    /// Who was given a shard that is not committed, on which machine, and who was fenced.
    private var tries: [ShardID: [WireSession]] = [:]
    private var machines: [WireSession: String] = [:]
    private var fenced: Set<WireSession> = []
    private var acceptedJobs: Set<JobID> = []
    private var doneJobs: Set<JobID> = []
    private var cancelledJobs: Set<JobID> = []
    private var pausedJobs: Set<JobID> = []
    private var outputs: [JobID: ContentDigest] = [:]
    private let deadAfter: Moment
    /// When a message of each session last stood at the door.
    private var arrivals: [WireSession: Moment] = [:]
    private(set) var acknowledgedCount = 0
    private var budgets = Budgets()
    /// Jobs as they became durable.
    private var createdJobs: [JobID] = []
    /// Whether the core was told that the disk is full, and what it is enough for.
    private var isFull = false
    private var room = DiskRoom.Level.jobs

    init(deadAfter: Moment) {
        self.deadAfter = deadAfter
    }

    mutating func violate(_ text: String) {
        if violations.count < 20 { violations.append(text) }
    }

    private mutating func expect(_ holds: Bool, _ text: @autoclosure () -> String) {
        if !holds { violate(text()) }
    }

    /// The shard that a lease was given for, once that is durable.
    func shard(ofLease lease: UInt64) -> ShardID? { shardOfLease[lease] }

    // MARK: - Lives

    /// A new life has read the disk: I1, I4, I6, I12.
    mutating func recovered(_ jobs: [RecoveredJob], _ ledger: LedgerModel, epoch new: UInt64) {
        let last = epoch
        expect(new > last, "I6: the epoch went from \(last) to \(new)")
        epoch = new
        sessions = [:]
        // What was cancelled and is not on the disk stands again: its worker may still have it. And
        // a lease that was taken back before it was durable was never given: its number is free.
        revoked = revoked.filter { lease in
            shardOfLease[lease].map { committed[$0] != nil } ?? false
        }
        (isFull, room) = (false, .jobs)
        budgets.recovered(jobs)
        let found = Set(jobs.map(\.row.id))
        let over = doneJobs.union(cancelledJobs)
        let old = createdJobs.filter(over.contains).dropLast(LedgerModel.endedJobsMax)
        let isThere = acceptedJobs.subtracting(old).isSubset(of: found)
        expect(isThere, "I4: an accepted job is gone after a restart")
        for job in jobs { described(job.description, ledger) }
        for job in jobs where doneJobs.contains(job.row.id) {
            expect(job.row.state == .done, "I12: job \(job.row.id) was done and is no more")
        }
        for job in jobs where cancelledJobs.contains(job.row.id) {
            expect(job.row.state == .cancelled, "I12: job \(job.row.id) is cancelled no more")
        }
    }

    /// A user is told that a job is cancelled: I5.
    mutating func cancelled(_ job: JobID, _ ledger: LedgerModel) {
        // Of those that have ended only some are kept.
        let isCancelled =
            ledger.jobs[job].map { $0.row.state == .cancelled } ?? cancelledJobs.contains(job)
        expect(isCancelled, "I5: job \(job) is told to be cancelled and is not")
    }

    /// A job is read anew, to go on from there: I1.
    mutating func described(_ description: JobDescription, _ ledger: LedgerModel) {
        let id = description.id
        let progress = description.progress
        let shown = Budgets.Count(
            shards: progress.shards,
            records: progress.records,
            errors: progress.failedRecords
        )
        let isShown = shown == budgets.durable[id] ?? Budgets.Count()
        expect(isShown, "I4: of job \(id) another progress is shown than was made")
        if doneJobs.contains(id) || cancelledJobs.contains(id) { return }
        let shards = description.progress.shards + description.openShards.count
        let isCovered = ledger.coversOnce(description.id, knownShards: shards)
        expect(isCovered, "I1: lines of job \(description.id) are not of one shard each")
    }

    /// A life begins to give leases from this one on: I6.
    mutating func begins(with next: LeaseID) {
        let last = lastGrant
        expect(next > last, "I6: a life begins with lease \(next), though \(last) was given")
    }

    mutating func accepted(_ job: JobID, _ ledger: LedgerModel) {
        expect(ledger.jobs[job] != nil, "I5: job \(job) is accepted and not durable")
        acceptedJobs.insert(job)
    }

    // MARK: - The disk

    /// The core hears of the disk.
    mutating func told(_ report: Report) {
        switch report {
        case .written(let group):
            isFull = false
            budgets.told(group)
        case .full: isFull = true
        case .room(let room): self.room = room.level
        default: break
        }
    }

    /// The core asks for a write: I2, I7, I10.
    mutating func asked(
        _ write: LedgerWrite,
        at now: Moment,
        recordCount: (JobID) -> Int
    ) {
        budgets.asked(write)
        switch write {
        case .createJob(let row):
            expect(room == .jobs, "job \(row.id) is taken with little room")
        case .recordGrants:
            expect(!isFull && room > .answers, "shards are given without room for more")
        case .pauseJob(let job, let message) where !message.isEmpty:
            let isJust = budgets.mayBe(paused: true, job, of: recordCount(job))
            expect(isJust, "job \(job) is paused with no more errors than it may have: \(message)")
        case .beginPublishing(let job):
            let isJust = budgets.mayBe(paused: false, job, of: recordCount(job))
            expect(isJust, "job \(job) is published with more errors than it may have")
        case .commitResult(let result):
            let isRevoked = revoked.contains(result.lease.value)
            expect(!isRevoked, "I7: a result of lease \(result.lease) is wanted, and was revoked")
            let isOpen = committed[result.shard] == nil
            expect(isOpen, "I2: shard \(result.shard.number) was committed, and is once more")
        case .recordStrike(let shard, let strike) where strike.kind == .lost:
            blamed(shard, strike.machine, now)
        default: break
        }
    }

    /// A shard is blamed for a lost worker: only one that had it and did not come back counts.
    private mutating func blamed(_ shard: ShardID, _ machine: String, _ now: Moment) {
        let isJust = (tries[shard] ?? []).contains { session in
            let grace: Moment = fenced.contains(session) ? 3 * .second : 60 * .second
            return machines[session] == machine && now - (arrivals[session] ?? 0) >= grace
        }
        expect(isJust, "I10: shard \(shard.number) is blamed for a worker that is not lost")
    }

    /// A write cannot be lost any more: I1, I2, I3, I6, I12.
    mutating func durable(_ write: LedgerWrite, _ ledger: LedgerModel) {
        switch write {
        case .recordGrants(let grants):
            for grant in grants {
                let job = grant.shard.job
                let isOpen = !pausedJobs.contains(job) && !cancelledJobs.contains(job)
                expect(isOpen, "a shard of job \(job) is given, which is paused or cancelled")
                let last = lastGrant
                expect(grant.lease > last, "I6: lease \(grant.lease) is granted after \(last)")
                lastGrant = max(last, grant.lease)
                shardOfLease[grant.lease.value] = grant.shard
            }
        case .commitResult(let result): durable(result, ledger)
        case .pauseJob(let job, _): pausedJobs.insert(job)
        case .continueJob(let job): pausedJobs.remove(job)
        case .finishJob(let job, let state, _):
            let isCancelled = cancelledJobs.contains(job)
            expect(!isCancelled, "I12: job \(job) was cancelled and is \(state)")
            if state == .cancelled { cancelledJobs.insert(job) }
            pausedJobs.remove(job)
            if state == .done { doneJobs.insert(job) }
            let isFinal = state == .done || !doneJobs.contains(job)
            expect(isFinal, "I12: job \(job) was done and failed")
            let hasOutput = state != .done || outputs[job] != nil
            expect(hasOutput, "I4: job \(job) is done and has no output")
        case .resumeJob(let job):
            let isFinal = doneJobs.contains(job) || cancelledJobs.contains(job)
            expect(!isFinal, "I12: job \(job) was done or cancelled and runs again")
            // It goes on as after a restart: workers that still hold its leases keep them.
            revoked = revoked.filter { shardOfLease[$0]?.job != job }
        case .splitShard(let shard, let halves): split(shard, halves, ledger)
        case .createJob(let row): createdJobs.append(row.id)
        case .forgetShards(let job):
            let isOver = doneJobs.contains(job) || cancelledJobs.contains(job)
            expect(isOver, "I12: rows of job \(job) are removed, which has not ended")
            let isCleared = ledger.segments[job] == nil
            expect(isCleared, "I13: rows of job \(job) are removed before its answers")
        case .beginPublishing, .respecifyJob, .recordStrike: break
        }
    }

    private mutating func durable(_ result: CompletedResult, _ ledger: LedgerModel) {
        let isCancelled = cancelledJobs.contains(result.shard.job)
        expect(!isCancelled, "I7: a result of job \(result.shard.job), which was cancelled")
        let row = ledger.jobs[result.shard.job]?.shards[result.shard.number.value]
        if let first = committed[result.shard] {
            let isSame = row?.commit?.lease == first.lease && row?.commit?.digest == first.digest
            expect(isSame, "I2: shard \(result.shard.number) was committed and has changed")
            return
        }
        committed[result.shard] = (result.lease, result.digest)
        tries[result.shard] = nil
        budgets.committed(result)
        let given = shardOfLease[result.lease.value]
        if let lines = AnswerLine.parse(result.bytes), lines.allSatisfy({ $0.lease == 0 }),
            given == nil || !lines.isEmpty
        {
            // Of records that were given up: nobody computed them.
            expect(lines.count <= 1, "I8: \(lines.count) records are given up at once")
            let last = lastGrant
            expect(result.lease > last, "I6: lease \(result.lease) is granted after \(last)")
            lastGrant = max(last, result.lease)
            return
        }
        expect(
            given == result.shard,
            "I7: lease \(result.lease) is not of shard \(result.shard.number)"
        )
        guard let range = row?.range, let lines = AnswerLine.parse(result.bytes) else {
            return violate("I3: shard \(result.shard.number) holds what no engine wrote")
        }
        let isWhole = lines.enumerated().allSatisfy { place, line in
            line.place == place && line.count == lines.count && line.nonce == lines[0].nonce
                && line.lease == Int(result.lease.value)
        }
        expect(isWhole, "I3: shard \(result.shard.number) holds more or less than one result")
        expect(lines.count == range.recordCount, "I8: shard \(result.shard.number) lacks answers")
        let isInside = lines.allSatisfy {
            $0.index >= range.firstLine && $0.index < range.firstLine + range.lineCount
        }
        expect(isInside, "I3: shard \(result.shard.number) holds another's answers")
    }

    /// A shard was cut in two: its records are still covered once, and its leases are void.
    private mutating func split(_ shard: ShardID, _ halves: [ShardRange], _ ledger: LedgerModel) {
        let first = halves.first?.firstLine == shard.number.value
        let isWhole = zip(halves, halves.dropFirst()).allSatisfy { $0.endLine == $1.firstLine }
        expect(first && isWhole && halves.count == 2, "I1: shard \(shard.number) is cut with a gap")
        expect(committed[shard] == nil, "I2: shard \(shard.number) was committed and is split")
        revoked.formUnion(shardOfLease.filter { $0.value == shard }.keys)
    }

    // MARK: - Outputs

    /// An output stands in its place: I8, I12.
    mutating func published(
        _ job: JobID,
        _ bytes: [UInt8],
        _ input: VirtualInput,
        mayGiveUp: Bool
    ) {
        expect(!cancelledJobs.contains(job), "job \(job) was cancelled and is published")
        let digest = digest(of: bytes)
        if let first = outputs[job] {
            expect(first == digest, "I12: the output of job \(job) has changed")
            return
        }
        outputs[job] = digest
        guard let lines = AnswerLine.parse(bytes) else {
            return violate("I8: the output of job \(job) holds what no engine wrote")
        }
        let records = (0..<input.lineCount).filter(input.isRecord)
        expect(lines.map(\.index) == records, "I8: the answers of job \(job) are not its records'")
        expect(lines.map(\.echo) == records, "I8: job \(job) answers other texts than were asked")
        let errors = lines.count(where: \.isError)
        let isCounted = errors == budgets.durable[job]?.errors ?? 0
        expect(isCounted, "job \(job) has \(errors) error answers, and others were counted")
        let isTrue = lines.allSatisfy { $0.isError == (input.isFaulty($0.index) || $0.lease == 0) }
        expect(isTrue, "I3: job \(job) has errors in place of answers, or answers of errors")
        let isJust = lines.allSatisfy { line in
            input.isPoison(line.index) ? line.lease == 0 : line.lease > 0 || mayGiveUp
        }
        expect(isJust, "I10: job \(job) gives up a record that can be answered")
        var place = 0
        while place < lines.count {
            let first = lines[place]
            let run = lines[place...].prefix(first.count)
            let isWhole = run.count == first.count && run.allSatisfy { $0.nonce == first.nonce }
            expect(isWhole, "I3: the output of job \(job) mixes results")
            place += max(1, run.count)
        }
    }

    // MARK: - Messages

    /// A message stands at the coordinator's door, read or not.
    ///
    /// What comes late over a connection that was left says nothing of now. What names another life
    /// of the coordinator is no sign of life in this one: it may change nothing, as I15 says.
    mutating func arrived(
        _ key: WireSession,
        epoch named: UInt64,
        over connection: Int,
        at now: Moment
    ) {
        arrivals[key] = now
        guard let session = sessions[key], session.connection == connection, named == epoch
        else { return }
        let last = session.lastArrival
        let silence = max(session.silence, now - min(now, last))
        sessions[key]?.silence = silence
        sessions[key]?.lastArrival = now
    }

    /// The core has taken a message: I9, I15.
    mutating func heard(
        _ message: WorkerMessage,
        _ envelope: Envelope,
        over connection: Int,
        answeredBy actions: [CoordinatorCore.Action]
    ) {
        let session = sessions[envelope.session]
        let isKnown = session?.connection == connection && envelope.epoch == epoch
        if case .hello(let hello) = message {
            machines[envelope.session] = hello.machineID
            return
        }
        guard isKnown, session?.hasLeft == false else {
            let isHarmless = actions.allSatisfy { action in
                switch action {
                case .send(.resync, _, _), .send(.fenced, _, _): true
                default: false
                }
            }
            return expect(isHarmless, "I15: a message of an unknown session has an effect")
        }
        switch message {
        case .credit(let total):
            let known = sessions[envelope.session]?.credit ?? 0
            sessions[envelope.session]?.credit = max(known, total)
        case .bye: sessions[envelope.session]?.hasLeft = true
        default: break
        }
    }

    /// The coordinator says something: I5, I6, I9.
    mutating func said(
        _ message: CoordinatorMessage,
        _ envelope: Envelope,
        over connection: Int,
        _ isQueued: Bool,
        at now: Moment,
        _ ledger: LedgerModel
    ) {
        let key = envelope.session
        if message != .resync, message != .fenced {
            let now = epoch
            expect(envelope.epoch == now, "I6: a message of epoch \(envelope.epoch) in \(now)")
        }
        switch message {
        case .welcome(let welcome):
            welcomed(welcome, key, connection, now)
            for lease in welcome.keep { tried(lease, by: key) }
        case .assign(let assign) where isQueued: assigned(assign, key, ledger)
        case .resultAck(let lease, let outcome): acknowledged(lease, outcome, ledger)
        case .cancel(let lease): revoked.insert(lease)
        case .fenced:
            sessions[key] = nil
            fenced.insert(key)
        case .resync:
            guard let session = sessions[key], session.connection == connection,
                envelope.epoch == epoch, !session.hasLeft
            else { return }
            let silence = max(session.silence, now - min(now, session.lastArrival))
            let deadAfter = deadAfter
            expect(
                silence > deadAfter,
                "a worker is given up that was silent for \(silence) only, of \(deadAfter)"
            )
            sessions[key] = nil
        default: break
        }
    }

    private mutating func welcomed(
        _ welcome: Welcome,
        _ key: WireSession,
        _ connection: Int,
        _ now: Moment
    ) {
        // A welcome may be long on its way: what counts is when the worker was heard.
        sessions[key] = Session(connection: connection, lastArrival: arrivals[key] ?? now)
        let last = lastGeneration
        expect(welcome.generation > last, "a generation went from \(last) to \(welcome.generation)")
        lastGeneration = welcome.generation
    }

    private mutating func assigned(_ assign: Assign, _ key: WireSession, _ ledger: LedgerModel) {
        expect(given.insert(assign.lease).inserted, "I6: lease \(assign.lease) is given twice")
        expect(
            shardOfLease[assign.lease].map { $0.job.description } == assign.job,
            "I5: lease \(assign.lease) is sent and not durable"
        )
        tried(assign.lease, by: key)
        guard var session = sessions[key] else { return }
        session.assigned += 1
        expect(
            session.assigned <= session.credit,
            "I9: \(session.assigned) assignments for a credit of \(session.credit)"
        )
        sessions[key] = session
    }

    private mutating func tried(_ lease: UInt64, by key: WireSession) {
        guard let shard = shardOfLease[lease], committed[shard] == nil else { return }
        tries[shard, default: []].append(key)
    }

    private mutating func acknowledged(
        _ lease: UInt64,
        _ outcome: CoordinatorMessage.Outcome,
        _ ledger: LedgerModel
    ) {
        guard outcome == .committed || outcome == .alreadyCommitted else { return }
        acknowledgedCount += 1
        guard let shard = shardOfLease[lease] else {
            return violate("I5: lease \(lease) is acknowledged and was never durable")
        }
        // An output that stands has taken the answers over.
        if outputs[shard.job] != nil { return }
        let answers = ledger.durableAnswers(of: shard)
        let isOwn = outcome == .alreadyCommitted || answers?.commit.lease.value == lease
        expect(answers != nil && isOwn, "I5: lease \(lease) is acknowledged and not durable")
        guard let (commit, bytes) = answers else { return }
        let isIntact = digest(of: Array(bytes)) == commit.digest
        expect(isIntact, "I4: what was acknowledged of shard \(shard.number) is damaged")
    }
}
