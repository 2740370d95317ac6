import Coordinator
import Ledger
import Scheduling
import Wire

/// What planted bugs remember.
struct Plants {
    /// Leases whose end was reported already.
    var heard: Set<UInt64> = []
    var cancelled: Set<UInt64> = []
    var cancelledJobs: Set<JobID> = []
    var lastResult: CompletedResult?
    /// Results by their lease, as they arrived.
    var ends: [UInt64: ResultEnd] = [:]
    var known: (session: WireSession, peer: [UInt8])?
    var restartCount = 0
}

/// Where planted bugs change what goes in and out of the core; without one, nothing is changed.
extension World {
    // MARK: - At a restart

    func plantAtRestart(_ recovered: [RecoveredJob]) -> [RecoveredJob] {
        plants.heard = []
        plants.known = nil
        switch bug {
        case .sumsForgotten: ledger.forgetsSums = true
        case .segmentOverwritten: ledger.forgetSegmentEnds()
        case .jobLost where !recovered.isEmpty: return Array(recovered.dropLast())
        case .shardLost:
            return recovered.map { job in
                RecoveredJob(row: job.row, description: job.description.withoutOneShard)
            }
        case .pauseForgotten:
            return recovered.map { job in
                guard job.row.state == .paused else { return job }
                return RecoveredJob(row: job.row.running, description: job.description)
            }
        case .doneReopened:
            return recovered.map { job in
                guard job.row.state == .done else { return job }
                return RecoveredJob(row: job.row.running, description: job.description)
            }
        default: break
        }
        return recovered
    }

    /// The jobs that the core is told of.
    func plantedStart(_ recovered: [RecoveredJob]) -> [RecoveredJob] {
        guard bug == .publishingForgotten else { return recovered }
        return recovered.filter { $0.row.state != .publishing }
    }

    func plantedNextLease() -> LeaseID {
        let next = ledger.nextLease.value
        return LeaseID(bug == .leaseReused ? max(1, next - min(next, 3)) : next)
    }

    func plantedDrained(_ isDrained: Bool) -> Bool {
        switch bug {
        case .neverExpired: return false
        case .expiredBeforeDrained: return true
        default: return isDrained
        }
    }

    /// The loop was not run for a while: where the pause is not forgiven, time passes in steps.
    func plantPause(from start: Moment) {
        guard bug == .pauseNotForgiven, now > start else { return }
        var time = start
        while time < now, coordinator.isUp {
            time = min(now, time + 900 * .millisecond)
            let moment = MonotonicTime(nanoseconds: time)
            perform(coordinator.core?.turnEnded(isDrained: true, now: moment) ?? [])
        }
    }

    // MARK: - Reports on their way in

    /// What the core is told in place of a report; nil where nothing.
    func plant(_ report: Report) -> Report? {
        switch (bug, report) {
        case (.budgetIgnored, .submit(let row, var specification, let ticket)):
            specification.maxErrors = nil
            return .submit(row, specification, ticket)
        case (.budgetTooSmall, .submit(let row, var specification, let ticket)):
            if case .records(let count) = specification.maxErrors {
                specification.maxErrors = .records(max(0, count - 1))
            }
            return .submit(row, specification, ticket)
        case (.budgetUnchangeable, .resume(let job, var specification, let ticket)):
            specification.maxErrors = client.firstBudget(of: job)
            return .resume(job, specification, ticket)
        case (.budgetUnchangeable, .askAgain(let job, var specification, let ticket)):
            specification.maxErrors = client.firstBudget(of: job)
            return .askAgain(job, specification, ticket)
        case (.littleRoomIgnored, .room), (.fullUnheard, .full): return nil
        case (.roomNeverBack, .room(let room)): return room.level == .jobs ? nil : report
        default: return report
        }
    }

    // MARK: - Messages on their way in

    struct Inward {
        var message: WorkerMessage
        var envelope: Envelope
        var peer: [UInt8]
    }

    /// Nil where the message is swallowed.
    func plantInward(_ message: WorkerMessage, _ envelope: Envelope, from index: Int) -> Inward? {
        var inward = Inward(message: message, envelope: envelope, peer: routingID(index))
        guard let bug else { return inward }
        switch (bug, message) {
        case (.epochUnchecked, _): inward.envelope.epoch = coordinator.epoch
        case (.sessionUnchecked, .hello): plants.known = (envelope.session, inward.peer)
        case (.sessionUnchecked, _):
            if let known = plants.known {
                inward.envelope.session = known.session
                inward.envelope.epoch = coordinator.epoch
                inward.peer = known.peer
            }
        case (.creditIgnored, .credit(let total)): inward.message = .credit(total: total + 3)
        case (.damageAccepted, .resultEnd(var end)) where !end.bytes.isEmpty:
            let digest = digest(of: end.bytes)
            (end.digestHigh, end.digestLow) = (digest.high, digest.low)
            end.byteCount = UInt64(end.bytes.count)
            inward.message = .resultEnd(end)
        case (.revokedAccepted, .resultEnd(let end)), (.committedTwice, .resultEnd(let end)),
            (.cancelledCommitted, .resultEnd(let end)):
            plants.ends[end.lease] = end
        case (.resultSwallowed, .resultEnd(let end)) where end.lease % 5 == 0: return nil
        default: break
        }
        return inward
    }

    // MARK: - Actions on their way out

    /// What is carried out in place of an action.
    func plant(_ action: CoordinatorCore.Action) -> [CoordinatorCore.Action] {
        guard let bug else { return [action] }
        switch action {
        case .write(let write): return plant(bug, write, action)
        case .send(let message, let envelope, let peer):
            return [.send(plant(bug, message), envelope, peer: peer)]
        default: return [action]
        }
    }

    private func plant(
        _ bug: PlantedBug,
        _ write: LedgerWrite,
        _ action: CoordinatorCore.Action
    ) -> [CoordinatorCore.Action] {
        switch (bug, write) {
        case (.acknowledgedBeforeCommit, .commitResult(let result)):
            plants.heard.insert(result.lease.value)
            return [action] + (coordinator.core?.written([write]) ?? [])
        case (.commitDropped, .commitResult):
            return coordinator.core?.written([write]) ?? []
        case (.assignedBeforeGrant, .recordGrants(let grants)):
            plants.heard.formUnion(grants.map(\.lease.value))
            return [action] + (coordinator.core?.written([write]) ?? [])
        case (.grantDropped, .recordGrants):
            return coordinator.core?.written([write]) ?? []
        case (.acceptedBeforeDurable, .createJob):
            plants.heard.insert(.max)
            return [action] + (coordinator.core?.written([write]) ?? [])
        case (.cancelledBeforeDurable, .finishJob(let job, .cancelled, _)):
            plants.cancelledJobs.insert(job)
            return [action] + (coordinator.core?.written([write]) ?? [])
        case (.rowsBeforeAnswers, .finishJob(let job, .done, _)):
            return [action, .write(.forgetShards(job))]
        case (.splitHalfLost, .splitShard(let shard, let halves)):
            return [.write(.splitShard(shard, Array(halves.prefix(1))))]
        case (.wrongDigest, .commitResult(let result)):
            return [.write(.commitResult(result.with(digest: ContentDigest(high: 1, low: 2))))]
        case (.wrongShard, .commitResult(let result)):
            let beside = ShardNumber(result.shard.number.value ^ 1)
            return [.write(.commitResult(result.with(shard: beside)))]
        case (.resultsMixed, .commitResult(let result)):
            defer { plants.lastResult = result }
            guard let last = plants.lastResult, last.records == result.records else { break }
            return [.write(.commitResult(result.mixed(with: last)))]
        default: break
        }
        return [action]
    }

    private func plant(_ bug: PlantedBug, _ message: CoordinatorMessage) -> CoordinatorMessage {
        switch (bug, message) {
        case (.resendAsCommitted, .resultAck(let lease, .resend)),
            (.rejectedAsCommitted, .resultAck(let lease, .rejected)):
            return .resultAck(lease: lease, .committed)
        case (.revokedAccepted, .cancel(let lease)): plants.cancelled.insert(lease)
        case (.revokedAccepted, .resultAck(let lease, .rejected)):
            if plants.cancelled.contains(lease) { commitAnyway(lease) }
        case (.cancelledCommitted, .resultAck(let lease, .rejected)):
            let job = checker.shard(ofLease: lease)?.job
            if let job, ledger.jobs[job]?.row.state == .cancelled { commitAnyway(lease) }
        case (.committedTwice, .resultAck(let lease, .alreadyCommitted)),
            (.committedTwice, .resultAck(let lease, .rejected)):
            commitAnyway(lease)
        case (.generationFell, .welcome(var welcome)):
            welcome.generation = welcome.generation & ~3
            return .welcome(welcome)
        default: break
        }
        return message
    }

    /// Commits a result that the scheduler did not want.
    private func commitAnyway(_ lease: UInt64) {
        guard let end = plants.ends[lease], let shard = checker.shard(ofLease: lease) else {
            return
        }
        let result = CompletedResult(
            lease: LeaseID(lease),
            shard: shard,
            bytes: end.bytes,
            digest: ContentDigest(high: end.digestHigh, low: end.digestLow),
            records: Int(end.records),
            failedRecords: 0,
            tokens: 0
        )
        // The core has not asked for it, so it is not told either.
        plants.heard.insert(lease)
        perform(.write(.commitResult(result)))
    }

    // MARK: - The disk

    /// Whether the end of a write was reported before.
    func plantedHeard(_ write: LedgerWrite) -> Bool {
        switch write {
        case .commitResult(let result): plants.heard.contains(result.lease.value)
        case .recordGrants(let grants): grants.contains { plants.heard.contains($0.lease.value) }
        case .createJob: plants.heard.contains(.max)
        case .finishJob(let job, .cancelled, _): plants.cancelledJobs.contains(job)
        default: false
        }
    }

    func plantInGroup(_ group: [LedgerWrite], _ places: [Int]) -> ([LedgerWrite], [Int]) {
        guard bug == .committedTwice else { return (group, places) }
        for (write, place) in zip(group, places) {
            guard case .commitResult(let result) = write else { continue }
            if ledger.jobs[result.shard.job]?.shards[result.shard.number.value]?.commit != nil {
                ledger.overwrite(result, place)
            }
        }
        return (group, places)
    }

    /// The answers of all shards, in the order in which they are published.
    func plantInOutput(_ shards: [(ShardID, LedgerModel.Commit, [UInt8])]) -> [[UInt8]] {
        var answers = shards.map(\.2)
        switch bug {
        case .outputReordered where answers.count > 1: answers.swapAt(0, answers.count - 1)
        case .outputCut where !answers.isEmpty: answers.removeLast()
        case .outputDoubled where !answers.isEmpty: answers.append(answers[answers.count - 1])
        default: break
        }
        return answers
    }
}

extension Scenario {
    /// What of a planted bug lies in the limits, or shows only by them.
    mutating func plant(_ bug: PlantedBug) {
        switch bug {
        case .blamedTooSoon: limits.strikeGrace = .seconds(1)
        case .overlongReadWhole:
            // A record that nobody can compute is given up, and there is no reason for one.
            (mayJobsFail, poisonShare) = (false, 0)
            limits.strikesToGiveUp = 2
            limits.strikesMax = 5
        default: break
        }
    }
}

extension JobDescription {
    fileprivate var withoutOneShard: JobDescription {
        JobDescription(
            id: id,
            cursor: cursor,
            inputBytes: inputBytes,
            progress: progress,
            openShards: Array(openShards.dropFirst())
        )
    }
}

extension JobRow {
    fileprivate var running: JobRow {
        JobRow(
            id: id,
            identity: identity,
            specification: specification,
            state: .running,
            message: "",
            inputBytes: inputBytes,
            created: created
        )
    }
}

extension CompletedResult {
    fileprivate func with(
        shard number: ShardNumber? = nil,
        bytes new: [UInt8]? = nil,
        digest other: ContentDigest? = nil
    ) -> CompletedResult {
        CompletedResult(
            lease: lease,
            shard: number.map { ShardID(job: shard.job, number: $0) } ?? shard,
            bytes: new ?? bytes,
            digest: other ?? digest,
            records: records,
            failedRecords: failedRecords,
            tokens: tokens
        )
    }

    /// The first line of another result, then the rest of this one.
    fileprivate func mixed(with other: CompletedResult) -> CompletedResult {
        let newline = UInt8(ascii: "\n")
        let head = other.bytes.prefix { $0 != newline }
        let rest = bytes.drop { $0 != newline }
        let mixed = Array(head + rest)
        return with(bytes: mixed, digest: TestSimulation.digest(of: mixed))
    }
}
