import Ledger
import Platform
import Scheduling
import Synchronization
import Wire

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

extension CoordinatorLoop.Surroundings {
    /// Starts the threads around the loop.
    init(
        state: String,
        _ mailbox: Mailbox<CoordinatorEvent>,
        _ ledger: LedgerThread,
        _ status: StatusBoard,
        _ limits: SchedulerLimits
    ) {
        let isEnding = EndFlag()
        let input = InputService(limits: limits, mailbox: mailbox, isEnding: isEnding)
        let publisher = PublishService(
            state: state,
            ledger: ledger,
            mailbox: mailbox,
            isEnding: isEnding
        )
        self.init(
            mailbox: mailbox,
            ledger: ledger,
            input: RequestThread(name: "input") { $0.forEach(input.serve) },
            publisher: RequestThread(name: "publisher") { $0.forEach(publisher.serve) },
            status: status,
            limits: limits,
            isEnding: isEnding
        )
    }
}

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

/// A job that may still write, and what it writes.
struct LiveJob: Sendable {
    let id: JobID
    let targets: Set<String>

    init(_ id: JobID, _ specification: JobSpecification) {
        self.id = id
        targets = Set([specification.output, specification.rejects].compactMap(\.self))
    }
}
