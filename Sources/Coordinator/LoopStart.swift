import Ledger
import Platform
import Scheduling
import Synchronization
import Wire

/// Tells the thread that starts a coordinator whether its loop listens.
final class LoopStart: Sendable {
    private let result = Mutex<Result<String, WireError>?>(nil)
    private let isKnown = Semaphore()

    func succeed(_ endpoint: String) {
        result.withLock { $0 = .success(endpoint) }
        isKnown.signal()
    }

    /// A failure after the start is shown in the status instead.
    func fail(_ error: WireError) {
        result.withLock { $0 = $0 ?? .failure(error) }
        isKnown.signal()
    }

    func wait() throws(WireError) -> String {
        isKnown.wait()
        guard let known = result.withLock({ $0 }) else {
            preconditionFailure("the start is known once it was signalled")
        }
        return try known.get()
    }
}

extension Coordinator {
    /// A ledger that is open, with the jobs found in it.
    struct OpenedLedger: ~Copyable {
        var ledger: Ledger
        let jobs: [RecoveredJob]
    }

    static func openLedger(_ path: String) throws(CoordinatorError) -> OpenedLedger {
        do throws(LedgerError) {
            var ledger = try Ledger.open(state: path)
            let jobs = try ledger.recover()
            return OpenedLedger(ledger: ledger, jobs: jobs)
        } catch {
            throw .ledger(error)
        }
    }

    static func specifications(
        of jobs: [RecoveredJob],
        path: String
    ) throws(CoordinatorError) -> [JobID: JobSpecification] {
        var specifications: [JobID: JobSpecification] = [:]
        for job in jobs {
            guard
                let specification = try? CanonicalJSON.decode(
                    JobSpecification.self,
                    from: job.row.specification
                )
            else {
                throw .ledger(
                    .damaged(path: path, what: "job \(job.row.id) has no readable specification")
                )
            }
            specifications[job.row.id] = specification
        }
        return specifications
    }
}
