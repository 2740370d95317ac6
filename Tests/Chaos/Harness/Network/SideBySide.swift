import Platform
import Synchronization

/// A part of a scenario that needs nothing of the others and mostly waits.
package struct ScenarioPart: Sendable {
    /// What its figures and violations are headed with.
    package let name: String
    /// Does it; violations may be thrown as well.
    package let run: @Sendable () throws -> ScenarioReport

    /// Names a part.
    package init(_ name: String, _ run: @escaping @Sendable () throws -> ScenarioReport) {
        self.name = name
        self.run = run
    }
}

extension ScenarioReport {
    /// Does all parts at once, each on a thread of its own, and puts their reports together.
    package init(sideBySide parts: [ScenarioPart]) {
        self.init()
        let reports = Mutex([ScenarioReport](repeating: ScenarioReport(), count: parts.count))
        let threads = parts.enumerated().map { index, part in
            OSThread(name: "scenario") {
                var report = ScenarioReport()
                do {
                    report = try part.run()
                } catch {
                    report.violations.append("\(error)")
                }
                reports.withLock { [report] in $0[index] = report }
            }
        }
        for thread in threads { thread.join() }
        for (part, report) in zip(parts, reports.withLock { $0 }) {
            figures += report.figures.map { ("\($0.name) (\(part.name))", $0.value) }
            violations += report.violations.map { "\(part.name): \($0)" }
        }
    }
}
