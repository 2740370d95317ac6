import Coordinator
import Ledger
import Scheduling
import Wire

/// What the threads around the core tell it.
enum Report {
    case submit(JobRow, JobSpecification, CoordinatorCore.Ticket)
    case askAgain(JobID, JobSpecification, CoordinatorCore.Ticket)
    case cancel(JobID, JobSpecification, CoordinatorCore.Ticket)
    case pause(JobID, CoordinatorCore.Ticket)
    case resume(JobID, JobSpecification, CoordinatorCore.Ticket)
    case written([LedgerWrite])
    case ledgerFailed
    case resumed(JobDescription)
    case planned(JobID, [ShardRange], PlanningCursor)
    case inputRead(Assignment, [UInt8])
    case split(ShardID, [ShardRange])
    case answered(ShardID, [UInt8], records: Int)
    case inputFailed(JobID)
    case inputSettled(JobID)
    case published(JobID)
    case publishingFailed(JobID, String)
    case cleared(JobID)
    case rowsRemain([JobID])
    case room(DiskRoom)
    case full(refused: [JobID])
}

/// A simulated coordinator's process: the core in its loop, and the queues of its threads.
struct CoordinatorHost {
    /// Nil while it is down.
    var core: CoordinatorCore?
    /// Counts starts; what an earlier life had under way is dropped by it.
    var life = 0
    var epoch: UInt64 = 0
    /// Messages that wait in the socket, and how many of them are taken.
    var inbox: [(connection: Int, frames: Frames)] = []
    var inboxTaken = 0
    var mailbox: [Report] = []
    /// When the loop runs next; another turn at this time is void.
    var nextTurn: Moment = 0
    var lastTurn: Moment = .max
    var pausedUntil: Moment = 0
    /// Actions until it dies between two of them; nil where it lives on.
    var actionsToLive: Int?
    var ledgerQueue: [LedgerRequest] = []
    /// What the ledger's thread is at, and where its answers lie.
    var group: [LedgerWrite] = []
    var places: [Int]?
    var isWriting = false
    /// When the last group found no room, and what the room was last told to be enough for.
    var fullSince: Moment?
    var roomTold = DiskRoom.Level.jobs
    var inputQueue = FIFOQueue<InputRequest>()
    var isReading = false
    var publishQueue: [PublishRequest] = []
    var isPublishing = false

    var isUp: Bool { core != nil }
    var isDrained: Bool { inboxTaken == inbox.count }
}

/// What the ledger's thread is asked for.
enum LedgerRequest {
    case write(LedgerWrite)
    case describe(JobID)
}

extension World {
    /// A life of the coordinator begins on what the disk holds.
    func startCoordinator() {
        guard !coordinator.isUp else { return }
        let life = coordinator.life + 1
        coordinator = CoordinatorHost()
        coordinator.life = life
        ledger.open(raisesEpoch: bug != .epochNotRaised || life == 1)
        var recovered: [RecoveredJob]
        do throws(LedgerModel.Refusal) {
            recovered = try ledger.recover(cutsTails: bug != .tailKept)
        } catch {
            checker.violate("the ledger is damaged: \(error.text)")
            return
        }
        recovered = plantAtRestart(recovered)
        checker.recovered(recovered, ledger, epoch: ledger.epoch)
        let nextLease = plantedNextLease()
        checker.begins(with: nextLease)
        guard checker.violations.isEmpty else { return }
        client.restarted(recovered)
        trace.note(.coordinatorStarted, at: now, UInt64(life), ledger.nextLease.value)
        var specifications: [JobID: JobSpecification] = [:]
        for job in recovered {
            specifications[job.row.id] = client.specification(of: job.row)
            if bug == .budgetForgotten { specifications[job.row.id]?.maxErrors = nil }
        }
        coordinator.epoch = ledger.epoch
        coordinator.core = CoordinatorCore(
            limits: scenario.limits,
            epoch: ledger.epoch,
            nextLease: nextLease,
            specifications: specifications,
            now: coreTime
        )
        roomLooked(life: life)
        let actions = coordinator.core?.start(plantedStart(recovered)) ?? []
        perform(actions)
        if disk.fullUntil > now { watchRoom(at: disk.fullUntil + .second) }
        wake()
        askClient()
    }

    /// The process is gone, and what it held in memory; a supervisor starts it again.
    func crashCoordinator(restartsAfter delay: Moment) {
        guard coordinator.isUp else { return }
        trace.note(.coordinatorCrashed, at: now, UInt64(coordinator.life))
        coordinator.core = nil
        if let places = coordinator.places, coordinator.isWriting, chance.happens(0.5) {
            // The transaction was on its way: whether it stands is known only by reading.
            commitGroup(places)
        }
        ledger.lose(&chance)
        for index in connections.indices where connections[index].life == coordinator.life {
            connections[index].isOpenAtCoordinator = false
            breakConnection(index)
        }
        let life = coordinator.life
        coordinator = CoordinatorHost()
        coordinator.life = life
        events.push(.startCoordinator, at: now + delay)
    }

    /// Whether the coordinator dies here, between two of its effects.
    func diesAtBoundary() -> Bool {
        boundaryCount += 1
        guard let next = deadlyBoundaries.first, next <= boundaryCount else { return false }
        deadlyBoundaries.removeFirst()
        crashCoordinator(restartsAfter: .second)
        return true
    }

    /// Has the loop run soon: something waits for it.
    func wake() {
        let soon = max(now + .millisecond / 10, coordinator.pausedUntil, nextBusyTurn)
        guard coordinator.isUp, coordinator.nextTurn > soon || coordinator.nextTurn <= now else {
            return
        }
        coordinator.nextTurn = soon
        events.push(.turn(life: coordinator.life), at: soon)
    }

    /// A loop that has much else to do comes round slowly, though not so that it is a pause.
    private var nextBusyTurn: Moment {
        guard coordinatorBusyUntil > now, coordinator.lastTurn <= now else { return 0 }
        return coordinator.lastTurn + 900 * .millisecond
    }

    /// One turn of the loop, as in `CoordinatorLoop.run`.
    func turn(life: Int) {
        guard coordinator.isUp, coordinator.life == life, coordinator.nextTurn == now else {
            return
        }
        plantPause(from: coordinator.lastTurn)
        coordinator.lastTurn = now
        let reports = coordinator.mailbox
        coordinator.mailbox = []
        for report in reports {
            handle(report)
            guard coordinator.isUp, coordinator.life == life else { return }
        }
        let count = coordinatorBusyUntil > now ? 1 : scenario.messagesPerTurn
        for _ in 0..<count where !coordinator.isDrained {
            let (connection, frames) = coordinator.inbox[coordinator.inboxTaken]
            coordinator.inboxTaken += 1
            receive(frames, from: connection)
            guard coordinator.isUp, coordinator.life == life else { return }
        }
        if coordinator.isDrained {
            coordinator.inbox.removeAll(keepingCapacity: true)
            coordinator.inboxTaken = 0
        }
        endTurn()
        guard coordinator.isUp, coordinator.life == life else { return }
        let isIdle = coordinator.isDrained && coordinator.mailbox.isEmpty
        let pause = isIdle ? scenario.coordinatorTick : .millisecond / 10
        coordinator.nextTurn = max(coordinator.pausedUntil, now + pause, nextBusyTurn)
        events.push(.turn(life: life), at: coordinator.nextTurn)
    }

    private func endTurn() {
        let isDrained = plantedDrained(coordinator.isDrained)
        let actions = coordinator.core?.turnEnded(isDrained: isDrained, now: coreTime) ?? []
        trace.note(.turn, at: now, UInt64(actions.count), isDrained ? 1 : 0)
        perform(actions)
    }

    /// A message reaches the coordinator's door.
    func arrive(_ frames: Frames, over index: Int) {
        guard coordinator.isUp, connections[index].life == coordinator.life,
            !connections[index].isBroken
        else { return }
        let (epoch, session) = sender(of: frames)
        checker.arrived(session, epoch: epoch, over: index, at: now)
        coordinator.inbox.append((index, frames))
        wake()
    }

    /// The life and the session that a header names, without reading the rest.
    private func sender(of frames: Frames) -> (epoch: UInt64, session: WireSession) {
        func word(_ offset: Int) -> UInt64 {
            (0..<8).reduce(0) { $0 | UInt64(frames.header[offset + $1]) << UInt64(8 * $1) }
        }
        return (word(8), WireSession(high: word(16), low: word(24)))
    }

    private func receive(_ frames: Frames, from index: Int) {
        guard let (envelope, message) = try? WorkerMessage.decode(frames) else {
            checker.violate("the coordinator cannot read a message of a worker")
            return
        }
        guard let planted = plantInward(message, envelope, from: index) else { return }
        let actions =
            coordinator.core?.received(
                planted.message,
                planted.envelope,
                from: planted.peer,
                now: coreTime
            ) ?? []
        checker.heard(message, envelope, over: index, answeredBy: actions)
        perform(actions)
    }

    private func handle(_ report: Report) {
        checker.told(report)
        let actions: [CoordinatorCore.Action]?
        switch plant(report) {
        case .submit(let row, let specification, let ticket):
            actions = coordinator.core?.submitted(row, specification, ticket)
        case .askAgain(let job, let specification, let ticket):
            actions = coordinator.core?.askedAgain(job, specification, ticket)
        case .cancel(let job, let specification, let ticket):
            actions = coordinator.core?.cancelAsked(job, specification, ticket)
        case .pause(let job, let ticket): actions = coordinator.core?.pauseAsked(job, ticket)
        case .resume(let job, let specification, let ticket):
            actions = coordinator.core?.resumeAsked(job, specification, ticket)
        case .written(let group): actions = coordinator.core?.written(group)
        case .ledgerFailed: return crashCoordinator(restartsAfter: chance.time(100, 5_000))
        case .resumed(let description): actions = coordinator.core?.resumed(description)
        case .planned(let job, let ranges, let cursor):
            actions = coordinator.core?.planned(job, ranges, cursor)
        case .inputRead(let assignment, let bytes):
            actions = coordinator.core?.inputRead(assignment, bytes)
        case .split(let shard, let halves): actions = coordinator.core?.split(shard, halves)
        case .answered(let shard, let answer, let records):
            actions = coordinator.core?.answered(shard, answer, records: records)
        case .inputFailed(let job): actions = coordinator.core?.failed(job, message: "no input")
        case .inputSettled(let job): actions = coordinator.core?.inputSettled(job)
        case .published(let job): actions = coordinator.core?.published(job)
        case .publishingFailed(let job, let text):
            actions = coordinator.core?.failed(job, message: text)
        case .cleared(let job): actions = coordinator.core?.cleared(job)
        case .rowsRemain(let jobs): actions = coordinator.core?.rowsRemain(jobs)
        case .room(let room): actions = coordinator.core?.roomChanged(room)
        case .full(let refused): actions = coordinator.core?.diskFilled("full", refused: refused)
        case nil: actions = []
        }
        perform(actions ?? [])
    }

    /// Carries out what the core asks for; it may die before each.
    func perform(_ actions: [CoordinatorCore.Action]) {
        for action in actions {
            guard coordinator.isUp, !diesAtBoundary() else { return }
            if let left = coordinator.actionsToLive {
                if left == 0 { return crashCoordinator(restartsAfter: chance.time(100, 8_000)) }
                coordinator.actionsToLive = left - 1
            }
            for planted in plant(action) { perform(planted) }
        }
    }

    /// Carries out one action, as the loop does.
    func perform(_ action: CoordinatorCore.Action) {
        switch action {
        case .send(let message, let envelope, let peer):
            let index = connection(peer)
            let isQueued = sendOutward(message.encode(envelope), to: index)
            checker.said(message, envelope, over: index, isQueued, at: now, ledger)
            if !isQueued { perform(coordinator.core?.notQueued(message) ?? []) }
        case .write(let write):
            trace.note(.write, at: now, UInt64(coordinator.ledgerQueue.count), 0, write.brief)
            checker.asked(write, at: now) { self.client.job($0)?.input.recordCount ?? 0 }
            coordinator.ledgerQueue.append(.write(write))
            serveLedger()
        case .describe(let job):
            coordinator.ledgerQueue.append(.describe(job))
            serveLedger()
        case .read(let request):
            coordinator.inputQueue.append(request)
            serveInput()
        case .publish(let request):
            coordinator.publishQueue.append(request)
            servePublisher()
        case .reply(let ticket, let isDone):
            trace.note(.reply, at: now, ticket, isDone ? 1 : 0)
            replied(ticket, isDone)
        }
    }
}

extension LedgerWrite {
    /// For a line of the trace.
    fileprivate var brief: String {
        switch self {
        case .recordGrants(let grants):
            "grants " + grants.map { "\($0.lease):\($0.shard.number)" }.joined(separator: " ")
        case .commitResult(let result): "result \(result.lease):\(result.shard.number)"
        case .recordStrike(let shard, let strike): "strike \(shard.number) \(strike.kind)"
        case .splitShard(let shard, let halves):
            "split \(shard.number) " + halves.map { "\($0.firstLine)" }.joined(separator: " ")
        case .createJob(let row): "job \(row.id)"
        case .beginPublishing(let job): "publishing \(job)"
        case .respecifyJob(let job, _): "respecify \(job)"
        case .resumeJob(let job): "resume \(job)"
        case .pauseJob(let job, let message): "pause \(job) \(message)"
        case .continueJob(let job): "continue \(job)"
        case .finishJob(let job, let state, let message): "\(state) \(job) \(message)"
        case .forgetShards(let job): "forget \(job)"
        }
    }
}
