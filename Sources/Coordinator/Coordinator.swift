import Glibc
import Ledger
import Platform
package import Scheduling
import Synchronization
package import Wire

/// A coordinator: its state folder, its ledger, its socket and the threads that own them.
package final class Coordinator: Sendable {
    let directory: StateDirectory
    let around: CoordinatorLoop.Surroundings
    private let loop: OSThread
    private let backups: BackupService
    /// Where workers connect to, with the real port.
    package let endpoint: String
    /// What makes the latest job of an earlier life that one; nil where there is none.
    let lastIdentity: String?
    /// Jobs that may still write, those that have ended since the last look included.
    let live: Mutex<[LiveJob]>
    /// Held by whoever changes what jobs there are: two at once would find the same state.
    let turn = Mutex<Void>(())

    /// Opens the state folder, recovers its jobs, listens, and goes on where it was.
    ///
    /// - Parameters:
    ///   - limits: the scheduler's; with no grace where no worker can have outlived us.
    ///   - keepsRoom: whether new jobs, and then shards, wait while little of the disk is free;
    ///     else only once nothing is.
    package init(
        state path: String,
        listening endpoint: Endpoint,
        limits: SchedulerLimits,
        keepsRoom: Bool = false
    ) throws(CoordinatorError) {
        directory = try StateDirectory(path)
        let opened = try Self.openLedger(path)
        let epoch = opened.ledger.epoch
        let nextLease = opened.ledger.nextLease
        let jobs = opened.jobs
        let specifications = try Self.specifications(of: jobs, path: path)
        lastIdentity = jobs.last?.row.identity
        let unended = jobs.filter { !$0.row.state.isFinal }.map(\.row.id)
        live = Mutex(unended.compactMap { id in specifications[id].map { LiveJob(id, $0) } })
        let copies = unended.flatMap { specifications[$0]?.inputs ?? [] }.compactMap(\.spool?.name)
        directory.removeAbandonedCopies(keeping: Set(copies))
        let mailbox = Mailbox<CoordinatorEvent>()
        let status = StatusBoard()
        let ledger = LedgerThread(opened.ledger, measuresRoom: keepsRoom) { event in
            // Behind the loop's end, which takes no more, a disk may fail still.
            if !mailbox.post(.ledger(event)), case .failed(let error) = event {
                status.fail(error)
            }
        }
        around = CoordinatorLoop.Surroundings(state: path, mailbox, ledger, status, limits)
        backups = BackupService(state: path, ledger: ledger, isEnding: around.isEnding)
        let found = FoundJobs(jobs, specifications)
        let started = Promise<Result<String, WireError>>()
        let around = around
        loop = OSThread(name: "sockets") {
            do throws(WireError) {
                let socket = try Socket(
                    .router,
                    endpoint,
                    context: Context(),
                    lingerMilliseconds: 1_000
                )
                let listening = socket.lastEndpoint()
                let (jobs, specifications) = found.take()
                let loop = CoordinatorLoop(
                    around,
                    socket: socket,
                    epoch: epoch,
                    nextLease: nextLease,
                    recovered: jobs,
                    specifications: specifications
                )
                // Whoever asks first shall see the jobs that are there.
                loop.showStatus()
                started.keep(.success(listening))
                loop.run()
            } catch {
                started.keep(.failure(error))
            }
        }
        do throws(WireError) {
            self.endpoint = try started.wait().get()
        } catch {
            loop.join()
            Self.stop(around)
            throw .wire(error)
        }
    }

    /// What it shows of itself now; waits for the loop's turn.
    package var status: CoordinatorStatus {
        let isShown = Promise<Void>()
        if around.mailbox.post(.show { isShown.keep(()) }) { isShown.wait() }
        return around.status.current
    }

    /// How far the last backup is.
    package var backup: BackupStatus { backups.status }

    /// Begins a copy of the ledger and its answers into a folder that is empty or not there.
    ///
    /// One at a time; `backup` tells how far it is. Any thread.
    package func startBackup(to folder: String) throws(CoordinatorError) {
        try backups.start(to: folder)
    }

    /// Ends all threads; what is durable stays so.
    ///
    /// Call once.
    package func stop() {
        around.mailbox.post(.stop)
        loop.join()
        // Publishing takes long and is begun anew by the next life.
        around.isEnding.set()
        backups.stop()
        Self.stop(around)
    }

    private static func stop(_ around: CoordinatorLoop.Surroundings) {
        around.input.stop()
        around.publisher.stop()
        around.ledger.stop()
    }
}
