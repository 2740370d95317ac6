import Coordinator

/// A fault at each sync, write and rename of the coordinator, one after the other.
package enum SyncKill: Scenario {
    package static let name = "sync-kill"
    package static let summary =
        "SIGKILL, EIO and ENOSPC at every sync, write and rename of a coordinator, one by one"

    /// What is done to which calls, and which ends are right.
    package struct Fault: Sendable, CustomStringConvertible {
        let calls: String
        let fault: String
        /// How many of its numbers a short run tries.
        let stride: Int
        /// Whether the process must end, and with which code; nil where it is killed.
        let code: Int32?
        /// Whether the process may go on.
        let mayGoOn: Bool

        /// As in "signal=KILL at fdatasync,fsync".
        package var description: String { "\(fault) at \(calls)" }

        /// Killed before a sync.
        package static let killedSync = Fault(
            calls: "fdatasync,fsync",
            fault: "signal=KILL",
            stride: 1,
            code: nil,
            mayGoOn: false
        )
        /// Killed before a write.
        package static let killedWrite = Fault(
            calls: "pwrite64",
            fault: "signal=KILL",
            stride: 3,
            code: nil,
            mayGoOn: false
        )
        /// Killed before a file gets or loses a name.
        package static let killedRename = Fault(
            calls: "rename,renameat2,link,unlink,ftruncate",
            fault: "signal=KILL",
            stride: 1,
            code: nil,
            mayGoOn: false
        )
        /// A sync that the disk refuses.
        package static let brokenSync = Fault(
            calls: "fdatasync,fsync",
            fault: "error=EIO",
            stride: 1,
            code: 74,
            mayGoOn: false
        )
        /// A sync that finds no room, which is no better than one that fails.
        package static let fullSync = Fault(
            calls: "fdatasync,fsync",
            fault: "error=ENOSPC",
            stride: 4,
            code: 74,
            mayGoOn: false
        )
        /// A write that the disk refuses.
        package static let brokenWrite = Fault(
            calls: "pwrite64",
            fault: "error=EIO",
            stride: 3,
            code: 74,
            mayGoOn: false
        )
        /// A write that finds no room.
        package static let fullWrite = Fault(
            calls: "pwrite64",
            fault: "error=ENOSPC",
            stride: 5,
            code: 74,
            mayGoOn: true
        )

        static let all = [
            killedSync, brokenSync, fullSync, killedRename, killedWrite, brokenWrite, fullWrite,
        ]
    }

    package static func run(_ size: ScenarioSize) throws -> ScenarioReport {
        var report = ScenarioReport()
        for fault in Fault.all {
            let began = ContinuousClock.now
            let points = try each(fault, size, &report)
            let time = (ContinuousClock.now - began).shown
            report.add("points of \(fault) in \(time) s", points)
        }
        return report
    }

    /// Does one fault at each number until a whole job meets none.
    private static func each(
        _ fault: Fault,
        _ size: ScenarioSize,
        _ report: inout ScenarioReport
    ) throws -> Int {
        let step = size.isLong ? 1 : fault.stride
        var points = 0
        for number in stride(from: 1, to: 2_000, by: step) {
            guard try once(fault, number: number, seed: size.seed, &report) else { return points }
            points += 1
            if let times = size.times, points >= times { return points }
        }
        throw ChaosFailure("\(fault): no job was short enough to have all its calls succeed")
    }

    /// Runs a small job with one fault.
    ///
    /// - Returns: whether the fault was met.
    package static func once(
        _ fault: Fault,
        number: Int,
        seed: UInt64,
        _ report: inout ScenarioReport
    ) throws -> Bool {
        let place = "\(fault), number \(number)"
        do {
            let cluster = try Cluster()
            var run = try Run(cluster, fault, number, seed: seed, place: place)
            return try run.run(&report)
        } catch {
            throw ChaosFailure("\(place): \(error)")
        }
    }

    /// One cluster that meets one fault.
    private struct Run {
        let cluster: Cluster
        let fault: Fault
        let place: String
        let log: String
        var job: ChaosJob
        /// Whether the job was acknowledged.
        var isAccepted = false
        /// Whether it failed, as its output could not be written.
        var hasFailed = false

        init(
            _ cluster: Cluster,
            _ fault: Fault,
            _ number: Int,
            seed: UInt64,
            place: String
        ) throws {
            self.cluster = cluster
            self.fault = fault
            self.place = place
            log = "\(cluster.folder)/trace"
            var work = Cluster.Work()
            work.records = 60
            work.shardRecords = 10
            work.seed = seed
            job = try cluster.job(work)
            let injection = Injection(fault.fault, at: fault.calls, number: number)
            cluster.coordinator.wrapper = injection.wrapper(log: log)
        }

        mutating func run(_ report: inout ScenarioReport) throws -> Bool {
            try cluster.coordinator.launch()
            try cluster.add(workers: 1, slots: 2, delay: 2)
            try firstLife()
            let wasMet = try judge(&report)
            cluster.coordinator.wrapper = []
            try cluster.coordinator.start()
            if try !isAccepted || job.look(at: cluster)?.state == .failed {
                try job.submit(to: cluster)
            }
            for violation in try job.awaitAnswers(in: cluster, within: .seconds(60)).violations {
                report.violations.append("\(place): \(violation)")
            }
            try cluster.close(&report)
            return wasMet
        }

        /// Until the job is done and the coordinator has ended, or the fault has ended it.
        private mutating func firstLife() throws {
            let coordinator = cluster.coordinator
            // A start that meets the fault ends by itself.
            guard (try? coordinator.awaitReady()) != nil else {
                _ = try coordinator.child?.end(within: .seconds(30))
                return
            }
            // What is refused for want of room is handed in again.
            try Waiting.until("the job was accepted", within: .seconds(60)) {
                isAccepted = try job.trySubmit(to: cluster).end == .code(0)
                return isAccepted || !fault.mayGoOn || !coordinator.isAlive
            }
            guard isAccepted else {
                _ = try coordinator.child?.end(within: .seconds(30))
                return
            }
            try Waiting.until("the job or its coordinator ended", within: .seconds(60)) {
                guard coordinator.isAlive, let shown = try job.look(at: cluster) else {
                    return !coordinator.isAlive
                }
                hasFailed = shown.state == .failed
                return shown.state == .done || hasFailed
            }
            // What follows a job's end is traced, too.
            if coordinator.isAlive { _ = try coordinator.terminate() }
        }

        /// Holds the end of the traced process against the fault that it met.
        private func judge(_ report: inout ScenarioReport) throws -> Bool {
            let end = try cluster.coordinator.terminate()
            guard let code = fault.code else {
                if end == .signal(9) { return true }
                report.expect(end == .code(0), "\(place): it ended \(end?.description ?? "")")
                return false
            }
            let wasMet = Injection.count(inLog: log) > 0
            let isRight =
                wasMet ? end == .code(code) || fault.mayGoOn || hasFailed : end == .code(0)
            report.expect(
                isRight,
                "\(place): it ended \(end?.description ?? ""): \(cluster.coordinator.errors)"
            )
            return wasMet
        }
    }
}
