package import Ledger
package import Scheduling

/// Jobs: how they come, go on and end.
extension CoordinatorCore {
    /// Takes in a new job; the ticket is told once it is durable.
    package mutating func submitted(
        _ row: JobRow,
        _ specification: JobSpecification,
        _ ticket: Ticket
    ) -> [Action] {
        guard room.level == .jobs else {
            actions.append(.reply(ticket, false))
            return take()
        }
        var description = JobDescription(
            id: row.id,
            cursor: .start,
            inputBytes: row.inputBytes,
            progress: JobProgress(),
            openShards: []
        )
        description.errorBudget = specification.maxErrors
        submissions[row.id] = (description, specification, ticket)
        actions.append(.write(.createJob(row)))
        return take()
    }

    /// Gives a known job what may differ between two submissions of it, then has it go on.
    package mutating func askedAgain(
        _ job: JobID,
        _ new: JobSpecification,
        _ ticket: Ticket
    ) -> [Action] {
        guard fullDisk == nil, cancellations[job] == nil, !isOver(job) else {
            actions.append(.reply(ticket, false))
            return take()
        }
        // Of a job that has ended only the ledger has the specification.
        var specification = specifications[job] ?? new
        if scheduler.jobs[job]?.state == .publishing, let rejects = new.rejects,
            rejects != specification.rejects
        {
            // It is being written without them already.
            actions.append(.reply(ticket, false))
            return take()
        }
        specification.modelPath = new.modelPath
        specification.rejects = new.rejects
        specification.replacesOutput = new.replacesOutput
        specification.maxErrors = new.maxErrors
        if specification == specifications[job] {
            goOn(job, ticket)
        } else {
            respecifications[job, default: []].append((specification, ticket))
            let text = CanonicalJSON.encode(specification)
            actions.append(.write(.respecifyJob(job, text)))
        }
        return take()
    }

    /// The input thread does nothing for a failed job any more: it is read anew.
    package mutating func inputSettled(_ job: JobID) -> [Action] {
        // Somebody may have cancelled it meanwhile.
        guard resumptions[job] != nil else { return take() }
        actions += [.write(.resumeJob(job)), .describe(job)]
        return take()
    }

    /// Goes on with a failed job from what is durable of it, as after a restart.
    package mutating func resumed(_ description: JobDescription) -> [Action] {
        guard let tickets = resumptions.removeValue(forKey: description.id) else { return take() }
        var description = description
        description.errorBudget = specifications[description.id]?.maxErrors
        ended.removeAll { $0.id == description.id.description }
        perform(scheduler.jobResumed(description))
        actions += tickets.map { .reply($0, true) }
        return take()
    }

    /// Takes in shards that were cut from a job's input, and where that stopped.
    package mutating func planned(
        _ job: JobID,
        _ ranges: [ShardRange],
        _ cursor: PlanningCursor
    ) -> [Action] {
        perform(scheduler.shardsPlanned(job, ranges, cursor: cursor))
        return take()
    }

    /// Takes in the halves into which a shard was cut that failed too often.
    package mutating func split(_ shard: ShardID, _ halves: [ShardRange]) -> [Action] {
        perform(scheduler.shardCut(shard, halves))
        return take()
    }

    /// Takes in the answer that stands for a record that was given up.
    package mutating func answered(_ shard: ShardID, _ answer: [UInt8], records: Int) -> [Action] {
        guard let lease = scheduler.answerMade(shard) else { return take() }
        let result = CompletedResult(
            lease: lease,
            shard: shard,
            bytes: answer,
            digest: ContentDigest(of: answer),
            records: records,
            failedRecords: records,
            tokens: 0
        )
        actions.append(.write(.commitResult(result)))
        return take()
    }

    /// Ends a job whose input or output cannot be used.
    ///
    /// - Parameter lease: for which the input was read; nothing where it has ended meanwhile.
    package mutating func failed(
        _ job: JobID,
        reading lease: LeaseID? = nil,
        message: String
    ) -> [Action] {
        if let lease, scheduler.shard(of: lease) == nil { return take() }
        outputWaits[job] = nil
        perform(scheduler.jobFailed(job, message: message))
        return take()
    }

    /// Takes note that what a job left has been removed: now its rows may go.
    package mutating func cleared(_ job: JobID) -> [Action] {
        actions.append(.write(.forgetShards(job)))
        return take()
    }

    /// Has more rows removed of jobs that have ended, a step each.
    package mutating func rowsRemain(_ jobs: [JobID]) -> [Action] {
        actions += jobs.map { .write(.forgetShards($0)) }
        return take()
    }

    /// Takes note that a job's output stands in its place.
    package mutating func published(_ job: JobID) -> [Action] {
        guard scheduler.jobs[job]?.state == .publishing else { return take() }
        outputWaits[job] = nil
        actions.append(.write(.finishJob(job, .done, message: "")))
        return take()
    }

    /// Takes note that a job's output found no room: it is tried again, and others go on.
    package mutating func publishingWaits(
        _ job: JobID,
        _ message: String,
        pause: Duration
    ) -> [Action] {
        guard scheduler.jobs[job]?.state == .publishing else { return take() }
        outputWaits[job] = OutputWait(message: message, pause: pause)
        return take()
    }

    /// Has outputs tried that have waited for long enough.
    mutating func publishAgain(_ now: MonotonicTime) {
        for (job, wait) in outputWaits.sorted(by: { $0.key < $1.key }) where !wait.isTried {
            guard let due = wait.due else {
                outputWaits[job]?.due = now.advanced(by: wait.pause)
                continue
            }
            guard now >= due, let specification = specifications[job] else { continue }
            outputWaits[job]?.isTried = true
            actions.append(.publish(.publish(job, specification)))
        }
    }

    /// Takes note that the disk has no room: no lease is given until there is some.
    ///
    /// Nobody waits for that: new jobs are refused, and who asked again for a job is told.
    package mutating func diskFilled(_ reason: String, refused: [JobID]) -> [Action] {
        fullDisk = reason
        spaceChanged()
        var tickets = refused.compactMap { submissions.removeValue(forKey: $0)?.2 }
        tickets += respecifications.values.joined().compactMap(\.1) + resumptions.values.joined()
        tickets += wishTickets
        actions += tickets.sorted().map { .reply($0, false) }
        return take()
    }

    /// Takes note of how much of the disk is free: new jobs, and then shards, need so much of it
    /// that it does not fill up.
    package mutating func roomChanged(_ room: DiskRoom) -> [Action] {
        self.room = room
        spaceChanged()
        return take()
    }

    private mutating func spaceChanged() {
        scheduler.spaceChanged(hasSpace: fullDisk == nil && room.level > .answers)
    }

    /// Why no new jobs are taken, or no shards given either; nil where there is room for both.
    var littleRoom: String? {
        guard room.level < .jobs else { return nil }
        let (need, what) =
            room.level == .shards
            ? (room.jobsNeed, "new jobs are taken") : (room.shardsNeed, "work is given")
        return
            "\(room.freeBytes >> 20) MiB are free on the disk of the state folder, and no \(what) "
            + "while fewer than \(need >> 20) MiB are; make room on its disk"
    }

    /// Takes note of what is durable: only that reaches the scheduler and the workers.
    package mutating func written(_ group: [LedgerWrite]) -> [Action] {
        if fullDisk != nil {
            fullDisk = nil
            spaceChanged()
        }
        for write in group { written(write) }
        return take()
    }

    private mutating func written(_ write: LedgerWrite) {
        switch write {
        case .createJob(let row):
            guard let (description, specification, ticket) = submissions.removeValue(forKey: row.id)
            else { return }
            specifications[row.id] = specification
            perform(scheduler.jobOpened(description))
            actions.append(.reply(ticket, true))
        case .recordGrants(let grants):
            perform(scheduler.grantsRecorded(grants.map(\.lease)))
        case .commitResult(let result):
            inbox.written(result.lease)
            perform(
                scheduler.resultCommitted(
                    result.lease,
                    records: result.records,
                    failedRecords: result.failedRecords,
                    tokens: result.tokens
                )
            )
        case .finishJob(let job, let state, _): finished(job, state)
        case .respecifyJob(let job, _): respecified(job)
        case .pauseJob(let job, _):
            actions += (pauses.removeValue(forKey: job) ?? []).map { .reply($0, true) }
        case .continueJob(let job):
            actions += (continuations.removeValue(forKey: job) ?? []).map { .reply($0, true) }
        case .splitShard(let shard, let halves): scheduler.splitRecorded(shard, halves)
        case .beginPublishing, .resumeJob, .recordStrike, .forgetShards: break
        }
    }

    private mutating func respecified(_ job: JobID) {
        guard let (specification, ticket) = respecifications[job]?.removeFirst() else { return }
        if respecifications[job]?.isEmpty == true { respecifications[job] = nil }
        guard cancellations[job] == nil, !isOver(job) else {
            if let ticket { actions.append(.reply(ticket, false)) }
            return
        }
        specifications[job] = specification
        scheduler.errorBudgetChanged(job, specification.maxErrors)
        if let ticket { goOn(job, ticket) }
    }

    /// Has a failed job go on, and one that is paused by errors of which it may now have more.
    ///
    /// One that a user has paused waits for a user's word; all others go on by themselves.
    private mutating func goOn(_ job: JobID, _ ticket: Ticket) {
        switch scheduler.jobs[job]?.state {
        case .failed, nil: resume(job, ticket)
        case .paused(let message) where !message.isEmpty && scheduler.isWithinErrorBudget(job):
            unpause(job, ticket)
        case .running, .paused, .publishing, .done: actions.append(.reply(ticket, true))
        case .cancelling, .cancelled: actions.append(.reply(ticket, false))
        }
    }

    /// Has a failed job read anew.
    mutating func resume(_ job: JobID, _ ticket: Ticket) {
        resumptions[job, default: []].append(ticket)
        guard resumptions[job]?.count == 1 else { return }
        // What the input thread still does for the failed job must not be taken for the new one's.
        actions.append(.read(.settle(job)))
    }
}
