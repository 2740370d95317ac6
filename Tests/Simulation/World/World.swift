import Scheduling
import Wire

/// What is to happen in a simulated cluster.
enum Happening {
    case turn(life: Int)
    case toCoordinator(connection: Int, Frames)
    case toWorker(connection: Int, Frames)
    case connect(process: Int, socket: Int)
    case breakSeen(connection: Int, byWorker: Bool)
    case tick(process: Int)
    case engine(process: Int, round: Int)
    case startProcess(host: Int)
    case startCoordinator
    case ledgerAppends(life: Int)
    case ledgerCommits(life: Int)
    case inputServed(life: Int)
    case publisherRenames(life: Int)
    case publisherReports(life: Int, JobID)
    case roomLooked(life: Int)
    case ledgerRetries(life: Int)
    case client
    case fault
}

/// A cluster with all that is around it, in one thread and virtual time.
///
/// A class, as its parts act on each other; one run has one world, and no two threads share any.
final class World {
    var scenario: Scenario
    let bug: PlantedBug?
    var chance: Chance
    var events = EventQueue<Happening>()
    var now: Moment = 1_000 * .second
    var trace: Trace
    var checker: Checker
    var coordinator = CoordinatorHost()
    var ledger = LedgerModel()
    var client = Client()
    var processes: [WorkerProcess] = []
    var hosts: [WorkerHost] = []
    var ways: [Way] = []
    var connections: [Connection] = []
    var nextNonce = 0
    var ledgerStallsUntil: Moment = 0
    var coordinatorBusyUntil: Moment = 0
    var ledgerFailing = 0.0
    var inputFailing = 0.0
    var areFaultsOver = false
    var disk = DiskModel()
    /// What a clock on the wall shows, in nanoseconds since 1970; it may jump.
    var wallJumps = 0
    var wallOffset = Int64(50 * 365 * 86_400) * 1_000_000_000
    /// Places between two effects of the coordinator that were passed, and those where it dies.
    var boundaryCount = 0
    var deadlyBoundaries: [Int] = []
    /// When every job must have ended, once nothing goes wrong any more.
    var deadline: Moment = .max / 2
    var plants = Plants()

    init(scenario: Scenario, chance: Chance, bug: PlantedBug?, isPrinting: Bool) {
        self.scenario = scenario
        self.chance = chance
        self.bug = bug
        if let bug { self.scenario.plant(bug) }
        trace = Trace(isPrinting: isPrinting)
        checker = Checker(
            deadAfter: Moment(scenario.limits.deadAfter.components.seconds) * .second
        )
        for index in 0..<scenario.hostCount {
            hosts.append(WorkerHost(name: "worker \(index)", slots: scenario.slots))
            ways.append(calmWay())
        }
        client.isImpatient = self.scenario.isImpatient
        areFaultsOver = scenario.mode == .calm
        startCoordinator()
        for host in hosts.indices {
            events.push(.startProcess(host: host), at: now + self.chance.time(1, 3_000))
        }
        events.push(.client, at: now)
        events.push(.fault, at: now + scenario.faultInterval)
    }

    /// The time as the core is told it.
    var coreTime: MonotonicTime {
        MonotonicTime(nanoseconds: bug == .wallClockRead ? wallClock : now)
    }

    var wallClock: Moment { Moment(Int64(now) + wallOffset) }

    func calmWay() -> Way {
        var way = Way()
        guard scenario.isWild, !areFaultsOver else { return way }
        way.losing = chance.share() * 0.2
        way.repeating = chance.share() * 0.1
        way.isReordering = chance.happens(0.5)
        return way
    }

    /// Lets the next thing happen; false where nothing is left to happen.
    func step() -> Bool {
        guard let (time, event) = events.pop() else { return false }
        now = time
        trace.countEvent()
        switch event {
        case .turn(let life): turn(life: life)
        case .toCoordinator(let connection, let frames):
            trace.note(
                .toCoordinator,
                at: now,
                UInt64(connection),
                kind(of: frames),
                text((try? WorkerMessage.decode(frames)).map { "\($0.1)" })
            )
            arrive(frames, over: connection)
        case .toWorker(let connection, let frames):
            trace.note(
                .toWorker,
                at: now,
                UInt64(connection),
                kind(of: frames),
                text((try? CoordinatorMessage.decode(frames)).map { "\($0.1)" })
            )
            receive(frames, over: connection)
        case .connect(let process, let socket): connect(processes[process], socket: socket)
        case .breakSeen(let connection, let byWorker): breakSeen(connection, byWorker: byWorker)
        case .tick(let process): tick(processes[process])
        case .engine(let process, let round): engineEnded(processes[process], round: round)
        case .startProcess(let host): startProcess(on: host)
        case .startCoordinator: startCoordinator()
        case .ledgerAppends(let life): ledgerAppends(life: life)
        case .ledgerCommits(let life): ledgerCommits(life: life)
        case .inputServed(let life): inputServed(life: life)
        case .publisherRenames(let life): publisherRenames(life: life)
        case .publisherReports(let life, let job): publisherReports(.published(job), life: life)
        case .roomLooked(let life): roomLooked(life: life)
        case .ledgerRetries(let life): ledgerRetries(life: life)
        case .client: clientActs()
        case .fault: faultStrikes()
        }
        return true
    }

    /// Type, lease and checksum of a message, as one number for the trace.
    private func kind(of frames: Frames) -> UInt64 {
        let header = frames.header
        return [6, 7, 40, 41, 42, 52, 53, 54].reduce(0) { $0 << 8 | UInt64(header[$1]) }
    }

    /// As much of a message as a line of the trace bears.
    private func text(_ message: String?) -> String {
        String((message ?? "unreadable").replacing("Wire.", with: "").prefix(160))
    }

    /// New jobs come while there are few; who has no answer asks again.
    private func clientActs() {
        if client.activeCount < scenario.jobsAtOnce, client.jobs.count < scenario.jobCount {
            let input = drawInput()
            client.add(input, drawBudget(for: input), mayFail: scenario.mayJobsFail)
            if areFaultsOver { deadline = now + livenessBound }
        }
        askClient()
        events.push(.client, at: now + chance.time(500, 4_000))
    }

    /// How many error answers a job may have: some more or fewer than it will have, or any.
    private func drawBudget(for input: VirtualInput) -> ErrorBudget? {
        guard scenario.hasBudgets, chance.happens(0.7) else { return nil }
        guard chance.happens(0.5) else { return .percent(chance.share() * 40) }
        return .records(chance.between(0, max(1, input.recordCount / 4)))
    }

    private func drawInput() -> VirtualInput {
        let count = chance.between(scenario.recordsMin, scenario.recordsMax)
        let lengths = (0..<count).map { _ in
            let isOverlong = chance.happens(scenario.overlongShare)
            let size = isOverlong ? scenario.overlongBytes : scenario.lineBytes
            return chance.between(size.low, size.high)
        }
        let blank = (0..<count - 1).filter { _ in chance.happens(0.1) }
        let poisoned = (0..<count).filter { _ in chance.happens(scenario.poisonShare) }
        let faulty = (0..<count).filter { _ in chance.happens(scenario.errorShare) }
        let isPoisonous = chance.happens(0.3)
        return VirtualInput(
            lengths: lengths,
            blank: Set(blank),
            poisoned: isPoisonous ? Set(poisoned).subtracting(blank) : [],
            faulty: Set(faulty).subtracting(blank),
            lineBytesMax: scenario.overlongBytes.low - 2
        )
    }
}
