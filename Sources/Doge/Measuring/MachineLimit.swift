import CDogeKernels
import Platform
import Synchronization

/// What the cores of this machine can multiply and add at most, all data in registers.
package enum MachineLimit {
    /// Operations per second of `threads` threads at once: 2 for each product that is summed.
    ///
    /// Takes about a quarter of a second; blocks the calling thread. The best of several runs, as
    /// other programs only ever take speed away; each lasts long enough for what a core sustains,
    /// not a burst. In `kernels`, by default those that are chosen.
    package static func operationsPerSecond(
        _ type: DataType,
        threads: Int,
        kernels: InstructionSet? = nil
    ) throws(ModelError) -> Double {
        let spin = try InstructionSet.kernels(kernels).pointee.spin
        let format = type.format
        let sums = Mutex(0.0)
        let team = try Team(count: threads) { _ in
            var best = 0.0
            for _ in 0..<runs { best = max(best, speed(of: spin, format)) }
            let speed = best
            sums.withLock { $0 += speed }
        }
        team.run()
        return sums.withLock { $0 }
    }

    /// Runs, and how long each lasts.
    private static let runs = 5
    private static let nanosecondsOfRun = 50_000_000
    /// Steps between two looks at the clock: 0.3 ms where a core does 24 products of 16 in 3 ns.
    private static let stepsOfLook = 100_000

    /// Operations per second of one run.
    private static func speed(
        of spin: @convention(c) (ck_format, Int) -> Double,
        _ format: ck_format
    ) -> Double {
        let began = MonotonicClock.nanoseconds()
        var operations = 0.0
        while true {
            operations += spin(format, stepsOfLook)
            let taken = Int(MonotonicClock.nanoseconds() - began)
            if taken >= nanosecondsOfRun { return operations / (Double(taken) / 1e9) }
        }
    }
}
