import Platform
package import Scheduling

/// One thing to be made durable; a group of them shares one sync and one transaction.
package enum LedgerWrite: Sendable {
    /// A new job, with its cursor at the start.
    case createJob(JobRow)
    /// Grants, with the new shards and the cursors that belong to them.
    case recordGrants([Grant])
    /// A failed attempt that is held against a shard.
    case recordStrike(ShardID, Strike)
    /// Halves that take the place of a shard; its leases are void.
    case splitShard(ShardID, [ShardRange])
    /// Answers of a shard.
    case commitResult(CompletedResult)
    /// The answers are complete and are being put in order.
    case beginPublishing(JobID)
    /// What may change of a job between two submissions of it, as its whole specification.
    case respecifyJob(JobID, String)
    /// A failed job is tried again from where it was.
    case resumeJob(JobID)
    /// The end of a job, and why it failed.
    case finishJob(JobID, JobRow.State, message: String)
}

extension Ledger {
    /// Makes a group of writes durable: answers first, then all rows in one transaction.
    package mutating func write(_ group: [LedgerWrite]) throws(LedgerError) {
        let places = try appendAnswers(group)
        let leases = group.flatMap { write -> [LeaseID] in
            switch write {
            case .recordGrants(let grants): grants.map(\.lease)
            case .commitResult(let result): [result.lease]
            default: []
            }
        }
        try database.execute("BEGIN IMMEDIATE")
        do throws(LedgerError) {
            for (write, place) in zip(group, places) {
                try writeRows(write, place)
            }
            if let last = leases.max() { try statements.updateNextLease.run(.bits(last.value + 1)) }
            try database.execute("COMMIT")
        } catch {
            // The first error is the one to report; SQLite may have rolled back by itself.
            try? database.execute("ROLLBACK")
            throw error
        }
    }

    /// Appends the answers of a group to their segments and syncs each segment once.
    private mutating func appendAnswers(
        _ group: [LedgerWrite]
    ) throws(LedgerError) -> [AnswerPlace?] {
        var places: [AnswerPlace?] = []
        var touched: [JobID] = []
        for case .commitResult(let result) in group where segments[result.shard.job] == nil {
            // Behind the last byte that a row refers to, never from the start.
            try reopenSegment(of: result.shard.job)
        }
        do throws(SystemCallError) {
            for write in group {
                guard case .commitResult(let result) = write,
                    let slot = segments[result.shard.job]
                else {
                    places.append(nil)
                    continue
                }
                let place = try slot.writer.append(result.bytes)
                places.append(AnswerPlace(segment: place.segment, offset: place.offset))
                if !touched.contains(result.shard.job) { touched.append(result.shard.job) }
            }
            for job in touched { try segments[job]?.writer.synchronize() }
        } catch {
            throw .file(error)
        }
        return places
    }

    private mutating func writeRows(
        _ write: LedgerWrite,
        _ place: AnswerPlace?
    ) throws(LedgerError) {
        switch write {
        case .createJob(let row):
            try insert(row)
        case .recordGrants(let grants):
            for grant in grants { try insert(grant) }
        case .recordStrike(let shard, let strike):
            try database.prepare("INSERT INTO strikes VALUES (?, ?, ?, ?)").run(
                .text(shard.job.description),
                .integer(shard.number.value),
                .text(strike.machine),
                .integer(strike.kind.rawValue)
            )
        case .splitShard(let shard, let halves):
            try split(shard, halves)
        case .commitResult(let result):
            guard let place else { preconditionFailure("answers are appended before their row") }
            try insert(result, place)
        case .beginPublishing(let job):
            try setState(job, .publishing, message: "")
        case .respecifyJob(let job, let specification):
            try database.prepare("UPDATE jobs SET specification = ? WHERE id = ?")
                .run(.text(specification), .text(job.description))
        case .resumeJob(let job):
            try setState(job, .running, message: "")
            try reopenSegment(of: job)
        case .finishJob(let job, let state, let message):
            try setState(job, state, message: message)
            segments[job] = nil
        }
    }

    private func insert(_ row: JobRow) throws(LedgerError) {
        try database.prepare(
            "INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, 0, ?)"
        ).run(
            .text(row.id.description),
            .text(row.identity),
            .text(row.specification),
            .integer(row.state.rawValue),
            .text(row.message),
            .integer(row.inputBytes),
            .integer(row.created)
        )
    }

    private func insert(_ grant: Grant) throws(LedgerError) {
        let job = SQLValue.text(grant.shard.job.description)
        let number = SQLValue.integer(grant.shard.number.value)
        if let range = grant.newRange {
            try insert(range, of: grant.shard.job, attempts: 1, isHalf: false)
        } else {
            try statements.updateAttempts.run(.integer(grant.attempt), job, number)
        }
        if let cursor = grant.cursor {
            try statements.updateCursor.run(
                .integer(cursor.input),
                .integer(cursor.byteOffset),
                .integer(cursor.line),
                .integer(cursor.isAtEnd ? 1 : 0),
                job
            )
        }
        try statements.insertLease.run(.bits(grant.lease.value), job, number, .text(grant.worker))
    }

    private func insert(
        _ range: ShardRange,
        of job: JobID,
        attempts: Int,
        isHalf: Bool
    ) throws(LedgerError) {
        try statements.insertShard.run(
            .text(job.description),
            .integer(range.number.value),
            .integer(range.input),
            .integer(range.byteOffset),
            .integer(range.byteCount),
            .integer(range.lineCount),
            .integer(range.recordCount),
            .integer(range.isOverlong ? 1 : 0),
            .bits(range.digest.high),
            .bits(range.digest.low),
            .integer(attempts),
            .integer(isHalf ? 1 : 0)
        )
    }

    private func split(_ shard: ShardID, _ halves: [ShardRange]) throws(LedgerError) {
        let job = SQLValue.text(shard.job.description)
        let number = SQLValue.integer(shard.number.value)
        for table in ["leases", "strikes"] {
            try database.prepare("DELETE FROM \(table) WHERE job = ? AND shard = ?")
                .run(job, number)
        }
        try database.prepare("DELETE FROM shards WHERE job = ? AND number = ? AND lease IS NULL")
            .run(job, number)
        for half in halves { try insert(half, of: shard.job, attempts: 0, isHalf: true) }
    }

    private func insert(_ result: CompletedResult, _ place: AnswerPlace) throws(LedgerError) {
        let job = SQLValue.text(result.shard.job.description)
        let number = SQLValue.integer(result.shard.number.value)
        try statements.commitShard.run(
            .bits(result.lease.value),
            .integer(place.segment),
            .integer(place.offset),
            .integer(result.bytes.count),
            .bits(result.digest.high),
            .bits(result.digest.low),
            .integer(result.failedRecords),
            .integer(result.tokens),
            job,
            number
        )
        try statements.deleteLeases.run(job, number)
    }

    private func setState(
        _ job: JobID,
        _ state: JobRow.State,
        message: String
    ) throws(LedgerError) {
        try database.prepare("UPDATE jobs SET state = ?, message = ? WHERE id = ?")
            .run(.integer(state.rawValue), .text(message), .text(job.description))
    }
}

/// Where appended answers begin.
private struct AnswerPlace {
    let segment: Int
    let offset: Int
}
