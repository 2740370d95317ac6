import Ledger
import Scheduling
import Synchronization

/// Jobs that a start has found, handed to the loop: nobody keeps them for the life of its thread.
final class FoundJobs: Sendable {
    private let found: Mutex<([RecoveredJob], [JobID: JobSpecification])>

    init(_ jobs: [RecoveredJob], _ specifications: [JobID: JobSpecification]) {
        found = Mutex((jobs, specifications))
    }

    func take() -> ([RecoveredJob], [JobID: JobSpecification]) {
        found.withLock { found in
            defer { found = ([], [:]) }
            return found
        }
    }
}

/// A job that has not ended, what it writes, and what it may still read.
struct LiveJob: Sendable {
    let id: JobID
    let targets: Set<String>
    let inputs: Set<String>

    init(_ id: JobID, _ specification: JobSpecification) {
        self.id = id
        targets = Set([specification.output, specification.rejects].compactMap(\.self))
        inputs = Set(specification.inputs.map(\.path))
    }
}
