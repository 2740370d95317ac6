/// What became of one run.
package struct RunReport: Sendable {
    /// The seed that gives this run again, with the same mode and number of events.
    package let seed: UInt64
    /// Promises that were broken, as sentences; empty where none was.
    package let violations: [String]
    /// Things that happened.
    package let eventCount: Int
    /// A hash over all of them: equal for equal runs.
    package let traceHash: UInt64
    /// Virtual seconds that passed.
    package let seconds: Double
    /// Results that were acknowledged, and jobs that are done.
    package let acknowledgedCount: Int
    /// Jobs whose output stands.
    package let doneCount: Int
    /// Places between two effects of the coordinator, at each of which it could have died.
    package let boundaryCount: Int
}

/// Runs whole clusters in virtual time.
package enum Simulation {
    /// Events of a run unless told otherwise.
    package static let eventCount = 5_000

    /// Runs the scenario of one seed.
    ///
    /// - Parameters:
    ///   - bug: a mistake to plant.
    ///   - isPrinting: whether all that happens is printed.
    package static func run(
        seed: UInt64,
        mode: Mode,
        eventCount: Int = Simulation.eventCount,
        bug: PlantedBug? = nil,
        isPrinting: Bool = false
    ) -> RunReport {
        var chance = Chance(seed: seed)
        let scenario = Scenario(mode: mode, eventCount: eventCount, chance: &chance)
        let world = World(scenario: scenario, chance: chance, bug: bug, isPrinting: isPrinting)
        world.run()
        return world.report(seed: seed)
    }
}

extension Simulation {
    /// Runs two small jobs without faults but those asked for: the coordinator dies between two of
    /// its effects, at each of these places.
    ///
    /// - Parameter boundaries: numbers of places, rising, counted over all lives.
    package static func runDying(
        seed: UInt64,
        at boundaries: [Int],
        bug: PlantedBug? = nil
    ) -> RunReport {
        var chance = Chance(seed: seed)
        var scenario = Scenario(mode: .calm, eventCount: 0, chance: &chance)
        scenario.shrink()
        let world = World(scenario: scenario, chance: chance, bug: bug, isPrinting: false)
        world.deadlyBoundaries = boundaries
        world.run()
        return world.report(seed: seed)
    }

    /// Runs one job of so many shards on so many workers, without a fault.
    package static func runLarge(workers: Int, shards: Int) -> RunReport {
        var chance = Chance(seed: 1)
        var scenario = Scenario(mode: .calm, eventCount: 0, chance: &chance)
        scenario.grow(workers: workers, shards: shards)
        let world = World(scenario: scenario, chance: chance, bug: nil, isPrinting: false)
        world.run()
        return world.report(seed: 1)
    }
}

extension World {
    /// Lets events happen until the run has shown what its mode is for.
    func run() {
        while checker.violations.isEmpty {
            if scenario.mode == .liveness, trace.eventCount == scenario.eventCount * 3 / 5 {
                heal()
            }
            let isFull = trace.eventCount >= scenario.eventCount
            switch scenario.mode {
            case .safety: if isFull { return }
            case .liveness, .calm:
                let isAll = isFull && client.jobs.count >= scenario.jobCount
                if isAll, client.isContent, !ledger.hasLeftovers { return }
                if now > deadline, !client.isContent {
                    return checker.violate("I14: a job has not ended though the faults have")
                }
                if now > deadline + 60 * .second, ledger.hasLeftovers {
                    return checker.violate("I13: a job that ended has left rows or answers")
                }
            }
            guard step() else { return checker.violate("nothing is left to happen") }
        }
    }

    func report(seed: UInt64) -> RunReport {
        RunReport(
            seed: seed,
            violations: checker.violations,
            eventCount: trace.eventCount,
            traceHash: trace.hash,
            seconds: Double(now - 1_000 * .second) / 1e9,
            acknowledgedCount: checker.acknowledgedCount,
            doneCount: client.jobs.count { job in
                if case .done = job.state { true } else { false }
            },
            boundaryCount: boundaryCount
        )
    }
}
