import Glibc
import Ledger
import Platform
package import Scheduling
import Synchronization
import Wire

/// How jobs are taken in, and found again.
extension Coordinator {
    /// Takes in a job, or finds the one that it already is; one caller at a time, any thread.
    package func admit(
        _ specification: JobSpecification
    ) throws(CoordinatorError) -> (id: JobID, wasKnown: Bool) {
        try turn.withLock { _ throws(CoordinatorError) in
            if let known = try find(specification) { return (known, true) }
            return (try submit(specification), false)
        }
    }

    /// Finds the job that this one already is, and has it go on; nil where it is a new one.
    ///
    /// The same job goes on where it was, also after a failure, with the model's path, the rejects,
    /// the error budget and the leave to replace of now; one that is done is not run again while
    /// its output stands. An output of others is refused. Any thread, one at a time.
    package func find(_ specification: JobSpecification) throws(CoordinatorError) -> JobID? {
        try specification.validate()
        let identity = CanonicalJSON.encode(specification.identity)
        let hasOutput = Files.exists(specification.output) && !specification.replacesOutput
        let shown = status.jobs
        let row = try look { (ledger) throws(LedgerError) in
            try ledger.latestRow(identity: identity)
        }
        try checkTargets(of: specification, except: row?.id, shown)
        if let row {
            let known = try self.specification(of: row)
            let id = row.id
            switch shown.first(where: { $0.id == id.description })?.state
                ?? JobStatus.State(row.state)
            {
            case .publishing where !specification.addsNoRejects(to: known):
                throw .publishingWithoutRejects(output: specification.output)
            case .running, .paused, .publishing, .failed:
                try checkRejects(of: specification, known)
                try adoptCopies(of: specification, for: known)
                let next = known.asked(for: specification)
                try ask(of: id) { .askAgain(id, next, reply: $0) }
                enter(LiveJob(id, next))
                return id
            case .done where hasOutput:
                guard specification.addsNoRejects(to: known) else {
                    throw .doneWithoutRejects(output: specification.output)
                }
                return id
            case .cancelling:
                throw .unfitJob(id.description, reason: "is being cancelled; ask again after it is")
            case .done, .cancelled: break
            }
        }
        try checkRejects(of: specification, nil)
        guard !hasOutput else { throw .outputExists(path: specification.output, flag: "--output") }
        return nil
    }

    /// Refuses rejects that stand there already, unless they are what the known job itself wrote.
    private func checkRejects(
        of new: JobSpecification,
        _ known: JobSpecification?
    ) throws(CoordinatorError) {
        guard let rejects = new.rejects, rejects != known?.rejects, !new.replacesOutput else {
            return
        }
        guard !Files.exists(rejects) else { throw .outputExists(path: rejects, flag: "--rejects") }
    }

    /// Refuses files that another job, which has not ended, will write or still reads.
    func checkTargets(
        of new: JobSpecification,
        except same: JobID?,
        _ shown: [JobStatus]
    ) throws(CoordinatorError) {
        // Who has ended is not shown for ever, and is not asked for any more.
        let atWork = Set(shown.filter(\.state.mayWrite).map(\.id))
        let others = live.withLock { live in
            live.removeAll { !atWork.contains($0.id.description) }
            return live.filter { $0.id != same }
        }
        let targets = LiveJob(JobID(""), new).targets
        for job in others {
            if let path = job.targets.intersection(targets).min() {
                throw .targetTaken(path: path, job: job.id)
            }
            if let path = job.inputs.intersection(targets).min() {
                throw .targetIsInput(path: path, job: job.id)
            }
        }
    }

    /// Remembers what a job will write.
    func enter(_ job: LiveJob) {
        live.withLock { live in
            live.removeAll { $0.id == job.id }
            live.append(job)
        }
    }

    /// Names what makes the last job of an earlier life another one; empty where it is the same.
    package func differences(
        from specification: JobSpecification
    ) throws(CoordinatorError) -> [String] {
        guard let lastIdentity else { return [] }
        guard let other = try? CanonicalJSON.decode(JobIdentity.self, from: lastIdentity) else {
            throw .ledger(.damaged(path: directory.path, what: "its job has no readable identity"))
        }
        return specification.identity.differences(from: other)
    }

    /// Takes in a new job; returns once it is durable.
    package func submit(_ specification: JobSpecification) throws(CoordinatorError) -> JobID {
        let row = JobRow(
            id: JobID(Entropy.identifier()),
            identity: CanonicalJSON.encode(specification.identity),
            specification: CanonicalJSON.encode(specification),
            state: .running,
            message: "",
            inputBytes: specification.inputBytes,
            created: Glibc.time(nil)
        )
        try ask(of: row.id) { .submit(row, specification, reply: $0) }
        enter(LiveJob(row.id, specification))
        return row.id
    }

    // MARK: - Asking the other threads

    /// Has the loop do something and waits until it is done; fails where the loop ends before.
    private func ask(
        of job: JobID,
        _ event: (_ reply: @escaping @Sendable (Bool) -> Void) -> CoordinatorEvent
    ) throws(CoordinatorError) {
        guard try !tell(event) else { return }
        let status = around.status.current
        if let reason = status.fullDisk ?? status.littleRoom { throw .diskFull(reason) }
        throw noAnswer(for: job.description)
    }

    /// Why the loop said no for no reason that can be seen: it ends, or what was seen is over.
    func noAnswer(for job: String) -> CoordinatorError {
        around.mailbox.post(.show {}) ? .jobInMotion(job) : Self.stopping
    }

    static var stopping: CoordinatorError {
        .ended("the coordinator is stopping; start it and ask again", exitCode: 75)
    }

    /// Tells the loop something and waits for its word on it; fails where the loop has failed.
    func tell(
        _ event: (_ reply: @escaping @Sendable (Bool) -> Void) -> CoordinatorEvent
    ) throws(CoordinatorError) -> Bool {
        let isDone = Promise<Bool>()
        let isPosted = around.mailbox.post(event { isDone.keep($0) })
        if isPosted, isDone.wait() { return true }
        let status = around.status.current
        if let failure = status.failure {
            throw .ended(failure, exitCode: status.failureExitCode)
        }
        guard isPosted else { throw Self.stopping }
        return false
    }

    /// What the ledger says, on its own thread.
    func look<Value: Sendable>(
        _ body: @escaping @Sendable (borrowing Ledger) throws(LedgerError) -> Value
    ) throws(CoordinatorError) -> Value {
        let answer = Promise<Result<Value, LedgerError>>()
        around.ledger.look { ledger in
            do throws(LedgerError) {
                answer.keep(.success(try body(ledger)))
            } catch {
                answer.keep(.failure(error))
            }
        }
        do throws(LedgerError) {
            return try answer.wait().get()
        } catch {
            throw .ledger(error)
        }
    }

    func specification(of row: JobRow) throws(CoordinatorError) -> JobSpecification {
        guard
            let specification = try? CanonicalJSON.decode(
                JobSpecification.self,
                from: row.specification
            )
        else {
            let what = "job \(row.id) has no readable specification"
            throw .ledger(.damaged(path: directory.path, what: what))
        }
        return specification
    }
}

extension JobSpecification {
    /// Whether another submission of the job asks for no rejects but those that it has.
    fileprivate func addsNoRejects(to known: JobSpecification) -> Bool {
        rejects == nil || rejects == known.rejects
    }

    /// The same job with what may differ between two submissions of it.
    fileprivate func asked(for new: JobSpecification) -> JobSpecification {
        var next = self
        next.modelPath = new.modelPath
        next.rejects = new.rejects
        next.replacesOutput = new.replacesOutput
        next.maxErrors = new.maxErrors
        return next
    }
}

extension JobStatus.State {
    /// Whether a job may still write its output.
    fileprivate var mayWrite: Bool {
        switch self {
        case .running, .paused, .publishing, .cancelling: true
        case .done, .failed, .cancelled: false
        }
    }
}
