import Glibc
import Ledger
import Platform
package import Scheduling
import Synchronization
package import Wire

/// A coordinator: its state folder, its ledger, its socket and the threads that own them.
package final class Coordinator: Sendable {
    private let directory: StateDirectory
    private let around: CoordinatorLoop.Surroundings
    private let loop: OSThread
    private let backups: BackupService
    /// Where workers connect to, with the real port.
    package let endpoint: String
    /// Jobs found in the ledger at the start, oldest first.
    let recovered: [RecoveredJob]
    /// Jobs by what makes them the same.
    private let known: Mutex<[String: Known]>
    /// Held by whoever takes in a job: two at once would find that neither is there.
    private let turn = Mutex<Void>(())

    /// A job as the next one that is the same meets it.
    private struct Known {
        let id: JobID
        let output: String?
        var rejects: String?

        /// Files that it writes.
        var targets: Set<String> { Set([output, rejects].compactMap(\.self)) }

        /// Of several jobs that are the same, the latest.
        static func byIdentity(
            _ jobs: [RecoveredJob],
            _ specifications: [JobID: JobSpecification]
        ) -> [String: Known] {
            let pairs = jobs.map { job in
                let specification = specifications[job.row.id]
                let known = Known(
                    id: job.row.id,
                    output: specification?.output,
                    rejects: specification?.rejects
                )
                return (job.row.identity, known)
            }
            return Dictionary(pairs, uniquingKeysWith: { $1 })
        }
    }

    /// Opens the state folder, recovers its jobs, listens, and goes on where it was.
    ///
    /// - Parameter limits: the scheduler's; with no grace where no worker can have outlived us.
    package init(
        state path: String,
        listening endpoint: Endpoint,
        limits: SchedulerLimits
    ) throws(CoordinatorError) {
        directory = try StateDirectory(path)
        let opened = try Self.openLedger(path)
        let epoch = opened.ledger.epoch
        let nextLease = opened.ledger.nextLease
        let jobs = opened.jobs
        recovered = jobs
        let specifications = try Self.specifications(of: jobs, path: path)
        known = Mutex(Known.byIdentity(jobs, specifications))
        let mailbox = Mailbox<CoordinatorEvent>()
        let status = StatusBoard()
        let ledger = LedgerThread(opened.ledger) { Self.report($0, mailbox, status) }
        let isEnding = EndFlag()
        let input = InputService(limits: limits, mailbox: mailbox, isEnding: isEnding)
        backups = BackupService(state: path, ledger: ledger, isEnding: isEnding)
        let publisher = PublishService(
            state: path,
            ledger: ledger,
            mailbox: mailbox,
            isEnding: isEnding
        )
        around = CoordinatorLoop.Surroundings(
            mailbox: mailbox,
            ledger: ledger,
            input: RequestThread(name: "input") { $0.forEach(input.serve) },
            publisher: RequestThread(name: "publisher") { $0.forEach(publisher.serve) },
            status: status,
            limits: limits,
            isEnding: isEnding
        )
        let started = Promise<Result<String, WireError>>()
        let around = around
        loop = OSThread(name: "sockets") {
            do throws(WireError) {
                let socket = try Socket(
                    .router,
                    endpoint,
                    context: Context(),
                    lingerMilliseconds: 1_000
                )
                let listening = socket.lastEndpoint()
                let loop = CoordinatorLoop(
                    around,
                    socket: socket,
                    epoch: epoch,
                    nextLease: nextLease,
                    recovered: jobs,
                    specifications: specifications
                )
                // Whoever asks first shall see the jobs that are there.
                loop.showStatus()
                started.keep(.success(listening))
                loop.run()
            } catch {
                started.keep(.failure(error))
            }
        }
        do throws(WireError) {
            self.endpoint = try started.wait().get()
        } catch {
            loop.join()
            Self.stop(around)
            throw .wire(error)
        }
    }

    /// Tells the loop of the ledger; behind its end, when a disk may fail still, the status.
    private static func report(
        _ event: LedgerEvent,
        _ mailbox: Mailbox<CoordinatorEvent>,
        _ status: StatusBoard
    ) {
        guard !mailbox.post(.ledger(event)), case .failed(let error) = event else { return }
        status.fail(error)
    }

    /// What it shows of itself now; waits for the loop's turn.
    package var status: CoordinatorStatus {
        let isShown = Promise<Void>()
        if around.mailbox.post(.show { isShown.keep(()) }) { isShown.wait() }
        return around.status.current
    }

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
    /// The same job goes on where it was, also after a failure, with the model's path, the rejects
    /// and the leave to replace of now; one that is done is not run again while its output stands.
    /// An output of others is refused. Any thread, one at a time.
    package func find(_ specification: JobSpecification) throws(CoordinatorError) -> JobID? {
        try specification.validate()
        let identity = CanonicalJSON.encode(specification.identity)
        let hasOutput = Files.exists(specification.output) && !specification.replacesOutput
        try checkTargets(of: specification, identity)
        if let known = known.withLock({ $0[identity] }), let state = state(of: known.id) {
            switch state {
            case .running, .publishing, .failed:
                try checkRejects(of: specification, known)
                try ask { .askAgain(known.id, specification, reply: $0) }
                self.known.withLock { $0[identity]?.rejects = specification.rejects }
                return known.id
            case .done where hasOutput:
                guard specification.rejects == known.rejects || specification.rejects == nil else {
                    throw .doneWithoutRejects(output: specification.output)
                }
                return known.id
            case .done: break
            }
        }
        try checkRejects(of: specification, nil)
        guard !hasOutput else { throw .outputExists(path: specification.output, flag: "--output") }
        return nil
    }

    /// Refuses rejects that stand there already, unless they are what the known job itself wrote.
    private func checkRejects(
        of new: JobSpecification,
        _ known: Known?
    ) throws(CoordinatorError) {
        guard let rejects = new.rejects, rejects != known?.rejects, !new.replacesOutput else {
            return
        }
        guard !Files.exists(rejects) else { throw .outputExists(path: rejects, flag: "--rejects") }
    }

    /// Refuses files that another job, which is not done, will write.
    private func checkTargets(
        of new: JobSpecification,
        _ identity: String
    ) throws(CoordinatorError) {
        let targets = Set([new.output, new.rejects].compactMap(\.self))
        let others = known.withLock { known in known.filter { $0.key != identity }.map(\.value) }
        for job in others {
            guard let path = job.targets.intersection(targets).min() else { continue }
            switch state(of: job.id) {
            case .running, .publishing: throw .targetTaken(path: path, job: job.id)
            case .failed, .done, nil: continue
            }
        }
    }

    /// Names what makes the last job of an earlier life another one; empty where it is the same.
    package func differences(
        from specification: JobSpecification
    ) throws(CoordinatorError) -> [String] {
        guard let last = recovered.last else { return [] }
        guard let other = try? CanonicalJSON.decode(JobIdentity.self, from: last.row.identity)
        else {
            throw .ledger(.damaged(path: directory.path, what: "its job has no readable identity"))
        }
        return specification.identity.differences(from: other)
    }

    private func state(of job: JobID) -> JobStatus.State? {
        status.jobs.first { $0.id == job.description }?.state
            ?? recovered.first { $0.row.id == job }.map { JobStatus($0, output: "").state }
    }

    /// Takes in a new job; returns once it is durable.
    package func submit(_ specification: JobSpecification) throws(CoordinatorError) -> JobID {
        let identity = CanonicalJSON.encode(specification.identity)
        let row = JobRow(
            id: JobID(Entropy.identifier()),
            identity: identity,
            specification: CanonicalJSON.encode(specification),
            state: .running,
            message: "",
            inputBytes: specification.inputBytes,
            created: Glibc.time(nil)
        )
        try ask { .submit(row, specification, reply: $0) }
        let job = Known(
            id: row.id,
            output: specification.output,
            rejects: specification.rejects
        )
        known.withLock { $0[identity] = job }
        return row.id
    }

    /// Has the loop do something and waits until it is done; fails where the loop ends before.
    private func ask(
        _ event: (_ reply: @escaping @Sendable (Bool) -> Void) -> CoordinatorEvent
    ) throws(CoordinatorError) {
        let isDone = Promise<Bool>()
        let isPosted = around.mailbox.post(event { isDone.keep($0) })
        guard isPosted, isDone.wait() else {
            let status = around.status.current
            if let reason = status.fullDisk, status.failure == nil { throw .diskFull(reason) }
            guard let failure = status.failure else {
                throw .ended("the coordinator is stopping; start it and ask again", exitCode: 75)
            }
            throw .ended(failure, exitCode: status.failureExitCode)
        }
    }

    /// Removes copies of inputs that belong to no job: their makers were killed.
    ///
    /// Only where nobody else can be making one now.
    package func removeUnreferencedSpools() {
        let folder = StateDirectory.spools(directory.path)
        let specifications = recovered.compactMap {
            try? CanonicalJSON.decode(JobSpecification.self, from: $0.row.specification)
        }
        let referenced = Set(specifications.flatMap(\.inputs).compactMap(\.spool?.path))
        for name in (try? Files.names(in: folder)) ?? [] {
            let path = "\(folder)/\(name)"
            // What cannot be removed now is tried again at the next start.
            if !referenced.contains(path) { try? Files.remove(path) }
        }
    }

    /// How far the last backup is.
    package var backup: BackupStatus { backups.status }

    /// Begins a copy of the ledger and its answers into a folder that is empty or not there.
    ///
    /// One at a time; `backup` tells how far it is. Any thread.
    package func startBackup(to folder: String) throws(CoordinatorError) {
        try backups.start(to: folder)
    }

    /// Ends all threads; what is durable stays so.
    ///
    /// Call once.
    package func stop() {
        around.mailbox.post(.stop)
        loop.join()
        // Publishing takes long and is begun anew by the next life.
        around.isEnding.set()
        backups.stop()
        Self.stop(around)
    }

    private static func stop(_ around: CoordinatorLoop.Surroundings) {
        around.input.stop()
        around.publisher.stop()
        around.ledger.stop()
    }
}
