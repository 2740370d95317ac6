import Ledger
import Scheduling

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

/// A job that may still write, and what it writes.
struct LiveJob: Sendable {
    let id: JobID
    let targets: Set<String>

    init(_ id: JobID, _ specification: JobSpecification) {
        self.id = id
        targets = Set([specification.output, specification.rejects].compactMap(\.self))
    }
}
