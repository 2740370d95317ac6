import Glibc
package import Ledger
import Platform
package import Scheduling
import Synchronization
package import Wire

/// A coordinator: its state folder, its ledger, its socket and the threads that own them.
package final class Coordinator: Sendable {
    private let state: StateDirectory
    private let around: CoordinatorLoop.Surroundings
    private let loop: OSThread
    /// Where workers connect to, with the real port.
    package let endpoint: String
    /// Jobs found in the ledger at the start, oldest first.
    package let recovered: [RecoveredJob]

    /// Opens the state folder, recovers its jobs, listens, and goes on where it was.
    ///
    /// - Parameter limits: the scheduler's; with no grace where no worker can have outlived us.
    package init(
        state path: String,
        listening endpoint: Endpoint,
        limits: SchedulerLimits
    ) throws(CoordinatorError) {
        state = try StateDirectory(path)
        let opened = try Self.openLedger(path)
        let epoch = opened.ledger.epoch
        let nextLease = opened.ledger.nextLease
        let jobs = opened.jobs
        recovered = jobs
        let specifications = try Self.specifications(of: jobs, path: path)
        let mailbox = Mailbox<CoordinatorEvent>()
        let ledger = LedgerThread(opened.ledger) { mailbox.post(.ledger($0)) }
        let input = InputService(limits: limits, mailbox: mailbox)
        let publisher = PublishService(state: path, ledger: ledger, mailbox: mailbox)
        around = CoordinatorLoop.Surroundings(
            mailbox: mailbox,
            ledger: ledger,
            input: RequestThread(name: "input") { $0.forEach(input.serve) },
            publisher: RequestThread(name: "publisher") { $0.forEach(publisher.serve) },
            status: StatusBoard(),
            limits: limits
        )
        let started = LoopStart()
        let around = around
        loop = OSThread(name: "sockets") {
            do throws(WireError) {
                let socket = try Socket(
                    .router,
                    endpoint,
                    context: Context(),
                    lingerMilliseconds: 1_000
                )
                started.succeed(socket.lastEndpoint())
                CoordinatorLoop(
                    around,
                    socket: socket,
                    epoch: epoch,
                    nextLease: nextLease,
                    recovered: jobs,
                    specifications: specifications
                ).run()
            } catch {
                started.fail(error)
            }
        }
        do throws(WireError) {
            self.endpoint = try started.wait()
        } catch {
            loop.join()
            Self.stop(around)
            throw .wire(error)
        }
    }

    /// What it shows of itself now.
    package var status: CoordinatorStatus { around.status.current }

    /// Takes in a job; returns once it is durable.
    package func submit(_ specification: JobSpecification) -> JobID {
        let row = JobRow(
            id: JobID(Entropy.identifier()),
            identity: CanonicalJSON.encode(specification.identity),
            specification: CanonicalJSON.encode(specification),
            state: .running,
            message: "",
            inputBytes: specification.inputBytes,
            created: Glibc.time(nil)
        )
        let isDurable = Semaphore()
        around.mailbox.post(.submit(row, specification) { isDurable.signal() })
        isDurable.wait()
        return row.id
    }

    /// Has a failed job go on where it was; it is shown as running once that is durable.
    package func resume(_ job: JobID) {
        around.mailbox.post(.resume(job))
    }

    /// Tells all workers to finish what they hold and leave.
    package func drain() {
        around.mailbox.post(.drain)
    }

    /// Ends all threads; what is durable stays so. Call once.
    package func stop() {
        around.mailbox.post(.stop)
        loop.join()
        Self.stop(around)
    }

    private static func stop(_ around: CoordinatorLoop.Surroundings) {
        around.input.stop()
        around.publisher.stop()
        around.ledger.stop()
    }
}
