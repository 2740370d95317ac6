import Coordinator

/// Networks that are cut without a word, and joined again.
package enum CutScenario: Scenario {
    package static let name = "cut"
    package static let summary =
        "silent cuts of 10 and 60 s, of one way and both, flaps, and links that are down"

    /// What is cut, and how.
    package enum Cut: String, Sendable, CaseIterable {
        /// Both ways.
        case both
        /// Workers are not heard.
        case toCoordinator
        /// Workers hear nothing.
        case toWorkers

        fileprivate func make(_ state: inout LinkState) {
            if self != .toWorkers { state.toCoordinator.flow = .held }
            if self != .toCoordinator { state.toWorkers.flow = .held }
        }
    }

    /// After a link is whole again, all its workers must be at work within this time.
    private static let backMax = Duration.seconds(40)

    package static func run(_ size: ScenarioSize) throws -> ScenarioReport {
        let seed = size.seed
        var parts: [ScenarioPart] = []
        let lengths: [Duration] =
            [.seconds(10), .seconds(60)] + (size.isLong ? [.seconds(600)] : [])
        for length in lengths {
            for cut in Cut.allCases {
                parts.append(
                    ScenarioPart("\(cut.rawValue), \(length.shown) s") {
                        try once(cut, length, seed: seed)
                    }
                )
            }
            if Namespace.refusal == nil {
                parts.append(
                    ScenarioPart("link down, \(length.shown) s") {
                        try linkDown(for: length, seed: seed)
                    }
                )
            }
        }
        let flaps = size.times(short: 10, long: 100)
        for resets in [false, true] {
            parts.append(
                ScenarioPart("flap each 3 s, \(flaps) times\(resets ? ", reset" : "")") {
                    try flap(each: .seconds(3), times: flaps, resets: resets, seed: seed)
                }
            )
        }
        var report = ScenarioReport(sideBySide: parts)
        if let refusal = Namespace.refusal { report.add("(links that are down: skipped)", refusal) }
        return report
    }

    /// Work that lasts some seconds beyond a time in which it goes on.
    static func work(beyond time: Duration = .zero, seed: UInt64) -> Cluster.Work {
        var work = Cluster.Work()
        work.seed = seed
        work.delay = 400
        work.shardRecords = 20
        let shards = 60 + Int(time / .milliseconds(100))
        work.records = shards * work.shardRecords
        return work
    }

    /// One cut through a proxy.
    package static func once(
        _ cut: Cut,
        _ length: Duration,
        seed: UInt64
    ) throws -> ScenarioReport {
        let cluster = try Cluster()
        let proxy = try cluster.startBehindProxy(seed: seed)
        defer { proxy.stop() }
        let work = work(seed: seed)
        var job = try cluster.begin(work, behind: proxy)
        var report = ScenarioReport()
        try fault(cluster, &job, work, length, &report) { isWhole in
            if isWhole { proxy.heal() } else { proxy.steer(cut.make) }
        }
        return report
    }

    /// The link of workers in a network of their own is down for a while.
    package static func linkDown(for length: Duration, seed: UInt64) throws -> ScenarioReport {
        let network = try Namespace(number: Int(length / .seconds(1)) % 97)
        let cluster = try Cluster()
        try cluster.coordinator.start()
        // It listens on the loopback alone; what stands at the link does nothing but forward.
        let proxy = try FaultProxy(to: cluster.endpoint, on: network.gateway)
        defer { proxy.stop() }
        let work = work(seed: seed)
        for number in 0..<work.workers {
            var options = StubWorker.Options(instance: "w\(number)")
            options.machine = "host\(number / 2)"
            options.delay = work.delay
            options.endpoint = proxy.endpoint
            options.wrapper = network.wrapper
            try cluster.add(options)
        }
        var job = try cluster.job(work)
        try job.submit(to: cluster)
        var report = ScenarioReport()
        try fault(cluster, &job, work, length, &report) { isWhole in
            if isWhole { try network.heal() } else { try network.cut() }
        }
        return report
    }

    /// A link that comes and goes.
    ///
    /// - Parameter resets: whether connections do not outlive a cut.
    package static func flap(
        each length: Duration,
        times: Int,
        resets: Bool,
        seed: UInt64
    ) throws -> ScenarioReport {
        let cluster = try Cluster()
        let proxy = try cluster.startBehindProxy(seed: seed)
        defer { proxy.stop() }
        let work = work(beyond: length * times, seed: seed)
        var job = try cluster.begin(work, behind: proxy)
        try job.awaitRecords(work.shardRecords * 4, in: cluster, within: .seconds(60))
        for _ in 0..<times {
            proxy.steer(Cut.both.make)
            if resets { proxy.resetAll() }
            Waiting.pass(length)
            proxy.heal()
            Waiting.pass(length)
        }
        var report = ScenarioReport()
        let durable = try job.look(at: cluster)?.records ?? 0
        report.expect(durable > work.shardRecords * 4, "no work was done while it flapped")
        let back = try cluster.awaitActive(within: .seconds(120))
        report.expect(back <= backMax, "workers were back after \(back.shown) s")
        let ledger = try cluster.finish(
            &job,
            within: .seconds(120 + 4 * work.seconds),
            &report
        )
        report.add("s until all are back", back.shown)
        report.add("shards given anew", ledger.repeats)
        return report
    }

    /// Does one fault to a cluster at work, measures how soon it is over, and waits for the end.
    private static func fault(
        _ cluster: Cluster,
        _ job: inout ChaosJob,
        _ work: Cluster.Work,
        _ length: Duration,
        _ report: inout ScenarioReport,
        setLink: (_ isWhole: Bool) throws -> Void
    ) throws {
        try job.awaitRecords(work.shardRecords * 8, in: cluster, within: .seconds(60))
        try setLink(false)
        Waiting.pass(length)
        let state = try job.look(at: cluster)?.state
        report.expect(state == .running, "the job had ended before the link was whole again")
        try setLink(true)
        let back = try cluster.awaitActive(within: .seconds(120))
        report.expect(back <= backMax, "workers were back after \(back.shown) s")
        let limit = Duration.seconds(60 + 4 * work.seconds)
        if length > .seconds(60) {
            // So long a silence is a death like any other: strikes may stand.
            report.add(try job.awaitAnswers(in: cluster, within: limit))
            report.add("shards given anew", try cluster.close(&report).repeats)
        } else {
            let ledger = try cluster.finish(&job, within: limit, &report)
            report.add("shards given anew", ledger.repeats)
        }
        report.add("s until all are back", back.shown)
    }
}
