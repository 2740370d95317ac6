/// All scenarios that there are.
package enum Scenarios {
    /// In the order in which they are done where none is named.
    package static var all: [any Scenario.Type] {
        [
            WorkerKill.self, CoordinatorKill.self, SyncKill.self, PauseScenario.self, DiskFull.self,
            ClockScenario.self, Descriptors.self, PowerLoss.self, CutScenario.self,
            HalfOpenScenario.self, SlowScenario.self, PoisonScenario.self, DrainScenario.self,
            CloneScenario.self, RestartScenario.self, FloodScenario.self,
        ]
    }
}
