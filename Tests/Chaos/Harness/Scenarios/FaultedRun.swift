import Coordinator
import Glibc
import Platform

/// One cluster that meets one fault of `SyncKill`.
struct FaultedRun {
    private let cluster: Cluster
    private let fault: SyncKill.Fault
    private let place: String
    private let log: String
    private let injection: Injection
    private var job: ChaosJob
    /// Whether it was ever ready to take a job.
    private var wasReady = false
    /// Whether the job was acknowledged.
    private var isAccepted = false
    /// Whether it failed, as its output could not be written.
    private var hasFailed = false

    init(
        _ cluster: Cluster,
        _ fault: SyncKill.Fault,
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
        let outputs = "\(cluster.folder)/outputs"
        try Files.makeDirectory(outputs)
        job = try cluster.job(work, in: outputs)
        injection = Injection(fault.fault, at: fault.call, number: number)
    }

    /// - Returns: whether the fault was met.
    mutating func run(_ report: inout ScenarioReport) throws -> Bool {
        if fault.phase == .start { try live() } else { try work() }
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

    /// A life that is traced from its start to its end.
    private mutating func live() throws {
        let coordinator = cluster.coordinator
        coordinator.wrapper = injection.wrapper(log: log)
        try coordinator.launch()
        try cluster.add(workers: 1, slots: 2, delay: 2)
        // A start that meets the fault ends by itself.
        wasReady = (try? coordinator.awaitReady()) != nil
        guard wasReady else {
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
        try awaitEnd()
    }

    /// A life that is traced once it has taken the job, or only where it makes the output.
    private mutating func work() throws {
        let coordinator = cluster.coordinator
        try coordinator.start()
        wasReady = true
        try job.submit(to: cluster)
        isAccepted = true
        var paths: [String] = []
        if fault.phase == .output {
            let folder = Files.directory(of: job.output)
            paths = [folder, "\(folder)/.kennel-\(job.id ?? "")--output", job.output]
        }
        let process = coordinator.child?.process ?? 0
        let words = injection.attaching(to: process, paths: paths, log: log)
        let tracer = try ChildProcess(words, log: "\(cluster.folder)/tracer")
        defer { tracer.signal(SIGTERM) }
        try Waiting.until("the tracer held all threads", within: .seconds(30)) {
            try Injection.isTraced(process)
        }
        try cluster.add(workers: 1, slots: 2, delay: 2)
        try awaitEnd()
    }

    private mutating func awaitEnd() throws {
        let coordinator = cluster.coordinator
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
        if fault.kills {
            if end == .signal(SIGKILL) { return true }
            report.expect(end == .code(0), "\(place): it ended \(end?.description ?? "")")
            return false
        }
        let wasMet = Injection.count(inLog: log) > 0
        // Where it may not end, it may fail to start.
        let mustEnd = wasMet && !hasFailed && !(fault.mayGoOn && wasReady)
        report.expect(
            end == .code(mustEnd ? 74 : 0),
            "\(place): it ended \(end?.description ?? ""): \(cluster.coordinator.errors)"
        )
        return wasMet
    }
}
