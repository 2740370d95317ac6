package import Ledger
import Platform
package import Scheduling
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

    /// What the jobs were asked for; damage where one of them cannot be read.
    package static func specifications(
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
        let input = InputService(
            state: state,
            limits: limits,
            mailbox: mailbox,
            isEnding: isEnding
        )
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
