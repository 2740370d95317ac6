import Coordinator
import Ledger
import Records
package import Scheduling
import Wire

/// One job without an end in sight, driven through the coordinator's core alone: its workers, its
/// disk and its input are a few lines that keep nothing of what is done.
///
/// So what the process takes is what the core takes.
package struct CoreLoad {
    /// How large it is.
    package struct Shape: Sendable {
        /// Processes with one slot and one lease ahead.
        package var workers: Int
        /// Records of the job, of sixteen bytes each.
        package var records: Int
        /// Records of a shard, at most.
        package var shardRecords: Int

        /// Takes numbers above zero.
        package init(workers: Int, records: Int, shardRecords: Int) {
            self.workers = workers
            self.records = records
            self.shardRecords = shardRecords
        }
    }

    /// What came of it.
    package struct Report: Sendable {
        /// Messages, reports and turns that the core was fed with.
        package var events = 0
        /// Shards that were committed.
        package var shards = 0
        /// Records that were committed.
        package var records = 0
        /// The most that was held at the end of any turn.
        package var peak = SchedulerFootprint()
        /// The most transfers at one time.
        package var transfersMax = 0
        /// The most bytes of them at one time.
        package var transferBytesMax = 0
        /// Whether the output was asked for once all records were committed.
        package var isPublished = false
    }

    private static let lineBytes = 16
    private static let job = JobID("load")

    private let shape: Shape
    private var core: CoordinatorCore
    private var now: Moment = 1_000 * .second
    private var reports = FIFOQueue<Report.Pending>()
    /// Shards that workers compute, in the order in which they will be done.
    private var computing = FIFOQueue<(worker: Int, lease: UInt64, records: Int)>()
    private var credits: [UInt64]
    private var held: [[UInt64]]
    private var report = Report()
    private var nextHeartbeat = 0
    private let input: [UInt8]
    private var results: [Int: ResultEnd] = [:]

    /// Runs a job from its submission to its output.
    package static func run(_ shape: Shape) -> Report {
        var load = CoreLoad(shape)
        load.run()
        return load.report
    }

    private init(_ shape: Shape) {
        self.shape = shape
        var limits = SchedulerLimits()
        limits.shardRecordsMax = shape.shardRecords
        core = CoordinatorCore(
            limits: limits,
            epoch: 1,
            nextLease: LeaseID(1),
            specifications: [:],
            now: MonotonicTime(nanoseconds: now)
        )
        credits = Array(repeating: 2, count: shape.workers)
        held = Array(repeating: [], count: shape.workers)
        input = Array(repeating: UInt8(ascii: "x"), count: shape.shardRecords * Self.lineBytes)
    }

    private mutating func run() {
        let specification = JobSpecification(
            inputs: [],
            modelPath: "/model",
            modelDigest: "digest",
            options: TaskOptions(),
            output: "/output",
            rejects: nil,
            replacesOutput: false
        )
        let row = JobRow(
            id: Self.job,
            identity: "load",
            specification: CanonicalJSON.encode(specification),
            state: .running,
            message: "",
            inputBytes: shape.records * Self.lineBytes,
            created: 0
        )
        perform(core.submitted(row, specification, 1))
        for worker in 0..<shape.workers { greet(worker) }
        while !report.isPublished {
            for _ in 0..<64 {
                guard let (worker, lease, records) = computing.popFirst() else { break }
                compute(worker, lease, records)
            }
            endTurn()
        }
    }

    // MARK: - Workers

    private func session(_ worker: Int) -> WireSession {
        WireSession(high: 1, low: UInt64(worker))
    }

    private mutating func say(_ message: WorkerMessage, _ worker: Int) {
        report.events += 1
        let envelope = Envelope(epoch: 1, session: session(worker), sequence: 1)
        let time = MonotonicTime(nanoseconds: now)
        perform(core.received(message, envelope, from: routingID(worker), now: time))
    }

    private mutating func greet(_ worker: Int) {
        let hello = Hello(
            build: "load",
            machineID: "machine \(worker)",
            bootID: "",
            instance: "worker \(worker)",
            cores: 1,
            memoryMiB: 1,
            models: [],
            slots: 1,
            held: []
        )
        say(.hello(hello), worker)
        say(.credit(total: 2), worker)
    }

    private mutating func compute(_ worker: Int, _ lease: UInt64, _ records: Int) {
        var end = results[records] ?? Self.result(records)
        results[records] = end
        end.lease = lease
        // Each worker does a shard a second, and gives a sign of life every two.
        now += .second / UInt64(shape.workers)
        say(.resultEnd(end), worker)
        if lease % 2 == 0 {
            nextHeartbeat = (nextHeartbeat + 1) % shape.workers
            let held = held[nextHeartbeat].map {
                HeldProgress(lease: $0, records: 0, tokens: lease)
            }
            say(
                .heartbeat(Heartbeat(isDraining: false, residentMiB: 0, held: held)),
                nextHeartbeat
            )
        }
    }

    /// Answers that are nothing but line ends.
    private static func result(_ records: Int) -> ResultEnd {
        let bytes = Array(repeating: UInt8(ascii: "\n"), count: records)
        let digest = digest(of: bytes)
        return ResultEnd(
            lease: 0,
            records: UInt32(records),
            failedRecords: 0,
            tokens: UInt64(records),
            byteCount: UInt64(records),
            digestHigh: digest.high,
            digestLow: digest.low,
            bytes: bytes
        )
    }

    private mutating func receive(_ message: CoordinatorMessage, _ worker: Int) {
        switch message {
        case .assign(let assign):
            computing.append((worker, assign.lease, Int(assign.recordCount)))
            held[worker].append(assign.lease)
        case .resultAck(let lease, _):
            held[worker].removeAll { $0 == lease }
            credits[worker] += 1
            say(.credit(total: credits[worker]), worker)
        default: break
        }
    }

    // MARK: - The threads around the core

    private mutating func endTurn() {
        // What the core asks for is done by the next turn, as one group.
        while let next = reports.popFirst() {
            report.events += 1
            switch next {
            case .written(let write): written(write)
            case .planned(let cursor, let count, let bytes): plan(cursor, count, bytes)
            case .read(let assignment):
                let bytes = Array(input.prefix(assignment.range.byteCount))
                perform(core.inputRead(assignment, bytes))
            case .published: perform(core.published(Self.job))
            }
        }
        report.events += 1
        let time = MonotonicTime(nanoseconds: now)
        perform(core.turnEnded(isDrained: true, now: time))
        let (scheduler, transfers, bytes) = core.footprint
        report.peak = report.peak.merged(with: scheduler)
        report.transfersMax = max(report.transfersMax, transfers)
        report.transferBytesMax = max(report.transferBytesMax, bytes)
    }

    private mutating func written(_ write: LedgerWrite) {
        if case .commitResult(let result) = write {
            report.shards += 1
            report.records += result.records
        }
        if case .finishJob = write { report.isPublished = true }
        perform(core.written([write]))
    }

    private mutating func plan(_ start: PlanningCursor, _ count: Int, _ targetBytes: Int) {
        var cursor = start
        var ranges: [ShardRange] = []
        let most = min(shape.shardRecords, max(1, targetBytes / Self.lineBytes))
        while ranges.count < count, cursor.line < shape.records {
            let records = min(most, shape.records - cursor.line)
            ranges.append(
                ShardRange(
                    input: 0,
                    byteOffset: cursor.byteOffset,
                    byteCount: records * Self.lineBytes,
                    firstLine: cursor.line,
                    lineCount: records,
                    recordCount: records,
                    isOverlong: false,
                    digest: ContentDigest(high: 0, low: 0)
                )
            )
            cursor.line += records
            cursor.byteOffset += records * Self.lineBytes
        }
        cursor.isAtEnd = ranges.count < count
        perform(core.planned(Self.job, ranges, cursor))
    }

    private mutating func perform(_ actions: [CoordinatorCore.Action]) {
        for action in actions {
            switch action {
            case .send(let message, _, let peer): receive(message, connection(peer))
            case .write(let write): reports.append(.written(write))
            case .read(.plan(_, _, let cursor, let count, let bytes)):
                reports.append(.planned(cursor, count, bytes))
            case .read(.read(let assignment, _)): reports.append(.read(assignment))
            case .publish(.publish): reports.append(.published)
            case .read, .publish, .describe, .reply: break
            }
        }
    }
}

extension CoreLoad.Report {
    /// What the core waits for.
    fileprivate enum Pending {
        case written(LedgerWrite)
        case planned(PlanningCursor, Int, Int)
        case read(Assignment)
        case published
    }
}
