import Glibc
import Platform
import TestSupport

/// The wall clock jumps by years; it is shown to people, and nothing is decided by it.
package enum ClockScenario: Scenario {
    package static let name = "clock"
    package static let summary = "the wall clock of all processes jumps by hours and by decades"

    /// Where Debian's libfaketime lies.
    private static let library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"

    /// Whether libfaketime is installed.
    package static var canJump: Bool { Files.exists(library) }

    private static let jumps = [
        "+0", "+10y", "-30y", "-56y", "+1h", "-1h", "+73y", "-1d", "+60", "-60",
    ]

    package static func run(_ size: ScenarioSize) throws -> ScenarioReport {
        guard canJump else {
            throw ChaosFailure("libfaketime is not installed; run apt-get install libfaketime")
        }
        var report = ScenarioReport()
        var random = SplitMix(state: size.seed)
        let cluster = try Cluster()
        let clock = "\(cluster.folder)/clock"
        try set(clock, "+0")
        // The second env is the first process with the library, which changes the environment of
        // the one that loads it first; Swift would not find its arguments behind that.
        let wrapper = [
            "env", "LD_PRELOAD=\(library)", "FAKETIME_TIMESTAMP_FILE=\(clock)",
            "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1",
            "NO_FAKE_STAT=1", "env",
        ]
        cluster.coordinator.wrapper = wrapper
        var work = Cluster.Work()
        work.seed = size.seed
        work.delay = 100
        let jumps = size.times(short: 8, long: 200)
        work.records = max(4_000, jumps * 4 * 60)
        try cluster.coordinator.start()
        for number in 0..<work.workers {
            var options = StubWorker.Options(instance: "w\(number)")
            options.machine = "host\(number / 2)"
            options.delay = work.delay
            options.wrapper = wrapper
            try cluster.add(options)
        }
        var job = try cluster.job(work)
        try job.submit(to: cluster)
        defer { clearAway(cluster) }
        let began = ContinuousClock.now
        for _ in 0..<jumps {
            try set(clock, Self.jumps.randomElement(using: &random) ?? "+0")
            Waiting.pass(.milliseconds(Int.random(in: 50...250, using: &random)))
        }
        report.add(try job.awaitAnswers(in: cluster, within: .seconds(60 + 4 * work.seconds)))
        let time = ContinuousClock.now - began
        let ledger = try cluster.close(&report)
        report.expect(ledger.repeats == 0, "\(ledger.repeats) leases expired over jumps of a clock")
        report.add("jumps", jumps)
        report.add("shards given anew", ledger.repeats)
        report.add("s of work", time.shown)
        report.add("s undisturbed", Duration.seconds(work.seconds).shown)
        return report
    }

    /// Removes what libfaketime shares among processes, and leaves when one is killed.
    private static func clearAway(_ cluster: Cluster) {
        let children = cluster.workers.map(\.child) + [cluster.coordinator.child]
        for case let child? in children {
            child.kill()
            try? Files.remove("/dev/shm/faketime_shm_\(child.process)")
            try? Files.remove("/dev/shm/sem.faketime_sem_\(child.process)")
        }
    }

    /// Replaces the file from which all processes take their offset.
    private static func set(_ path: String, _ offset: String) throws {
        let next = "\(path).next"
        try FileDescriptor(opening: next, flags: O_WRONLY | O_CREAT | O_TRUNC)
            .write(Array("\(offset)\n".utf8), at: 0)
        try Files.rename(next, to: path)
    }
}
