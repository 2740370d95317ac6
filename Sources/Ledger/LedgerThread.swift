import Platform
import Synchronization

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

    private struct Queue {
        var requests: [Request] = []
        var isStopping = false
    }

    private let queue = Mutex(Queue())
    private let work = Semaphore()
    private let thread = Mutex<OSThread?>(nil)

    package init() {}

    /// Starts the thread with a ledger that is recovered already; `report` is called on it.
    package func start(
        _ ledger: consuming Ledger,
        report: @escaping @Sendable (LedgerEvent) -> Void
    ) {
        let box = Mutex<LedgerBox?>(LedgerBox(ledger))
        let started = OSThread(name: "ledger") { [self] in
            guard
                let box = box.withLock({ box -> LedgerBox? in
                    defer { box = nil }
                    return box
                })
            else { return }
            run(box, report)
        }
        thread.withLock { $0 = started }
    }

    /// Asks for a write, whose end is reported.
    ///
    /// Any thread.
    package func write(_ write: LedgerWrite) {
        queue.withLock { $0.requests.append(.write(write)) }
        work.signal()
    }

    /// Runs `body` on the ledger's thread after all writes asked for before.
    ///
    /// Any thread.
    package func read(_ body: @escaping @Sendable (borrowing Ledger) -> Void) {
        queue.withLock { $0.requests.append(.read(body)) }
        work.signal()
    }

    /// Finishes what was asked for and joins the thread.
    package func stop() {
        queue.withLock { $0.isStopping = true }
        work.signal()
        thread.withLock { slot -> OSThread? in
            defer { slot = nil }
            return slot
        }?.join()
    }

    private func run(_ box: LedgerBox, _ report: @Sendable (LedgerEvent) -> Void) {
        while true {
            work.wait()
            let (requests, isStopping) = queue.withLock { queue in
                defer { queue.requests = [] }
                return (queue.requests, queue.isStopping)
            }
            do throws(LedgerError) {
                try carryOut(requests, box, report)
            } catch {
                report(.failed(error))
                return
            }
            if requests.isEmpty, isStopping { return }
            if isStopping { work.signal() }
        }
    }

    private func carryOut(
        _ requests: [Request],
        _ box: LedgerBox,
        _ report: @Sendable (LedgerEvent) -> Void
    ) throws(LedgerError) {
        var group: [LedgerWrite] = []
        for request in requests {
            switch request {
            case .write(let write):
                group.append(write)
            case .read(let body):
                try flush(&group, box, report)
                body(box.ledger)
            }
        }
        try flush(&group, box, report)
    }

    private func flush(
        _ group: inout [LedgerWrite],
        _ box: LedgerBox,
        _ report: @Sendable (LedgerEvent) -> Void
    ) throws(LedgerError) {
        guard !group.isEmpty else { return }
        try box.ledger.write(group)
        report(.written(group))
        group = []
    }
}

/// Carries the ledger to its thread, once.
///
/// Sendable though it holds a connection: only the ledger's thread touches it after `start`.
private final class LedgerBox: @unchecked Sendable {
    var ledger: Ledger

    init(_ ledger: consuming Ledger) {
        self.ledger = ledger
    }
}
