import Ledger
import Platform
import Scheduling
import Synchronization
import Wire

/// The loop that owns the socket and the core; all of it runs on the thread named "sockets".
///
/// It decides nothing: it feeds the core with messages, reports and the time, and carries out what
/// the core asks for.
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

    private let around: Surroundings
    private let socket: Socket
    private var core: CoordinatorCore
    /// Whom to tell, by the tickets that the core knows.
    private var replies: [CoordinatorCore.Ticket: Reply] = [:]
    private var nextTicket: CoordinatorCore.Ticket = 1
    private var isStopping = false
    private var malformed = MalformedTally()

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
        core = CoordinatorCore(
            limits: around.limits,
            epoch: epoch,
            nextLease: nextLease,
            specifications: specifications,
            now: Self.now
        )
        perform(core.start(recovered))
    }

    private static var now: MonotonicTime {
        MonotonicTime(nanoseconds: MonotonicClock.nanoseconds())
    }

    /// Runs until it is told to stop, or the socket or the ledger fails.
    func run() {
        do throws(WireError) {
            while !isStopping {
                try around.mailbox.wait(with: socket, milliseconds: Self.tickMilliseconds)
                for event in around.mailbox.take() { handle(event) }
                let isDrained = try receiveMessages()
                perform(core.turnEnded(isDrained: isDrained, now: Self.now))
            }
        } catch {
            around.status.fail(error.description, exitCode: 78)
        }
        showStatus()
        refuseWaiting()
    }

    /// Whoever waits for an answer when the loop ends is told that none will come.
    private func refuseWaiting() {
        for event in around.mailbox.close() {
            switch event {
            case .submit(_, _, let reply), .askAgain(_, _, let reply), .cancel(_, _, let reply),
                .pause(_, let reply), .resume(_, _, let reply):
                reply(false)
            case .show(let done): done()
            case .ledger(.failed(let error)): around.status.fail(error)
            default: break
            }
        }
        for reply in replies.values { reply(false) }
    }

    private func receiveMessages() throws(WireError) -> Bool {
        for _ in 0..<Self.messagesPerTurn {
            switch try socket.receive() {
            case .nothing: return true
            case .malformed(let peer, _): malformed.add(peer, now: Self.now)
            case .message(let peer, _) where malformed.isIgnored(peer, now: Self.now): continue
            case .message(let peer, let frames):
                do throws(WireError) {
                    let (envelope, message) = try WorkerMessage.decode(frames)
                    perform(core.received(message, envelope, from: peer, now: Self.now))
                } catch {
                    malformed.add(peer, now: Self.now)
                }
            }
        }
        return false
    }

    /// Takes what another thread reports.
    private func handle(_ event: CoordinatorEvent) {
        switch event {
        case .submit(let row, let specification, let reply):
            perform(core.submitted(row, specification, ticket(reply)))
        case .askAgain(let job, let specification, let reply):
            perform(core.askedAgain(job, specification, ticket(reply)))
        case .cancel(let job, let specification, let reply):
            perform(core.cancelAsked(job, specification, ticket(reply)))
        case .pause(let job, let reply): perform(core.pauseAsked(job, ticket(reply)))
        case .resume(let job, let specification, let reply):
            perform(core.resumeAsked(job, specification, ticket(reply)))
        case .ledger(let event): handle(event)
        case .inputSettled(let job): perform(core.inputSettled(job))
        case .resumed(let description): perform(core.resumed(description))
        case .planned(let job, let ranges, let cursor):
            perform(core.planned(job, ranges, cursor))
        case .inputRead(let assignment, let bytes): perform(core.inputRead(assignment, bytes))
        case .split(let shard, let halves): perform(core.split(shard, halves))
        case .answered(let shard, let answer, let records):
            perform(core.answered(shard, answer, records: records))
        case .inputFailed(let job, let lease, let message):
            perform(core.failed(job, reading: lease, message: message))
        case .publishingFailed(let job, let message):
            perform(core.failed(job, message: message))
        case .publishingWaits(let job, let message, let pause):
            perform(core.publishingWaits(job, message, pause: pause))
        case .published(let job): perform(core.published(job))
        case .cleared(let job): perform(core.cleared(job))
        case .show(let done):
            showStatus()
            done()
        case .stop: isStopping = true
        }
    }

    private func handle(_ event: LedgerEvent) {
        switch event {
        case .written(let group): perform(core.written(group))
        case .room(let room): perform(core.roomChanged(room))
        case .rowsRemain(let jobs): perform(core.rowsRemain(jobs))
        case .full(let error, let refused):
            perform(core.diskFilled(error.description, refused: refused))
        case .failed(let error):
            around.status.fail(error)
            isStopping = true
        }
    }

    private func ticket(_ reply: @escaping Reply) -> CoordinatorCore.Ticket {
        defer { nextTicket += 1 }
        replies[nextTicket] = reply
        return nextTicket
    }

    private func perform(_ actions: [CoordinatorCore.Action]) {
        for action in actions {
            switch action {
            case .send(let message, let envelope, let peer):
                let outcome = try? socket.send(message.encode(envelope), to: peer)
                // What cannot be sent is lost, as any message may be.
                if outcome != .queued { perform(core.notQueued(message)) }
            case .write(let write): around.ledger.write(write)
            case .describe(let job): describe(job)
            case .read(let request): around.input.post(request)
            case .publish(let request): around.publisher.post(request)
            case .reply(let ticket, let isDone):
                // Whoever is told looks at the status next.
                showStatus()
                replies.removeValue(forKey: ticket)?(isDone)
            }
        }
    }

    private func describe(_ job: JobID) {
        let mailbox = around.mailbox
        around.ledger.read { ledger in
            do throws(LedgerError) {
                mailbox.post(.resumed(try ledger.description(of: job)))
            } catch {
                mailbox.post(.ledger(.failed(error)))
            }
        }
    }

    /// Lets others see how jobs and workers are.
    func showStatus() {
        let scheduler = core.scheduler
        var status = CoordinatorStatus()
        status.jobs = core.ended
        let running = scheduler.running
        status.jobs += scheduler.jobOrder.compactMap { id in
            guard let job = scheduler.jobs[id] else { return nil }
            var shown = JobStatus(job, output: core.specifications[id]?.output ?? "")
            if let wait = core.outputWaits[id] { shown.message = wait.message }
            (shown.runningRecords, shown.runningTokens) = running[id] ?? (0, 0)
            return shown
        }
        status.malformedMessages = malformed.count
        status.fullDisk = core.fullDisk
        status.littleRoom = core.littleRoom
        status.workers = scheduler.workerOrder.compactMap { session in
            scheduler.workers[session].map {
                WorkerStatus($0, isQuarantined: scheduler.isQuarantined($0.machine))
            }
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

    func fail(_ error: LedgerError) {
        fail(error.description, exitCode: CoordinatorError.ledger(error).exitCode)
    }

    func fail(_ message: String, exitCode: Int32) {
        status.withLock { status in
            status.failure = status.failure ?? message
            status.failureExitCode = exitCode
        }
    }
}
