import Ledger
import Platform
import Scheduling
import Wire

extension CoordinatorLoop {
    /// Carries out what the scheduler asks for, in its order.
    func perform(_ actions: [SchedulerAction]) {
        for action in actions { perform(action) }
    }

    private func perform(_ action: SchedulerAction) {
        switch action {
        case .plan(let job, let cursor, let count, let targetBytes):
            guard let specification = specifications[job] else { return }
            around.input.post(.plan(job, specification, cursor, count: count, targetBytes))
        case .recordGrants(let grants):
            around.ledger.write(.recordGrants(grants))
        case .assign(let assignment):
            guard let specification = specifications[assignment.shard.job] else { return }
            around.input.post(.read(assignment, specification))
        case .commitResult(let lease, let shard):
            commit(lease, shard)
        case .acknowledge(let session, let lease, let outcome):
            forgetTransfers(lease)
            send(.resultAck(lease: lease.value, outcome.onWire), to: session)
        case .cancel(let session, let lease):
            forgetTransfers(lease)
            send(.cancel(lease: lease.value), to: session)
        case .welcome(let session, let decision):
            send(
                .welcome(
                    Welcome(
                        generation: decision.generation,
                        heartbeatMilliseconds: 2_000,
                        deadMilliseconds: UInt32(
                            around.limits.deadAfter.components.seconds * 1_000
                        ),
                        keep: decision.keep.map(\.value),
                        drop: decision.drop.map(\.value)
                    )
                ),
                to: session
            )
        case .fence(let session):
            send(.fenced, to: session)
            links[session] = nil
        case .publish(let job):
            around.ledger.write(.beginPublishing(job))
            guard let specification = specifications[job] else { return }
            around.publisher.post(.publish(job, specification))
        case .recordFailure(let job, let message):
            around.ledger.write(.finishJob(job, .failed, message: message))
        }
    }

    /// Takes what another thread reports.
    func handle(_ event: CoordinatorEvent) {
        switch event {
        case .submit(let row, let specification, let reply):
            let description = JobDescription(
                id: row.id,
                cursor: .start,
                inputBytes: row.inputBytes,
                progress: JobProgress(),
                openShards: []
            )
            submissions[row.id] = (description, specification, reply)
            around.ledger.write(.createJob(row))
        case .askAgain(let job, let specification, let reply):
            askAgain(job, specification, reply)
        case .inputSettled(let job):
            readAnew(job)
        case .resumed(let description):
            perform(scheduler.jobOpened(description))
            // Whoever is told looks at the status next.
            showStatus()
            for reply in resumptions.removeValue(forKey: description.id) ?? [] { reply(true) }
        case .ledger(.written(let group)):
            for write in group { written(write) }
        case .ledger(.failed(let error)):
            around.status.fail(error.description, exitCode: CoordinatorError.ledger(error).exitCode)
            isStopping = true
        case .planned(let job, let ranges, let cursor):
            perform(scheduler.shardsPlanned(job, ranges, cursor: cursor))
        case .inputRead(let assignment, let bytes):
            sendAssignment(assignment, bytes)
        case .inputFailed(let job, let message), .publishingFailed(let job, let message):
            perform(scheduler.jobFailed(job, message: message))
        case .published(let job):
            around.ledger.write(.finishJob(job, .done, message: ""))
        case .stop:
            isStopping = true
        }
    }

    /// Only what is durable reaches the scheduler and the workers.
    private func written(_ write: LedgerWrite) {
        switch write {
        case .createJob(let row):
            guard let (description, specification, reply) = submissions.removeValue(forKey: row.id)
            else { return }
            specifications[row.id] = specification
            perform(scheduler.jobOpened(description))
            // Whoever is told looks at the status next.
            showStatus()
            reply(true)
        case .recordGrants(let grants):
            perform(scheduler.grantsRecorded(grants.map(\.lease)))
        case .commitResult(let result):
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
            guard let specification = specifications[job] else { return }
            around.publisher.post(.clear(job, specification))
        case .respecifyJob(let job, _):
            guard let (specification, reply) = respecifications[job]?.removeFirst() else { return }
            specifications[job] = specification
            resumeIfFailed(job, reply)
        case .beginPublishing, .finishJob, .resumeJob: break
        }
    }

    /// Gives a known job what may differ between two submissions of it, then has it go on.
    private func askAgain(_ job: JobID, _ new: JobSpecification, _ reply: @escaping Reply) {
        guard var specification = specifications[job] else { return reply(false) }
        specification.modelPath = new.modelPath
        specification.rejects = new.rejects
        specification.replacesOutput = new.replacesOutput
        guard specification != specifications[job] else { return resumeIfFailed(job, reply) }
        respecifications[job, default: []].append((specification, reply))
        around.ledger.write(.respecifyJob(job, CanonicalJSON.encode(specification)))
    }

    /// Has a failed job go on from what is durable of it, as after a restart.
    private func resumeIfFailed(_ job: JobID, _ reply: @escaping Reply) {
        switch scheduler.jobs[job]?.state {
        case .failed, nil: break
        case .running, .publishing, .done: return reply(true)
        }
        resumptions[job, default: []].append(reply)
        guard resumptions[job]?.count == 1 else { return }
        // What the input thread still does for the failed job must not be taken for the new one's.
        around.input.post(.settle(job))
    }

    private func readAnew(_ job: JobID) {
        around.ledger.write(.resumeJob(job))
        let mailbox = around.mailbox
        around.ledger.read { ledger in
            do throws(LedgerError) {
                mailbox.post(.resumed(try ledger.description(of: job)))
            } catch {
                mailbox.post(.ledger(.failed(error)))
            }
        }
    }

    private func commit(_ lease: LeaseID, _ shard: ShardID) {
        guard let end = completed.removeValue(forKey: lease),
            let result = incoming.removeValue(forKey: lease)
        else { preconditionFailure("a result is complete before it is committed") }
        around.ledger.write(
            .commitResult(
                CompletedResult(
                    lease: lease,
                    shard: shard,
                    bytes: result.bytes,
                    digest: ContentDigest(high: end.digestHigh, low: end.digestLow),
                    records: Int(end.records),
                    failedRecords: Int(end.failedRecords),
                    tokens: Int(clamping: end.tokens)
                )
            )
        )
    }

    private func sendAssignment(_ assignment: Assignment, _ bytes: [UInt8]) {
        guard scheduler.shard(of: assignment.lease) != nil,
            let specification = specifications[assignment.shard.job]
        else { return }
        let input = OutgoingInput(session: assignment.session, bytes: bytes)
        let range = assignment.range
        let assign = Assign(
            lease: assignment.lease.value,
            job: assignment.shard.job.description,
            shard: UInt64(assignment.shard.number.value),
            attempt: UInt32(assignment.attempt),
            modelDigest: specification.modelDigest,
            modelPath: specification.modelPath,
            options: CanonicalJSON.encode(specification.options),
            firstLine: UInt64(range.firstLine),
            lineCount: UInt64(range.lineCount),
            recordCount: UInt64(range.recordCount),
            inputByteCount: UInt64(bytes.count),
            digestHigh: range.digest.high,
            digestLow: range.digest.low,
            isOverlong: range.isOverlong,
            bytes: input.first
        )
        guard send(.assign(assign), to: assignment.session) else {
            scheduler.assignmentUnsent(assignment.lease)
            return
        }
        scheduler.assignmentSent(assignment.lease)
        if !input.isComplete {
            outgoing[assignment.lease] = input
            sendInput(assignment.lease)
        }
    }

    /// Sends as many chunks of an input as its window allows.
    func sendInput(_ lease: LeaseID) {
        guard var input = outgoing[lease] else { return }
        while let (offset, bytes) = input.next() {
            let chunk = CoordinatorMessage.inputChunk(
                lease: lease.value,
                offset: UInt64(offset),
                bytes: bytes
            )
            guard send(chunk, to: input.session) else {
                outgoing[lease] = nil
                scheduler.assignmentUnsent(lease)
                return
            }
        }
        outgoing[lease] = input.isComplete ? nil : input
    }

    private func forgetTransfers(_ lease: LeaseID) {
        outgoing[lease] = nil
        incoming[lease] = nil
        completed[lease] = nil
    }
}

extension ResultOutcome {
    fileprivate var onWire: CoordinatorMessage.Outcome {
        switch self {
        case .committed: .committed
        case .alreadyCommitted: .alreadyCommitted
        case .leaseEnded: .rejected
        }
    }
}
