import CDogeKernels
import Platform
import Synchronization

/// What the cores of this machine can multiply and add at most, all data in registers.
package enum MachineLimit {
    /// Operations per second of `threads` threads at once: 2 for each product that is summed.
    ///
    /// Takes about a quarter of a second; blocks the calling thread. The best of several runs, as
    /// other programs only ever take speed away. In `kernels`, by default those that are chosen.
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
            for _ in 0..<5 {
                let began = MonotonicClock.nanoseconds()
                let operations = spin(format, 2_000_000)
                let seconds = Double(MonotonicClock.nanoseconds() - began) / 1e9
                best = max(best, operations / seconds)
            }
            let speed = best
            sums.withLock { $0 += speed }
        }
        team.run()
        return sums.withLock { $0 }
    }
}
