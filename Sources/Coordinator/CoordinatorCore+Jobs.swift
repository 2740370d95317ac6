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
        let description = JobDescription(
            id: row.id,
            cursor: .start,
            inputBytes: row.inputBytes,
            progress: JobProgress(),
            openShards: []
        )
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
        guard var specification = specifications[job], fullDisk == nil else {
            actions.append(.reply(ticket, false))
            return take()
        }
        specification.modelPath = new.modelPath
        specification.rejects = new.rejects
        specification.replacesOutput = new.replacesOutput
        if specification == specifications[job] {
            resumeIfFailed(job, ticket)
        } else {
            respecifications[job, default: []].append((specification, ticket))
            let text = CanonicalJSON.encode(specification)
            actions.append(.write(.respecifyJob(job, text)))
        }
        return take()
    }

    /// The input thread does nothing for a failed job any more: it is read anew.
    package mutating func inputSettled(_ job: JobID) -> [Action] {
        actions += [.write(.resumeJob(job)), .describe(job)]
        return take()
    }

    /// Goes on with a failed job from what is durable of it, as after a restart.
    package mutating func resumed(_ description: JobDescription) -> [Action] {
        perform(scheduler.jobResumed(description))
        let tickets = resumptions.removeValue(forKey: description.id) ?? []
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
        perform(scheduler.jobFailed(job, message: message))
        return take()
    }

    /// Takes note that a job's output stands in its place.
    package mutating func published(_ job: JobID) -> [Action] {
        guard scheduler.jobs[job]?.state == .publishing else { return take() }
        actions.append(.write(.finishJob(job, .done, message: "")))
        return take()
    }

    /// Takes note that the disk has no room: no lease is given until there is some.
    ///
    /// Nobody waits for that: new jobs are refused, and who asked again for a job is told.
    mutating func diskFilled(_ reason: String, refused: [JobID]) -> [Action] {
        fullDisk = reason
        scheduler.spaceChanged(hasSpace: false)
        var tickets = refused.compactMap { submissions.removeValue(forKey: $0)?.2 }
        tickets += respecifications.values.joined().map(\.1) + resumptions.values.joined()
        actions += tickets.sorted().map { .reply($0, false) }
        return take()
    }

    /// Takes note of what is durable: only that reaches the scheduler and the workers.
    package mutating func written(_ group: [LedgerWrite]) -> [Action] {
        if fullDisk != nil {
            fullDisk = nil
            scheduler.spaceChanged(hasSpace: true)
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
        case .finishJob(let job, .done, _):
            scheduler.jobPublished(job)
            optionTexts[job] = nil
            guard let specification = specifications[job] else { return }
            actions.append(.publish(.clear(job, specification)))
        case .respecifyJob(let job, _):
            guard let (specification, ticket) = respecifications[job]?.removeFirst() else { return }
            specifications[job] = specification
            resumeIfFailed(job, ticket)
        case .splitShard(let shard, let halves): scheduler.splitRecorded(shard, halves)
        case .beginPublishing, .finishJob, .resumeJob, .recordStrike: break
        }
    }

    /// Has a failed job go on; one that has not failed goes on by itself.
    private mutating func resumeIfFailed(_ job: JobID, _ ticket: Ticket) {
        switch scheduler.jobs[job]?.state {
        case .failed, nil: break
        case .running, .publishing, .done:
            actions.append(.reply(ticket, true))
            return
        }
        resumptions[job, default: []].append(ticket)
        guard resumptions[job]?.count == 1 else { return }
        // What the input thread still does for the failed job must not be taken for the new one's.
        actions.append(.read(.settle(job)))
    }
}
