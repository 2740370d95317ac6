import Platform

/// What the ledger's thread reports.
package enum LedgerEvent: Sendable {
    /// These writes are durable, in the order in which they were asked for.
    case written([LedgerWrite])
    /// The ledger cannot go on; nothing after the last report is durable.
    case failed(LedgerError)
}

/// The one thread that owns the ledger; what arrives while a sync runs shares the next one.
package final class LedgerThread: Sendable {
    private enum Request: Sendable {
        case write(LedgerWrite)
        case read(@Sendable (borrowing Ledger) -> Void)
    }

    private let thread: RequestThread<Request>

    /// Starts the thread with a ledger that is recovered already; `report` is called on it.
    package init(
        _ ledger: consuming Ledger,
        report: @escaping @Sendable (LedgerEvent) -> Void
    ) {
        let owner = LedgerOwner(ledger, report)
        thread = RequestThread(name: "ledger") { owner.serve($0) }
    }

    /// Asks for a write, whose end is reported.
    ///
    /// Any thread.
    package func write(_ write: LedgerWrite) {
        thread.post(.write(write))
    }

    /// Runs `body` on the ledger's thread after all writes asked for before.
    ///
    /// Any thread.
    package func read(_ body: @escaping @Sendable (borrowing Ledger) -> Void) {
        thread.post(.read(body))
    }

    /// Finishes what was asked for and joins the thread.
    package func stop() {
        thread.stop()
    }

    /// Sendable though it holds a connection: only the ledger's thread calls it.
    private final class LedgerOwner: @unchecked Sendable {
        private var ledger: Ledger
        private let report: @Sendable (LedgerEvent) -> Void
        private var hasFailed = false

        init(_ ledger: consuming Ledger, _ report: @escaping @Sendable (LedgerEvent) -> Void) {
            self.ledger = ledger
            self.report = report
        }

        func serve(_ requests: [Request]) {
            var group: [LedgerWrite] = []
            for request in requests {
                switch request {
                case .write(let write):
                    group.append(write)
                case .read(let body):
                    flush(&group)
                    body(ledger)
                }
            }
            flush(&group)
        }

        /// After a failed sync nothing is tried again: the disk's word is read at the next start.
        private func flush(_ group: inout [LedgerWrite]) {
            guard !group.isEmpty, !hasFailed else { return }
            do throws(LedgerError) {
                try ledger.write(group)
                report(.written(group))
            } catch {
                hasFailed = true
                report(.failed(error))
            }
            group = []
        }
    }
}
