package import Ledger
package import Scheduling
package import Wire

/// The coordinator's side of the job plane, as a pure state machine.
///
/// No I/O, no clock, no random number: the thread that owns the socket feeds it messages, reports
/// of other threads and the time, and carries out the actions that it returns, in their order.
/// The scheduler inside decides; this turns wire messages into its events and its actions into
/// messages and requests.
package struct CoordinatorCore {
    /// What the core asks of the threads around it.
    package enum Action {
        /// Send a message; `notQueued` takes back one that cannot be sent.
        case send(CoordinatorMessage, Envelope, peer: [UInt8])
        /// Make something durable, then report it by `written`.
        case write(LedgerWrite)
        /// Read a job from the ledger after all writes asked for before, then report `resumed`.
        case describe(JobID)
        /// Cut or read an input.
        case read(InputRequest)
        /// Put a job's answers in order, or clear away what it left.
        case publish(PublishRequest)
        /// Tell who asked for something whether it is done.
        case reply(Ticket, Bool)
    }

    /// Names a request whose end somebody waits for.
    package typealias Ticket = UInt64

    /// How a session is reached.
    struct Link {
        var peer: [UInt8]
        var sequence: UInt64 = 0
    }

    let limits: SchedulerLimits
    let epoch: UInt64
    var scheduler: Scheduler
    var specifications: [JobID: JobSpecification]
    /// The options of jobs that shards were sent of, as assignments have them; they never change.
    var optionTexts: [JobID: String] = [:]
    var links: [SessionID: Link] = [:]
    var outgoing: [LeaseID: OutgoingInput] = [:]
    var window = InputWindow(
        sessionBytesMax: Self.sessionInputBytesMax,
        bytesMax: Self.inputBytesMax
    )
    var inbox = ResultInbox(bytesMax: Self.resultBytesMax)
    /// Ends of results that are whole and verified, and wait for the scheduler.
    var completed: [LeaseID: ResultEnd] = [:]
    /// Jobs that are being made durable, and whom to tell.
    var submissions: [JobID: (JobDescription, JobSpecification, Ticket)] = [:]
    /// Jobs whose new specification is being made durable, and whom to tell, in order.
    var respecifications: [JobID: [(JobSpecification, Ticket?)]] = [:]
    /// Failed jobs that are being read anew, and whom to tell.
    var resumptions: [JobID: [Ticket]] = [:]
    /// Jobs whose end by a user's wish is being made durable, and whom to tell.
    var cancellations: [JobID: (specification: JobSpecification, tickets: [Ticket])] = [:]
    /// Jobs whose pause is being made durable, and whom to tell.
    var pauses: [JobID: [Ticket]] = [:]
    /// Paused jobs of which it is being made durable that they run, and whom to tell.
    var continuations: [JobID: [Ticket]] = [:]
    /// Jobs of whose outputs it is known that they found no room.
    var outputWaits: [JobID: OutputWait] = [:]
    /// What is shown of jobs that have ended, the latest last.
    package internal(set) var ended: [JobStatus] = []
    /// Why the disk takes no writes; nil while it does.
    var fullDisk: String?
    /// What the disk has room for, by the last look at it.
    var room = DiskRoom(freeBytes: .max, totalBytes: .max)
    /// What the event at hand has asked for so far.
    var actions: [Action] = []

    /// Inputs that may be on their way to one worker, bytes: enough for some seconds of any engine.
    static let sessionInputBytesMax = 8 << 20
    /// Inputs that may be on their way to all workers, bytes.
    static let inputBytesMax = 256 << 20
    /// Results that may be in memory at once, bytes.
    private static let resultBytesMax = 512 << 20
    /// Jobs that have ended and are shown; the ledger knows more.
    static let endedMax = 256

    /// Goes on with the jobs of the ledger; `start` says what is to be done first.
    package init(
        limits: SchedulerLimits,
        epoch: UInt64,
        nextLease: LeaseID,
        specifications: [JobID: JobSpecification],
        now: MonotonicTime
    ) {
        self.limits = limits
        self.epoch = epoch
        self.specifications = specifications
        scheduler = Scheduler(limits: limits, epoch: epoch, nextLease: nextLease, now: now)
    }

    /// Takes in the jobs that the ledger has; once, before any other event.
    package mutating func start(_ recovered: [RecoveredJob]) -> [Action] {
        for job in recovered {
            var description = job.description
            description.errorBudget = specifications[job.row.id]?.maxErrors
            switch job.row.state {
            case .running, .publishing: perform(scheduler.jobOpened(description))
            case .paused:
                let reason = job.row.message
                perform(scheduler.jobOpened(description, pausedBecause: reason))
            case .failed, .done, .cancelled: showEnded(job)
            }
        }
        return take()
    }

    /// Lets time pass, at the end of a turn that has emptied the mailbox.
    ///
    /// - Parameter isDrained: nothing waits to be heard; only then is silence judged.
    package mutating func turnEnded(isDrained: Bool, now: MonotonicTime) -> [Action] {
        if isDrained { perform(scheduler.tick(now: now)) }
        perform(scheduler.dispatch(now: now))
        publishAgain(now)
        forgetEnded()
        readInputs()
        return take()
    }

    /// What the core holds in memory: the scheduler's part, and transfers in either direction.
    package var footprint: (scheduler: SchedulerFootprint, transfers: Int, bytes: Int) {
        let count = outgoing.count + completed.count + inbox.count
        let bytes = outgoing.values.reduce(inbox.bytes) { $0 + $1.bytes.count }
        return (scheduler.footprint, count, bytes)
    }

    /// Lets go of links and transfers that the scheduler does not know any more.
    private mutating func forgetEnded() {
        let ended = scheduler.takeEnded()
        let sessions = Set(ended.sessions.filter { scheduler.workers[$0] == nil })
        for session in sessions {
            links[session] = nil
            window.remove(session)
        }
        // Nobody may ever send the rest of these: they must not keep others' results out.
        if !sessions.isEmpty { inbox.forget(of: sessions) }
        for lease in ended.expired where scheduler.isExpired(lease) {
            inbox.forget(lease)
            completed[lease] = nil
        }
        for lease in ended.leases {
            outgoing[lease] = nil
            window.remove(lease)
            inbox.forget(lease)
            completed[lease] = nil
        }
    }

    /// Asks for a message to a session; one that is not reachable gets none.
    mutating func send(_ message: CoordinatorMessage, to session: SessionID) {
        guard let peer = links[session]?.peer else { return }
        links[session]?.sequence += 1
        let envelope = Envelope(
            epoch: epoch,
            session: WireSession(high: session.high, low: session.low),
            sequence: links[session]?.sequence ?? 0
        )
        actions.append(.send(message, envelope, peer: peer))
    }

    /// The actions of the event at hand, which ends with this.
    mutating func take() -> [Action] {
        defer { actions = [] }
        return actions
    }
}
