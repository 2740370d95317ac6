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
    /// Where workers connect to, with the real port.
    package let endpoint: String
    /// Jobs found in the ledger at the start, oldest first.
    let recovered: [RecoveredJob]
    /// Jobs by what makes them the same.
    private let known: Mutex<[String: JobID]>

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
        known = Mutex(
            Dictionary(jobs.map { ($0.row.identity, $0.row.id) }, uniquingKeysWith: { $1 })
        )
        let specifications = try Self.specifications(of: jobs, path: path)
        let mailbox = Mailbox<CoordinatorEvent>()
        let ledger = LedgerThread(opened.ledger) { mailbox.post(.ledger($0)) }
        let input = InputService(limits: limits, mailbox: mailbox)
        let publisher = PublishService(state: path, ledger: ledger, mailbox: mailbox)
        around = CoordinatorLoop.Surroundings(
            mailbox: mailbox,
            ledger: ledger,
            input: RequestThread(name: "input") { $0.forEach(input.serve) },
            publisher: RequestThread(name: "publisher") { $0.forEach(publisher.serve) },
            status: StatusBoard(),
            limits: limits
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

    /// What it shows of itself now.
    package var status: CoordinatorStatus { around.status.current }

    /// Finds the job that this one already is, and has it go on; nil where it is a new one.
    ///
    /// The same job goes on where it was, also after a failure; one that is done is not run again
    /// while its output stands. An output of others is refused. Any thread, one at a time.
    package func find(_ specification: JobSpecification) throws(CoordinatorError) -> JobID? {
        // Workers are told both with every shard, in a header of bounded size.
        let taskBytes =
            specification.modelPath.utf8.count
            + CanonicalJSON.encode(specification.options).utf8.count
        guard taskBytes <= WireLimits.taskBytesMax else {
            throw .taskTooLong(byteCount: taskBytes)
        }
        let identity = CanonicalJSON.encode(specification.identity)
        let hasOutput = Files.exists(specification.output) && !specification.replacesOutput
        if let known = known.withLock({ $0[identity] }), let state = state(of: known) {
            switch state {
            case .running, .publishing: return known
            case .done where hasOutput: return known
            case .done: break
            case .failed:
                try ask { .resume(known, reply: $0) }
                return known
            }
        }
        guard !hasOutput else { throw .outputExists(path: specification.output) }
        if let rejects = specification.rejects, Files.exists(rejects),
            !specification.replacesOutput
        {
            throw .outputExists(path: rejects)
        }
        return nil
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
        known.withLock { $0[identity] = row.id }
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
            guard let failure = status.failure else {
                throw .ended("the coordinator is stopping; start it and ask again", exitCode: 75)
            }
            throw .ended(failure, exitCode: status.failureExitCode)
        }
    }

    /// Tells all workers to finish what they hold and leave.
    package func drain() {
        around.mailbox.post(.drain)
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

    /// Ends all threads; what is durable stays so.
    ///
    /// Call once.
    package func stop() {
        around.mailbox.post(.stop)
        loop.join()
        Self.stop(around)
    }

    private static func stop(_ around: CoordinatorLoop.Surroundings) {
        around.input.stop()
        around.publisher.stop()
        around.ledger.stop()
    }
}
