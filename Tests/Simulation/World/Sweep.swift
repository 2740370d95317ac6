import Platform
import Synchronization

/// Many runs, one per seed and mode, on a few threads.
package struct Sweep: Sendable {
    /// The sums of all runs, and those that broke a promise.
    package struct Totals: Sendable {
        /// Runs that are done.
        package var runs = 0
        /// Events of all runs.
        package var events = 0
        /// Virtual seconds of all runs.
        package var seconds = 0.0
        /// Results that were acknowledged in all runs.
        package var acknowledged = 0
        /// Jobs that ended well in all runs.
        package var jobs = 0
        /// Runs with violations, by seed.
        package var failures: [(mode: Mode, report: RunReport)] = []
    }

    private let seeds: Range<UInt64>
    private let modes: [Mode]
    private let eventCount: Int
    private let bug: PlantedBug?
    private let stopsAtFirst: Bool

    /// - Parameter stopsAtFirst: whether one failure is enough.
    package init(
        seeds: Range<UInt64>,
        modes: [Mode],
        eventCount: Int = Simulation.eventCount,
        bug: PlantedBug? = nil,
        stopsAtFirst: Bool = false
    ) {
        self.seeds = seeds
        self.modes = modes
        self.eventCount = eventCount
        self.bug = bug
        self.stopsAtFirst = stopsAtFirst
    }

    /// Runs all seeds; returns when the last one has ended.
    package func run(threads count: Int) -> Totals {
        let shared = Shared(seeds.lowerBound)
        let threads = (0..<count).map { number in
            OSThread(name: "simulation \(number)") { work(shared) }
        }
        for thread in threads { thread.join() }
        return shared.totals.withLock { totals in
            totals.failures.sort { $0.report.seed < $1.report.seed }
            return totals
        }
    }

    /// Runs each seed twice, the second time in another order of threads, and compares the traces.
    package func unequalSeeds(threads count: Int) -> [UInt64] {
        let first = hashes(threads: count)
        let second = hashes(threads: 1)
        return first.keys.sorted().filter { first[$0] != second[$0] }
    }

    private func hashes(threads count: Int) -> [UInt64: [UInt64]] {
        let shared = Shared(seeds.lowerBound)
        let threads = (0..<count).map { number in
            OSThread(name: "simulation \(number)") {
                while let seed = shared.next(in: seeds) {
                    let hashes = modes.map {
                        Simulation.run(seed: seed, mode: $0, eventCount: eventCount).traceHash
                    }
                    shared.hashes.withLock { $0[seed] = hashes }
                }
            }
        }
        for thread in threads { thread.join() }
        return shared.hashes.withLock { $0 }
    }

    private func work(_ shared: Shared) {
        while let seed = shared.next(in: seeds) {
            for mode in modes {
                let report = Simulation.run(
                    seed: seed,
                    mode: mode,
                    eventCount: eventCount,
                    bug: bug
                )
                shared.totals.withLock { $0.add(mode, report) }
                if stopsAtFirst, !report.violations.isEmpty { shared.stop(seeds) }
            }
        }
    }

    /// What the threads of a sweep share.
    private final class Shared: Sendable {
        private let nextSeed: Atomic<UInt64>
        let totals = Mutex(Totals())
        let hashes = Mutex<[UInt64: [UInt64]]>([:])

        init(_ first: UInt64) {
            nextSeed = Atomic(first)
        }

        func next(in seeds: Range<UInt64>) -> UInt64? {
            let seed = nextSeed.wrappingAdd(1, ordering: .relaxed).oldValue
            return seeds.contains(seed) ? seed : nil
        }

        func stop(_ seeds: Range<UInt64>) {
            nextSeed.store(seeds.upperBound, ordering: .relaxed)
        }
    }
}

extension Sweep.Totals {
    fileprivate mutating func add(_ mode: Mode, _ report: RunReport) {
        runs += 1
        events += report.eventCount
        seconds += report.seconds
        acknowledged += report.acknowledgedCount
        jobs += report.doneCount
        if !report.violations.isEmpty { failures.append((mode, report)) }
    }
}
