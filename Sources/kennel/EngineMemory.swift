import Glibc
import Platform

/// What of a machine's memory an engine takes for texts that grow.
enum EngineMemory {
    /// Room for keys and values that may be asked for, MiB.
    static let cacheMiB = 1...1 << 24

    /// This machine's memory, or what a control group leaves of it, MiB.
    static var machineMiB: Int {
        let machine = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        return min(machine, ControlGroup().memoryBytes ?? machine) >> 20
    }

    /// Room for keys and values of each of several workers where nobody says: together a quarter of
    /// the memory, which is taken only as texts need it.
    static func usualCacheMiB(workers: Int = 1) -> Int { max(1, machineMiB / 4 / workers) }
}
