import Coordinator
import TestSupport

/// Records that kill, hang or flood whoever computes them.
package enum PoisonScenario: Scenario {
    package static let name = "poison"
    package static let summary =
        "records that crash, hang, flood or fail their workers, on two machines, started again"

    /// Seconds after which a shard that does not get on is taken away; minutes in earnest.
    private static let stallSeconds = 3
    /// Attempts that a poisonous record may cost beyond the binary digits of its shard.
    private static let attemptsBeyond = 6

    package static func run(_ size: ScenarioSize) throws -> ScenarioReport {
        let seed = size.seed
        let times = size.times(short: 2, long: 12)
        let marks = ["KILL", "HANG", "FLOOD", "FAIL"]
        return ScenarioReport(
            sideBySide: marks.map { mark in
                ScenarioPart(mark) {
                    // A record that hangs takes seconds of each worker that meets it.
                    let count = mark == "HANG" ? min(times, 3) : times
                    return try once([String](repeating: mark, count: count), seed: seed)
                }
            } + [ScenarioPart("all") { try once(marks, seed: seed) }]
        )
    }

    /// A job with one record for each mark, each in a shard of others.
    ///
    /// - Parameter shardRecords: records of a shard.
    package static func once(
        _ marks: [String],
        records: Int = 2_000,
        shardRecords: Int = 64,
        seed: UInt64
    ) throws -> ScenarioReport {
        var random = SplitMix(state: seed)
        let cluster = try Cluster()
        cluster.coordinator.options = ["--stall-seconds", "\(stallSeconds)"]
        try cluster.coordinator.start()
        for number in 0..<4 {
            var options = StubWorker.Options(instance: "w\(number)")
            options.machine = "host\(number / 2)"
            options.delay = 20
            options.readsMarks = true
            options.passLimit = 500
            try cluster.add(options)
        }
        try cluster.awaitWorkers(4)
        let places = (0..<records / shardRecords).shuffled(using: &random).prefix(marks.count)
        let marked = zip(places, marks).map { place, mark in
            (place * shardRecords + Int.random(in: 0..<shardRecords, using: &random), mark)
        }
        let corpus = try ChaosCorpus(
            "\(cluster.folder)/poison.jsonl",
            records: records,
            seed: seed,
            marks: Dictionary(uniqueKeysWithValues: marked)
        )
        let output = "\(cluster.folder)/poison.out"
        var job = ChaosJob(corpus, output: output, shardRecords: shardRecords)
        try job.submit(to: cluster)
        var report = ScenarioReport()
        let took = try awaitEnd(of: &job, in: cluster, &report)
        let check = OutputCheck(output, of: corpus)
        report.add(check)
        judge(cluster, corpus, Dictionary(uniqueKeysWithValues: marked), shardRecords, &report)
        try cluster.close(&report)
        report.add("s of work", took.shown)
        return report
    }

    /// Starts workers again as they end, until the job has ended.
    private static func awaitEnd(
        of job: inout ChaosJob,
        in cluster: Cluster,
        _ report: inout ScenarioReport
    ) throws -> Duration {
        var restarts = 0
        var setAside: Set<String> = []
        let took = try Waiting.until("the job ended", within: .seconds(600)) {
            for worker in cluster.workers where !worker.isAlive {
                try worker.start()
                restarts += 1
            }
            let shown = try cluster.coordinator.status().workers
            setAside.formUnion(shown.filter { $0.state == "quarantined" }.map(\.name))
            let state = try job.look(at: cluster)?.state
            return state == .done || state == .failed
        }
        report.expect(
            setAside.isEmpty,
            "healthy machines were quarantined, of workers \(setAside.sorted())"
        )
        report.add("restarts", restarts)
        return took
    }

    /// Counts what the workers say of their attempts.
    private static func judge(
        _ cluster: Cluster,
        _ corpus: ChaosCorpus,
        _ marked: [Int: String],
        _ shardRecords: Int,
        _ report: inout ScenarioReport
    ) {
        let said = cluster.workers.map(\.errors).joined()
        let digits = Int.bitWidth - (shardRecords - 1).leadingZeroBitCount
        let most = digits + attemptsBeyond
        var worst = 0
        for line in marked.keys.sorted() {
            guard corpus.answers.contains(where: { $0.index == line && $0.answer == .error })
            else { continue }
            let count = said.ranges(of: "line \(line) asks for ").count
            worst = max(worst, count)
            // None would mean that workers tell their attempts in other words.
            report.expect(
                (1...most).contains(count),
                "\(marked[line] ?? "") of line \(line) cost \(count) attempts, not 1 to \(most)"
            )
        }
        let expected = corpus.answers.count { $0.answer == .error }
        report.expect(expected > 0, "the corpus has no poison")
        report.add("poisonous records", expected)
        report.add("attempts at the worst of them (at most \(most))", worst)
    }
}
