/// One kind of fault, done to a cluster at work, and what must hold nevertheless.
package protocol Scenario: Sendable {
    /// Its name on the command line.
    static var name: String { get }
    /// One line on what it does.
    static var summary: String { get }

    /// Does it once.
    ///
    /// - Returns: figures and violations; throws where the cluster could not be brought to the
    ///   point, or did not come back from it.
    static func run(_ size: ScenarioSize) throws -> ScenarioReport
}

/// How much of a scenario is done.
package struct ScenarioSize: Sendable {
    /// Draws times and victims.
    package var seed: UInt64
    /// Whether it may take many minutes.
    package var isLong: Bool
    /// How often the fault is made; nil for what the scenario's length asks for.
    package var times: Int?

    /// A size as it is asked for.
    package init(seed: UInt64 = 1, isLong: Bool = false, times: Int? = nil) {
        self.seed = seed
        self.isLong = isLong
        self.times = times
    }

    /// How often the fault is made.
    package func times(short: Int, long: Int) -> Int { times ?? (isLong ? long : short) }
}

/// What came of a scenario.
package struct ScenarioReport: Sendable {
    /// Figures in the order in which they are shown.
    package var figures: [(name: String, value: String)] = []
    /// What broke a promise, a sentence each.
    package var violations: [String] = []

    /// Nothing yet.
    package init() {}

    /// Adds a figure.
    package mutating func add(_ name: String, _ value: some CustomStringConvertible) {
        figures.append((name, value.description))
    }

    /// Adds what an output lacks.
    package mutating func add(_ check: OutputCheck) { violations += check.violations }

    /// Adds a sentence where a promise does not hold.
    package mutating func expect(_ holds: Bool, _ violation: @autoclosure () -> String) {
        if !holds { violations.append(violation()) }
    }

    /// All figures on one line.
    package var line: String {
        figures.map { "\($0.value) \($0.name)" }.joined(separator: ", ")
    }
}
