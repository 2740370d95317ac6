import Ledger
import Platform
import Scheduling
import Synchronization
import Wire

/// The loop that owns the socket and the scheduler; all of it runs on the thread named "sockets".
///
/// It decides nothing itself: it turns messages and reports of other threads into the scheduler's
/// events, and the scheduler's actions into messages and requests to other threads.
final class CoordinatorLoop {
    /// What the loop shares with the rest of the coordinator.
    struct Surroundings: Sendable {
        let mailbox: Mailbox<CoordinatorEvent>
        let ledger: LedgerThread
        let input: RequestThread<InputRequest>
        let publisher: RequestThread<PublishRequest>
        let status: StatusBoard
        let limits: SchedulerLimits
        let isEnding: EndFlag
    }

    /// Tells who asked for something whether it is done.
    typealias Reply = @Sendable (Bool) -> Void

    /// How a session is reached.
    struct Link {
        var peer: [UInt8]
        var sequence: UInt64 = 0
    }

    let around: Surroundings
    let socket: Socket
    let epoch: UInt64
    var scheduler: Scheduler
    var specifications: [JobID: JobSpecification] = [:]
    var links: [SessionID: Link] = [:]
    var outgoing: [LeaseID: OutgoingInput] = [:]
    var incoming: [LeaseID: IncomingResult] = [:]
    /// Ends of results that are whole and verified, and wait for the scheduler.
    var completed: [LeaseID: ResultEnd] = [:]
    /// Jobs that are being made durable, and whom to tell.
    var submissions: [JobID: (JobDescription, JobSpecification, Reply)] = [:]
    /// Jobs whose new specification is being made durable, and whom to tell, in order.
    var respecifications: [JobID: [(JobSpecification, Reply)]] = [:]
    /// Failed jobs that are being read anew, and whom to tell.
    var resumptions: [JobID: [Reply]] = [:]
    /// Jobs of an earlier life as they were found, shown while the scheduler does not know them.
    var past: [JobStatus] = []
    var isStopping = false
    var malformedCount = 0

    /// How often time passes when nothing else happens.
    private static let tickMilliseconds = 250
    /// Messages taken before other work gets its turn.
    private static let messagesPerTurn = 1024

    init(
        _ around: Surroundings,
        socket: consuming Socket,
        epoch: UInt64,
        nextLease: LeaseID,
        recovered: [RecoveredJob],
        specifications: [JobID: JobSpecification]
    ) {
        self.around = around
        self.socket = socket
        self.epoch = epoch
        self.specifications = specifications
        scheduler = Scheduler(
            limits: around.limits,
            epoch: epoch,
            nextLease: nextLease,
            now: Self.now
        )
        for job in recovered {
            switch job.row.state {
            case .running, .publishing: perform(scheduler.jobOpened(job.description))
            case .failed: break
            case .done:
                guard let specification = specifications[job.row.id] else { break }
                around.publisher.post(.clear(job.row.id, specification))
            }
            past.append(JobStatus(job, output: specifications[job.row.id]?.output ?? ""))
        }
    }

    static var now: MonotonicTime { MonotonicTime(nanoseconds: MonotonicClock.nanoseconds()) }

    /// Runs until it is told to stop, or the socket or the ledger fails.
    func run() {
        do throws(WireError) {
            while !isStopping {
                try around.mailbox.wait(with: socket, milliseconds: Self.tickMilliseconds)
                for event in around.mailbox.take() { handle(event) }
                let isDrained = try receiveMessages()
                // Silence is judged only when nothing waits to be heard.
                if isDrained { perform(scheduler.tick(now: Self.now)) }
                perform(scheduler.dispatch())
                forgetEnded()
                showStatus()
            }
        } catch {
            around.status.fail(error.description, exitCode: 78)
        }
        refuseWaiting()
    }

    /// Lets go of links and transfers that the scheduler does not know any more.
    private func forgetEnded() {
        if links.count > scheduler.workers.count {
            links = links.filter { scheduler.workers[$0.key] != nil }
        }
        outgoing = outgoing.filter { scheduler.shard(of: $0.key) != nil }
        incoming = incoming.filter { scheduler.shard(of: $0.key) != nil }
    }

    /// Whoever waits for an answer when the loop ends is told that none will come.
    private func refuseWaiting() {
        for event in around.mailbox.close() {
            switch event {
            case .submit(_, _, let reply), .askAgain(_, _, let reply): reply(false)
            default: break
            }
        }
        for (_, _, reply) in submissions.values { reply(false) }
        for (_, reply) in respecifications.values.joined() { reply(false) }
        for reply in resumptions.values.joined() { reply(false) }
    }

    private func receiveMessages() throws(WireError) -> Bool {
        for _ in 0..<Self.messagesPerTurn {
            switch try socket.receive() {
            case .nothing: return true
            case .malformed: malformedCount += 1
            case .message(let peer, let frames):
                do throws(WireError) {
                    let (envelope, message) = try WorkerMessage.decode(frames)
                    handle(message, envelope, from: peer)
                } catch {
                    malformedCount += 1
                }
            }
        }
        return false
    }

    /// Sends to a session; what cannot be sent is lost, as any message may be.
    @discardableResult
    func send(_ message: CoordinatorMessage, to session: SessionID) -> Bool {
        guard var link = links[session] else { return false }
        link.sequence += 1
        links[session] = link
        let envelope = Envelope(
            epoch: epoch,
            session: WireSession(high: session.high, low: session.low),
            sequence: link.sequence
        )
        return send(message, envelope, to: link.peer)
    }

    @discardableResult
    func send(_ message: CoordinatorMessage, _ envelope: Envelope, to peer: [UInt8]) -> Bool {
        let outcome = try? socket.send(message.encode(envelope), to: peer)
        return outcome == .queued
    }

    /// Lets others see how jobs and workers are.
    func showStatus() {
        var status = CoordinatorStatus()
        status.jobs = past.filter { scheduler.jobs[JobID($0.id)] == nil }
        let running = scheduler.running
        status.jobs += scheduler.jobOrder.compactMap { id in
            guard let job = scheduler.jobs[id] else { return nil }
            var shown = JobStatus(job, output: specifications[id]?.output ?? "")
            (shown.runningRecords, shown.runningTokens) = running[id] ?? (0, 0)
            return shown
        }
        status.malformedMessages = malformedCount
        status.workers = scheduler.workerOrder.compactMap { session in
            scheduler.workers[session].map(WorkerStatus.init)
        }
        around.status.show(status)
    }
}

/// The place where the loop shows its status and others read it.
final class StatusBoard: Sendable {
    private let status = Mutex(CoordinatorStatus())

    var current: CoordinatorStatus { status.withLock { $0 } }

    func show(_ new: CoordinatorStatus) {
        status.withLock { status in
            let (failure, code) = (status.failure, status.failureExitCode)
            status = new
            (status.failure, status.failureExitCode) = (failure, code)
        }
    }

    func fail(_ message: String, exitCode: Int32) {
        status.withLock { status in
            status.failure = status.failure ?? message
            status.failureExitCode = exitCode
        }
    }
}
