import Platform
import Synchronization

/// Has each thread of a crew keep to its core.
final class Seating: RankWork {
    private let machine: Machine
    private let cores: [Topology.Core]  // (ranks)
    private let refused = Mutex<SystemCallError?>(nil)

    init(_ machine: Machine, _ cores: [Topology.Core]) {
        self.machine = machine
        self.cores = cores
    }

    /// Why a thread stays free; nil where none does.
    var failure: SystemCallError? { refused.withLock { $0 } }

    func run(_ rank: Rank) {
        do throws(SystemCallError) {
            try machine.pinCallingThread(to: cores[rank.number].processors)
        } catch {
            refused.withLock { $0 = $0 ?? error }
        }
    }
}
