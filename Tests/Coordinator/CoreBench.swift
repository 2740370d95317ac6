import Ledger
import Platform
import Scheduling
import Wire

@testable import Coordinator

/// A core with a real ledger and without threads: what it asks for is done at once, in order.
final class CoreBench {
    var core: CoordinatorCore
    private var ledger: Ledger
    /// Written with the next group.
    private var writes: [LedgerWrite] = []
    private var todo: [CoordinatorCore.Action] = []
    /// What workers were sent, and nobody has looked at yet.
    var sent: [CoordinatorMessage] = []
    /// Reads that were asked for, where a test answers them itself.
    var reads: [Assignment] = []
    var answersReads = true
    private(set) var replies: [Bool] = []
    /// What jobs were published with, in order.
    private(set) var published: [JobSpecification] = []
    private var nextTicket: CoordinatorCore.Ticket = 1
    private var sequences: [WireSession: UInt64] = [:]
    var now = MonotonicTime(nanoseconds: 1_000_000_000)

    /// Every input is so many bytes in one shard, or as many shards as are named.
    var shardBytes = 3
    var shardsPerJob = 1

    init(state: String) throws {
        try Files.makeDirectory("\(state)/data")
        ledger = try Ledger.open(state: state)
        let recovered = try ledger.recover()
        var specifications: [JobID: JobSpecification] = [:]
        for job in recovered {
            let text = job.row.specification
            specifications[job.row.id] = try? CanonicalJSON.decode(
                JobSpecification.self,
                from: text
            )
        }
        core = CoordinatorCore(
            limits: SchedulerLimits(),
            epoch: ledger.epoch,
            nextLease: ledger.nextLease,
            specifications: specifications,
            now: now
        )
        try perform(core.start(recovered))
    }

    /// Rows of shards that the ledger still has of a job.
    func shardCount(of job: JobID) throws -> Int {
        try ledger.committedShards(of: job, from: ShardNumber(0), count: 10).count
    }

    /// What the ledger knows of a job.
    func row(of job: JobID) throws -> JobRow? { try ledger.row(of: job) }

    func submit(_ specification: JobSpecification) throws -> JobID {
        let row = JobRow(
            id: JobID(Entropy.identifier()),
            identity: CanonicalJSON.encode(specification.identity),
            specification: CanonicalJSON.encode(specification),
            state: .running,
            message: "",
            inputBytes: specification.inputBytes,
            created: 1
        )
        try perform(core.submitted(row, specification, ticket()))
        return row.id
    }

    func ticket() -> CoordinatorCore.Ticket {
        defer { nextTicket += 1 }
        return nextTicket
    }

    func hear(_ message: WorkerMessage, from session: WireSession) throws {
        sequences[session, default: 0] += 1
        let envelope = Envelope(
            epoch: core.epoch,
            session: session,
            sequence: sequences[session] ?? 0
        )
        try perform(core.received(message, envelope, from: peer(session), now: now))
    }

    private func peer(_ session: WireSession) -> [UInt8] {
        [0, UInt8(truncatingIfNeeded: session.low)]
    }

    func greet(_ session: WireSession, slots: UInt32 = 1, credit: UInt64) throws {
        try hear(
            .hello(
                Hello(
                    versionMin: 1,
                    versionMax: 1,
                    build: "test",
                    machineID: "machine \(session.low)",
                    bootID: "boot",
                    instance: "worker \(session.low)",
                    cores: 1,
                    memoryMiB: 1,
                    models: [],
                    slots: slots,
                    held: []
                )
            ),
            from: session
        )
        try hear(.credit(total: credit), from: session)
    }

    func answer(_ lease: UInt64, from session: WireSession) throws {
        let bytes = Array("{}\n".utf8)
        let digest = ContentDigest(of: bytes)
        try hear(
            .resultEnd(
                ResultEnd(
                    lease: lease,
                    records: 1,
                    failedRecords: 0,
                    tokens: 1,
                    byteCount: 3,
                    digestHigh: digest.high,
                    digestLow: digest.low,
                    bytes: bytes
                )
            ),
            from: session
        )
    }

    /// The end of a turn of the loop.
    func turn() throws {
        try perform(core.turnEnded(isDrained: true, now: now))
    }

    func perform(_ actions: [CoordinatorCore.Action]) throws {
        todo += actions
        while !todo.isEmpty || !writes.isEmpty {
            guard !todo.isEmpty else {
                try write()
                continue
            }
            switch todo.removeFirst() {
            case .send(let message, _, _): sent.append(message)
            case .write(let write): writes.append(write)
            case .describe(let job):
                try write()
                todo += core.resumed(try ledger.description(of: job))
            case .read(let request): serve(request)
            case .publish(.publish(let job, let specification)):
                published.append(specification)
                todo += core.published(job)
            case .publish(.clear(let job, _)): todo += core.cleared(job)
            case .reply(_, let isDone): replies.append(isDone)
            }
        }
    }

    private func write() throws {
        guard !writes.isEmpty else { return }
        let group = writes
        writes = []
        try ledger.write(group)
        todo += core.written(group)
    }

    private func serve(_ request: InputRequest) {
        switch request {
        case .plan(let job, _, let cursor, _, _):
            let ranges = (cursor.line..<shardsPerJob).map(range)
            let end = PlanningCursor(
                input: 1,
                byteOffset: 0,
                line: shardsPerJob,
                isAtEnd: true
            )
            todo += core.planned(job, ranges, end)
        case .read(let assignment, _):
            reads.append(assignment)
            if answersReads { answerRead() }
        case .settle(let job): todo += core.inputSettled(job)
        case .split, .answer: break
        }
    }

    /// Gives the core the bytes of the first read that was asked for.
    private func answerRead() {
        let assignment = reads.removeFirst()
        let bytes = [UInt8](repeating: 32, count: assignment.range.byteCount)
        todo += core.inputRead(assignment, bytes)
    }

    /// The same for a test.
    func read() throws {
        answerRead()
        try perform([])
    }

    private func range(_ line: Int) -> ShardRange {
        ShardRange(
            input: 0,
            byteOffset: line * shardBytes,
            byteCount: shardBytes,
            firstLine: line,
            lineCount: 1,
            recordCount: 1,
            isOverlong: false,
            digest: ContentDigest(high: 0, low: 0)
        )
    }

    /// The leases that were assigned, taken off what was sent.
    func takeAssigned() -> [UInt64] {
        defer { sent = [] }
        return sent.compactMap { message in
            if case .assign(let assign) = message { assign.lease } else { nil }
        }
    }
}
