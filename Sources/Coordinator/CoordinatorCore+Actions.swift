import Ledger
import Records
package import Scheduling
package import Wire

/// What the scheduler asks for, as messages and requests.
extension CoordinatorCore {
    mutating func perform(_ actions: [SchedulerAction]) {
        for action in actions { perform(action) }
    }

    private mutating func perform(_ action: SchedulerAction) {
        switch action {
        case .plan(let job, let cursor, let count, let targetBytes):
            guard let specification = specifications[job] else { return }
            actions.append(.read(.plan(job, specification, cursor, count: count, targetBytes)))
        case .recordGrants(let grants):
            actions.append(.write(.recordGrants(grants)))
        case .assign(let assignment):
            window.append(assignment, byteCount: inputByteCount(of: assignment))
        case .commitResult(let lease, let shard):
            commit(lease, shard)
        case .acknowledge(let session, let lease, let outcome):
            forgetTransfers(lease)
            send(.resultAck(lease: lease.value, outcome.onWire), to: session)
        case .cancel(let session, let lease):
            forgetTransfers(lease)
            send(.cancel(lease: lease.value), to: session)
        case .welcome(let session, let decision):
            send(.welcome(welcome(decision)), to: session)
        case .fence(let session):
            send(.fenced, to: session)
            links[session] = nil
        case .recordStrike(let shard, let strike):
            actions.append(.write(.recordStrike(shard, strike)))
        case .split(let shard, let range):
            guard let specification = specifications[shard.job] else { return }
            actions.append(.read(.split(shard, range, specification)))
        case .recordSplit(let shard, let halves):
            actions.append(.write(.splitShard(shard, halves)))
        case .giveUp(let shard, let range, let strikes):
            guard let specification = specifications[shard.job] else { return }
            actions.append(.read(.answer(shard, range, strikes, specification)))
        case .publish(let job):
            actions.append(.write(.beginPublishing(job)))
            // What was asked for last counts, though it is on its way to the disk still.
            guard let specification = respecifications[job]?.last?.0 ?? specifications[job]
            else { return }
            actions.append(.publish(.publish(job, specification)))
        case .recordPause(let job, let message):
            pauses[job] = pauses[job] ?? []
            actions.append(.write(.pauseJob(job, message: message)))
        case .recordFailure(let job, let message):
            actions.append(.write(.finishJob(job, .failed, message: message)))
        }
    }

    private func welcome(_ decision: WelcomeDecision) -> Welcome {
        Welcome(
            generation: decision.generation,
            heartbeatMilliseconds: 2_000,
            deadMilliseconds: UInt32(limits.deadAfter.components.seconds * 1_000),
            keep: decision.keep.map(\.value),
            drop: decision.drop.map(\.value)
        )
    }

    private mutating func commit(_ lease: LeaseID, _ shard: ShardID) {
        guard let end = completed.removeValue(forKey: lease) else {
            preconditionFailure("a result is complete before it is committed")
        }
        let complete = CompletedResult(
            lease: lease,
            shard: shard,
            bytes: inbox.commit(lease),
            digest: ContentDigest(high: end.digestHigh, low: end.digestLow),
            records: Int(end.records),
            failedRecords: Int(end.failedRecords),
            tokens: Int(clamping: end.tokens)
        )
        actions.append(.write(.commitResult(complete)))
    }

    private mutating func forgetTransfers(_ lease: LeaseID) {
        outgoing[lease] = nil
        window.remove(lease)
        inbox.forget(lease)
        completed[lease] = nil
    }

    // MARK: - Inputs on their way out

    /// Bytes that a shard's worker is sent; of a line above the limit only its beginning.
    private func inputByteCount(of assignment: Assignment) -> Int {
        let count = assignment.range.byteCount
        guard assignment.range.isOverlong,
            let limit = specifications[assignment.shard.job]?.options.maxLineBytes
        else { return count }
        return min(count, limit + 1)
    }

    /// Has inputs read as far as there is room on the way to their workers.
    mutating func readInputs() {
        while let assignment = window.next() {
            guard let specification = specifications[assignment.shard.job],
                canBeSent(assignment)
            else {
                window.remove(assignment.lease)
                continue
            }
            actions.append(.read(.read(assignment, specification)))
        }
    }

    /// Sends a shard whose input was read, unless its lease has ended meanwhile.
    package mutating func inputRead(_ assignment: Assignment, _ bytes: [UInt8]) -> [Action] {
        guard scheduler.shard(of: assignment.lease) != nil,
            let specification = specifications[assignment.shard.job], canBeSent(assignment)
        else {
            window.remove(assignment.lease)
            return take()
        }
        let input = OutgoingInput(session: assignment.session, bytes: bytes)
        var assign = Assign(assignment, specification, byteCount: bytes.count, input.first)
        assign.options = optionText(assignment.shard.job, specification)
        send(.assign(assign), to: assignment.session)
        scheduler.assignmentSent(assignment.lease)
        if !input.isComplete {
            outgoing[assignment.lease] = input
            sendInput(assignment.lease)
        }
        return take()
    }

    /// Whether a session is there that still has the lease; else it is taken back.
    ///
    /// One that was given up and has come back does not have it any more, and has not counted it.
    private mutating func canBeSent(_ assignment: Assignment) -> Bool {
        let holder = scheduler.holder(of: assignment.lease)
        if holder == assignment.session, links[assignment.session] != nil { return true }
        if holder == nil || holder == assignment.session {
            scheduler.assignmentUnsent(assignment.lease, wasReceived: false)
        }
        return false
    }

    /// A job's options as text: made once, as that costs more than all else of an assignment.
    private mutating func optionText(_ job: JobID, _ specification: JobSpecification) -> String {
        if let text = optionTexts[job] { return text }
        let text = CanonicalJSON.encode(specification.options)
        optionTexts[job] = text
        return text
    }

    /// Takes back a message that could not be queued; all but a shard's input is said again.
    package mutating func notQueued(_ message: CoordinatorMessage) -> [Action] {
        switch message {
        case .assign(let assign): takeBack(LeaseID(assign.lease), wasReceived: false)
        case .inputChunk(let lease, _, _): takeBack(LeaseID(lease), wasReceived: true)
        default: break
        }
        return take()
    }

    private mutating func takeBack(_ lease: LeaseID, wasReceived: Bool) {
        outgoing[lease] = nil
        window.remove(lease)
        scheduler.assignmentUnsent(lease, wasReceived: wasReceived)
    }

    /// Sends as many chunks of an input as its window allows.
    mutating func sendInput(_ lease: LeaseID) {
        guard var input = outgoing[lease] else { return }
        while let (offset, bytes) = input.next() {
            send(
                .inputChunk(lease: lease.value, offset: UInt64(offset), bytes: bytes),
                to: input.session
            )
        }
        outgoing[lease] = input.isComplete ? nil : input
    }
}

extension Assign {
    /// A granted shard with the first part of its input.
    fileprivate init(
        _ assignment: Assignment,
        _ specification: JobSpecification,
        byteCount: Int,
        _ first: [UInt8]
    ) {
        let range = assignment.range
        self.init(
            lease: assignment.lease.value,
            job: assignment.shard.job.description,
            shard: UInt64(assignment.shard.number.value),
            attempt: UInt32(assignment.attempt),
            modelDigest: specification.modelDigest,
            modelPath: specification.modelPath,
            options: "",
            firstLine: UInt64(range.firstLine),
            lineCount: UInt64(range.lineCount),
            recordCount: UInt64(range.recordCount),
            inputByteCount: UInt64(byteCount),
            digestHigh: range.digest.high,
            digestLow: range.digest.low,
            isOverlong: range.isOverlong,
            bytes: first
        )
    }
}

extension ResultOutcome {
    fileprivate var onWire: CoordinatorMessage.Outcome {
        switch self {
        case .committed: .committed
        case .leaseEnded: .rejected
        }
    }
}
