import Glibc
import Ledger
import Platform
import Synchronization

/// How far a backup is.
package struct BackupStatus: Codable, Equatable, Sendable {
    /// Whether one is being made.
    package var isAtWork = false
    /// Pages of the ledger that are copied.
    package var donePages = 0
    /// Pages of the ledger.
    package var pages = 0
    /// Bytes of answers that were copied, once all are.
    package var answerBytes = 0
    /// Why the last one failed; nil where it did not.
    package var failure: String?
}

/// Makes backups on a thread of their own, named "backup", while the coordinator works.
final class BackupService: Sendable {
    private struct Work {
        var status = BackupStatus()
        var thread: OSThread?
    }

    private let state: String
    private let ledger: LedgerThread
    private let isEnding: EndFlag
    private let work = Mutex(Work())

    init(state: String, ledger: LedgerThread, isEnding: EndFlag) {
        self.state = state
        self.ledger = ledger
        self.isEnding = isEnding
    }

    var status: BackupStatus { work.withLock { $0.status } }

    func start(to folder: String) throws(CoordinatorError) {
        try work.withLock { work throws(CoordinatorError) in
            guard !work.status.isAtWork else { throw .backupAtWork }
            let backup: LedgerBackup
            do throws(LedgerError) {
                backup = try LedgerBackup(of: state, to: folder)
            } catch {
                throw .ledger(error)
            }
            work.thread?.join()
            work.status = BackupStatus(isAtWork: true)
            work.thread = OSThread(name: "backup") { self.run(backup) }
        }
    }

    /// Waits for the end of the backup at work, which the flag hastens.
    func stop() {
        work.withLock { work -> OSThread? in
            defer { work.thread = nil }
            return work.thread
        }?.join()
    }

    private func run(_ backup: LedgerBackup) {
        do throws(LedgerError) {
            while let progress = try step(backup) {
                work.withLock { work in
                    work.status.donePages = progress.total - progress.remaining
                    work.status.pages = progress.total
                }
            }
            let byteCount = try backup.copyAnswers { isEnding.isSet }
            work.withLock { work in
                work.status.donePages = work.status.pages
                work.status.answerBytes = byteCount
                work.status.isAtWork = false
            }
        } catch {
            work.withLock { work in
                work.status.failure = error.description
                work.status.isAtWork = false
            }
        }
    }

    /// Has the ledger's thread copy some rows, between two groups of writes.
    private func step(_ backup: LedgerBackup) throws(LedgerError) -> LedgerBackup.Progress? {
        let answer = Promise<Result<LedgerBackup.Progress?, LedgerError>>()
        let isEnding = isEnding
        ledger.look { ledger in
            do throws(LedgerError) {
                if isEnding.isSet {
                    backup.cancel()
                    throw LedgerError.file(SystemCallError("finish", "the backup", code: EINTR))
                }
                answer.keep(.success(try backup.step(ledger)))
            } catch {
                answer.keep(.failure(error))
            }
        }
        return try answer.wait().get()
    }
}
