import Coordinator
import Ledger
import Records
import Scheduling

/// What is known from outside of error answers, and of how many there may be.
struct Budgets {
    /// Shards, records and error answers of a job that are durable.
    struct Count: Equatable {
        var shards = 0
        var records = 0
        var errors = 0
    }

    /// By the disk, and by what the core has heard of it.
    private(set) var durable: [JobID: Count] = [:]
    private var known: [JobID: Count] = [:]
    /// The budget that the core was last told to be durable, and those that are on their way.
    private var current: [JobID: ErrorBudget] = [:]
    private var coming: [JobID: [ErrorBudget?]] = [:]
    /// Those that the last report replaced: its writes are heard one by one, and acted on between.
    private var replaced: [JobID: [ErrorBudget?]] = [:]

    /// What was read of specifications, as each life begins with the same ones.
    private var read: [String: ErrorBudget?] = [:]

    private mutating func budget(_ text: String) -> ErrorBudget? {
        if let known = read[text] { return known }
        let specification = try? CanonicalJSON.decode(JobSpecification.self, from: text)
        read[text] = .some(specification?.maxErrors)
        return specification?.maxErrors
    }

    /// A life begins with what the disk holds.
    mutating func recovered(_ jobs: [RecoveredJob]) {
        known = durable
        (coming, replaced) = ([:], [:])
        for job in jobs { current[job.row.id] = budget(job.row.specification) }
    }

    mutating func asked(_ write: LedgerWrite) {
        guard case .respecifyJob(let job, let text) = write else { return }
        let new = budget(text)
        coming[job, default: []].append(new)
    }

    mutating func committed(_ result: CompletedResult) {
        durable[result.shard.job, default: Count()].add(result)
    }

    /// The core hears what is durable.
    mutating func told(_ group: [LedgerWrite]) {
        replaced = [:]
        for write in group { told(write) }
    }

    private mutating func told(_ write: LedgerWrite) {
        switch write {
        case .createJob(let row): current[row.id] = budget(row.specification)
        case .respecifyJob(let job, let text):
            replaced[job, default: []].append(current[job])
            current[job] = budget(text)
            if coming[job]?.isEmpty == false { coming[job]?.removeFirst() }
        case .commitResult(let result): known[result.shard.job, default: Count()].add(result)
        default: break
        }
    }

    /// Whether a job may be paused for its errors, or published in spite of them.
    func mayBe(paused: Bool, _ job: JobID, of recordCount: Int) -> Bool {
        let count = known[job] ?? Count()
        let budgets = [current[job]] + (replaced[job] ?? []) + (coming[job] ?? [])
        return budgets.contains { Self.isExceeded($0, count, of: recordCount) == paused }
    }

    private static func isExceeded(_ budget: ErrorBudget?, _ count: Count, of records: Int) -> Bool
    {
        switch budget {
        case .records(let most): return count.errors > most
        case .percent(let most):
            let share = 100 * Double(count.errors) / Double(max(1, count.records))
            return share > most && (count.records == records || count.records >= 1_000)
        case nil: return false
        }
    }
}

extension Budgets.Count {
    fileprivate mutating func add(_ result: CompletedResult) {
        shards += 1
        records += result.records
        errors += result.failedRecords
    }
}
