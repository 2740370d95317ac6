import TestSimulation
for s in 1...30 { for m in Mode.allCases {
let r = Simulation.run(seed: UInt64(s), mode: m)
print(s, m, r.eventCount, r.seconds, r.acknowledgedCount, r.doneCount, r.violations.first ?? "")
}}
