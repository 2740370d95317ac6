import CommandLine
import Glibc
import Platform
import TestSimulation

/// The program `kennel-simulate`: runs seeds, and prints what breaks and how to see it again.
enum SimulateCommand {
    private static let specification = CommandSpecification(
        name: "kennel-simulate",
        summary: "Run the job plane in virtual time, with faults.",
        options: [
            .value("seeds", "N", default: .value("100"), "how many seeds to run"),
            .value("from", "S", default: .value("1"), "the first seed"),
            .value("mode", "MODE", default: .described("all"), "safety, liveness or calm"),
            .value("events", "N", default: .value("5000"), "events of a run, at least"),
            .value("threads", "N", default: .value("2"), "runs at a time"),
            .value("bug", "NAME", "plant a bug, to see it caught"),
            .value("workers", "N", "run one large job without faults on so many workers"),
            .value("shards", "N", default: .value("100000"), "shards of the large job"),
            .flag("scale", "run such jobs of 10,000 to 1,000,000 shards, and show what they cost"),
            .flag("memory", "run jobs of up to 100 million records through the core alone"),
            .flag("first", "stop at the first run with a violation"),
            .flag("trace", "print all that happens; one thread, for one seed"),
            .flag("twice", "run each seed twice, and compare"),
            .flag("name-seeds", "print each seed before it runs; one thread"),
        ],
        exitCodes: [.init(0, "no promise was broken"), .init(1, "one was")]
    )

    static func run(_ words: [String]) -> Int32 {
        do throws(UsageError) {
            switch try specification.parse(words) {
            case .help(let page):
                print(page.text(width: 100), terminator: "")
                return 0
            case .version: return 0
            case .command(let command): return try run(command)
            }
        } catch {
            print("kennel-simulate: \(error)")
            return 64
        }
    }

    private static func run(_ command: ParsedCommand) throws(UsageError) -> Int32 {
        let first = UInt64(try command.int("from", in: 0...(.max)) ?? 1)
        let count = UInt64(try command.int("seeds", in: 1...(.max)) ?? 1)
        let events = try command.int("events", in: 1...(.max)) ?? Simulation.eventCount
        let modes = try command.choice("mode", as: Mode.self).map { [$0] } ?? Mode.allCases
        let bug = try command.choice("bug", as: PlantedBug.self)
        let threads = try command.int("threads", in: 1...64) ?? 2
        let workers = try command.int("workers", in: 1...1_000_000)
        let shards = try command.int("shards", in: 1...100_000_000) ?? 1
        if command.flag("scale") { return Measurements.runScale() ? 0 : 1 }
        if command.flag("memory") {
            return Measurements.runMemory(workers: workers ?? 1_000) ? 0 : 1
        }
        if let workers { return Measurements.runScale([(workers, shards)]) ? 0 : 1 }
        let seeds = first..<first + count
        if command.flag("twice") {
            let sweep = Sweep(seeds: seeds, modes: modes, eventCount: events)
            let unequal = sweep.unequalSeeds(threads: threads)
            for seed in unequal { print("seed \(seed) runs in two ways") }
            print("\(count) seeds twice, \(unequal.count) unequal")
            return unequal.isEmpty ? 0 : 1
        }
        if command.flag("trace") || command.flag("name-seeds") {
            return runAloud(command, seeds, modes, events, bug)
        }
        let start = MonotonicClock.nanoseconds()
        let totals = Sweep(
            seeds: seeds,
            modes: modes,
            eventCount: events,
            bug: bug,
            stopsAtFirst: command.flag("first")
        ).run(threads: threads)
        let elapsed = Double(MonotonicClock.nanoseconds() - start) / 1e9
        for (mode, report) in totals.failures { show(mode, report, events, bug) }
        let rate = Int(Double(totals.events) / elapsed)
        print(
            "\(totals.runs) runs, \(totals.events) events in \(Int(elapsed)) s (\(rate) events/s), "
                + "\(Int(totals.seconds / 3600)) virtual hours, \(totals.acknowledged) results, "
                + "\(totals.jobs) jobs, \(totals.failures.count) runs with violations"
        )
        return totals.failures.isEmpty ? 0 : 1
    }

    private static func runAloud(
        _ command: ParsedCommand,
        _ seeds: Range<UInt64>,
        _ modes: [Mode],
        _ events: Int,
        _ bug: PlantedBug?
    ) -> Int32 {
        var failureCount = 0
        for seed in seeds {
            for mode in modes {
                print("seed \(seed), \(mode)")
                // A trap shall not take the seed with it.
                fflush(nil)
                let report = Simulation.run(
                    seed: seed,
                    mode: mode,
                    eventCount: events,
                    bug: bug,
                    isPrinting: command.flag("trace")
                )
                guard !report.violations.isEmpty else { continue }
                failureCount += 1
                show(mode, report, events, bug)
            }
        }
        print("\(seeds.count * modes.count) runs, \(failureCount) with violations")
        return failureCount == 0 ? 0 : 1
    }

    private static func show(_ mode: Mode, _ report: RunReport, _ events: Int, _ bug: PlantedBug?) {
        print("seed \(report.seed), \(mode), event \(report.eventCount):")
        for violation in report.violations { print("  \(violation)") }
        let planted = bug.map { " --bug \($0.rawValue)" } ?? ""
        print(
            "  kennel-simulate --from \(report.seed) --seeds 1 --mode \(mode) "
                + "--events \(events)\(planted) --trace"
        )
    }
}
