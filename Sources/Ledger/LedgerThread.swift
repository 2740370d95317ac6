import Platform
package import Scheduling

/// What the ledger's thread reports.
package enum LedgerEvent: Sendable {
    /// These writes are durable, in the order in which they were asked for.
    case written([LedgerWrite])
    /// The disk has no room: new jobs are refused, and all other writes wait until there is some.
    ///
    /// It is tried again every few seconds; the next `written` tells of room, or, where it is
    /// empty, that nothing is left that waits.
    case full(LedgerError, refused: [JobID])
    /// The disk's room is enough for more than before, or for less.
    case room(DiskRoom)
    /// Rows of shards are left of these jobs, of which some were to be forgotten.
    case rowsRemain([JobID])
    /// The ledger cannot go on; nothing after the last report is durable.
    case failed(LedgerError)
}

/// The one thread that owns the ledger; what arrives while a sync runs shares the next one.
package final class LedgerThread: Sendable {
    private let thread: RequestThread<LedgerRequest>
    /// How long the ledger is idle before its WAL is emptied.
    private static let idleMilliseconds = 1_000

    /// Starts the thread with a ledger that is recovered already; `report` is called on it.
    ///
    /// - Parameters:
    ///   - measuresRoom: whether the disk's room is looked at once a second, and now.
    ///   - retryAfter: how long writes that found no room wait.
    package init(
        _ ledger: consuming Ledger,
        measuresRoom: Bool = false,
        retryAfter: Duration = .seconds(5),
        report: @escaping @Sendable (LedgerEvent) -> Void
    ) {
        let owner = LedgerOwner(ledger, measuresRoom: measuresRoom, retryAfter, report)
        thread = RequestThread(name: "ledger", pauseMilliseconds: Self.idleMilliseconds) {
            owner.serve($0)
        }
    }

    /// Asks for a write, whose end is reported.
    ///
    /// Any thread.
    package func write(_ write: LedgerWrite) {
        thread.post(.write(write))
    }

    /// Runs `body` on the ledger's thread after all writes asked for before.
    ///
    /// Not at all where these cannot be made. Any thread.
    package func read(_ body: @escaping @Sendable (borrowing Ledger) -> Void) {
        thread.post(.read(body))
    }

    /// Runs `body` on the ledger's thread soon, whatever waits for room, and in any case.
    ///
    /// Any thread.
    package func look(_ body: @escaping @Sendable (borrowing Ledger) -> Void) {
        thread.post(.look(body))
    }

    /// Finishes what was asked for, as far as there is room, and joins the thread.
    package func stop() {
        thread.post(.finish)
        thread.stop()
    }
}

private enum LedgerRequest: Sendable {
    case write(LedgerWrite)
    case read(@Sendable (borrowing Ledger) -> Void)
    case look(@Sendable (borrowing Ledger) -> Void)
    case finish
}

/// What the ledger's thread does.
private final class LedgerOwner: @unchecked Sendable {  // only the ledger's thread calls it
    private var ledger: Ledger
    private let report: @Sendable (LedgerEvent) -> Void
    /// Writes and the reads behind them, in order; they stay here while there is no room.
    private var queue: [LedgerRequest] = []
    /// When writes were last tried in vain, and why; nil while there is room.
    private var full: (since: UInt64, error: LedgerError)?
    private var hasFailed = false
    private let measuresRoom: Bool
    private let retryNanoseconds: UInt64
    /// When the disk's room was last measured, and what it was enough for.
    private var room: (at: UInt64, level: DiskRoom.Level) = (0, .jobs)

    /// How long the disk's room is taken for what it was.
    private static let roomNanoseconds: UInt64 = 1_000_000_000
    /// Rows and bytes of answers of one group.
    private static let groupMax = (rows: 8192, bytes: 16 << 20)

    init(
        _ ledger: consuming Ledger,
        measuresRoom: Bool,
        _ retryAfter: Duration,
        _ report: @escaping @Sendable (LedgerEvent) -> Void
    ) {
        self.ledger = ledger
        self.measuresRoom = measuresRoom
        retryNanoseconds = UInt64(retryAfter / .nanoseconds(1))
        self.report = report
        // Nobody else has the ledger yet, and the first job shall find what was measured.
        measureRoom()
    }

    private func measureRoom() {
        let now = MonotonicClock.nanoseconds()
        guard measuresRoom, room.at == 0 || now - room.at >= Self.roomNanoseconds,
            let found = DiskRoom(of: ledger.state)
        else { return }
        let last = room.level
        room = (now, found.level)
        if found.level != last { report(.room(found)) }
    }

    func serve(_ requests: [LedgerRequest]) {
        measureRoom()
        var isEnding = false
        for request in requests {
            switch request {
            case .look(let body): body(ledger)
            case .finish: isEnding = true
            case .write, .read: queue.append(request)
            }
        }
        guard !hasFailed else { return queue = [] }
        do throws(LedgerError) {
            if let full {
                let waited = MonotonicClock.nanoseconds() - full.since
                guard isEnding || waited >= retryNanoseconds else {
                    return refuseJobs(full.error)
                }
            }
            try drain()
            guard full == nil else { return }
            try ledger.checkpointIfNeeded(isIdle: isEnding || requests.isEmpty)
        } catch {
            // The disk's word is read at the next start: nothing is tried again.
            hasFailed = true
            queue = []
            report(.failed(error))
        }
    }

    /// Serves the queue in groups until it is empty or a group finds no room.
    private func drain() throws(LedgerError) {
        var next = 0
        var error: LedgerError?
        while next < queue.count, error == nil {
            if case .read(let body) = queue[next] {
                body(ledger)
                next += 1
                continue
            }
            let group = group(from: next)
            error = try write(group)
            if error == nil { next += group.count }
        }
        queue.removeFirst(next)
        guard let error else { return tellOfNothing() }
        let wasFull = full != nil
        full = (MonotonicClock.nanoseconds(), error)
        refuseJobs(error, andReport: !wasFull)
    }

    /// Has the next write show whether there is room, where nothing waits that could.
    ///
    /// Of new jobs that were refused nothing stays behind: without a word nothing would be given
    /// any more, and so nothing written either.
    private func tellOfNothing() {
        guard full != nil else { return }
        full = nil
        report(.written([]))
    }

    /// Takes new jobs out of the queue: whoever hands one in is told instead of waiting for room.
    private func refuseJobs(_ error: LedgerError, andReport: Bool = false) {
        var refused: [JobID] = []
        queue.removeAll { request in
            guard case .write(.createJob(let row)) = request else { return false }
            refused.append(row.id)
            return true
        }
        if andReport || !refused.isEmpty { report(.full(error, refused: refused)) }
    }

    /// The next writes that share a sync.
    private func group(from first: Int) -> [LedgerWrite] {
        var group: [LedgerWrite] = []
        var rows = 0
        var bytes = 0
        for request in queue[first...] {
            guard case .write(let write) = request else { break }
            rows += write.rowCount
            bytes += write.answerByteCount
            let isLarge = rows > Self.groupMax.rows || bytes > Self.groupMax.bytes
            if isLarge, !group.isEmpty { break }
            group.append(write)
        }
        return group
    }

    /// Tells of which jobs more rows are to be forgotten, as one step removes only some.
    private func reportRemaining(_ group: [LedgerWrite]) throws(LedgerError) {
        var remaining: [JobID] = []
        for case .forgetShards(let job) in group where try ledger.hasShards(of: job) {
            remaining.append(job)
        }
        if !remaining.isEmpty { report(.rowsRemain(remaining)) }
    }

    /// Makes a group durable and reports it.
    ///
    /// - Returns: why there is no room for it, if there is none.
    private func write(_ group: [LedgerWrite]) throws(LedgerError) -> LedgerError? {
        do throws(LedgerError) {
            do throws(LedgerError) {
                try ledger.write(group)
            } catch {
                // An empty WAL may be all the room that is needed.
                guard error.isFull, try ledger.checkpointIfNeeded(isIdle: true) else { throw error }
                try ledger.write(group)
            }
        } catch {
            guard error.isFull else { throw error }
            return error
        }
        full = nil
        report(.written(group))
        try reportRemaining(group)
        try ledger.checkpointIfNeeded(isIdle: false)
        return nil
    }
}
