import Platform
import Scheduling

extension Ledger {
    /// Makes a group of writes durable: answers first, then all rows in one transaction.
    ///
    /// Where the disk has no room, nothing of the group stays, and it may be tried again.
    package mutating func write(_ group: [LedgerWrite]) throws(LedgerError) {
        var touched: [SegmentSlot] = []
        do throws(LedgerError) {
            let places = try appendAnswers(group, &touched)
            try statements.begin.run()
            for (write, place) in zip(group, places) {
                try writeRows(write, place)
            }
            try writeCursors(group)
            if let last = group.compactMap(\.lastLease).max() {
                try statements.updateNextLease.run(.bits(last.value + 1))
            }
            try statements.commit.run()
        } catch {
            database.rollBack()
            numbers = [:]
            if error.isFull {
                try LedgerError.wrap { () throws(SystemCallError) in
                    for slot in touched { try slot.writer.undoGroup() }
                }
            }
            throw error
        }
    }

    /// Appends the answers of a group to their segments and syncs each segment once.
    private mutating func appendAnswers(
        _ group: [LedgerWrite],
        _ touched: inout [SegmentSlot]
    ) throws(LedgerError) -> [AnswerPlace?] {
        var places: [AnswerPlace?] = []
        for write in group {
            guard case .commitResult(let result) = write else {
                places.append(nil)
                continue
            }
            let slot = try segment(of: result.shard.job)
            do throws(SystemCallError) {
                if !touched.contains(where: { $0 === slot }) {
                    try slot.writer.beginGroup()
                    touched.append(slot)
                }
                let offset = try slot.writer.append(result.bytes)
                places.append(AnswerPlace(segment: slot.writer.segment, offset: offset))
            } catch {
                throw .file(error)
            }
        }
        try LedgerError.wrap { () throws(SystemCallError) in
            for slot in touched { try slot.writer.synchronize() }
        }
        return places
    }

    /// A job's segment, open behind the last byte that a row refers to, never at the start.
    private mutating func segment(of job: JobID) throws(LedgerError) -> SegmentSlot {
        if let slot = segments[job] { return slot }
        return try reopenSegment(of: job)
    }

    private mutating func writeRows(
        _ write: LedgerWrite,
        _ place: AnswerPlace?
    ) throws(LedgerError) {
        switch write {
        case .createJob(let row):
            try insert(row)
        case .recordGrants(let grants):
            for grant in grants { try insert(grant, number(of: grant.shard.job)) }
        case .recordStrike(let shard, let strike):
            try insert(strike, of: shard, number(of: shard.job))
        case .splitShard(let shard, let halves):
            try split(shard, halves, number(of: shard.job))
        case .commitResult(let result):
            guard let place else { preconditionFailure("answers are appended before their row") }
            try insert(result, place, number(of: result.shard.job))
        case .beginPublishing(let job):
            try setState(job, .publishing, message: "")
        case .respecifyJob(let job, let specification):
            try database.prepare("UPDATE jobs SET specification = ? WHERE id = ?")
                .run(.text(specification), .text(job.description))
        case .resumeJob(let job):
            try setState(job, .running, message: "")
            try reopenSegment(of: job)
        case .pauseJob(let job, let message):
            try setState(job, .paused, message: message)
        case .continueJob(let job):
            try setState(job, .running, message: "")
        case .finishJob(let job, let state, let message):
            try setState(job, state, message: message)
            if state.isFinal { try sumUp(number(of: job)) }
            segments[job] = nil
        case .forgetShards(let job):
            try forgetShards(of: job)
        }
    }

    /// The number by which the rows of a job's shards name it.
    mutating func number(of job: JobID) throws(LedgerError) -> Int {
        if let number = numbers[job] { return number }
        let number = try readNumber(of: job)
        numbers[job] = number
        return number
    }

    private func insert(_ row: JobRow) throws(LedgerError) {
        try database.prepare(
            """
            INSERT INTO jobs (id, identity, specification, state, message, input_bytes,
                cursor_input, cursor_byte, cursor_line, cursor_end, mark_segment, mark_offset,
                created)
            VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, 0, ?)
            """
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

    private func insert(_ grant: Grant, _ job: Int) throws(LedgerError) {
        let shard = SQLValue.integer(grant.shard.number.value)
        if let range = grant.newRange {
            try insert(range, of: job, attempts: 1, isHalf: false)
        } else {
            try statements.updateAttempts.run(.integer(grant.attempt), .integer(job), shard)
            try expectChange(of: grant.shard, "to be given")
        }
        try statements.insertLease.run(
            .integer(job),
            shard,
            .bits(grant.lease.value),
            .text(grant.worker)
        )
    }

    /// Moves each job's cursor once, to where the last grant of the group leaves it.
    private mutating func writeCursors(_ group: [LedgerWrite]) throws(LedgerError) {
        var cursors: [(job: JobID, cursor: PlanningCursor)] = []
        for case .recordGrants(let grants) in group {
            for grant in grants {
                guard let cursor = grant.cursor else { continue }
                if let last = cursors.lastIndex(where: { $0.job == grant.shard.job }) {
                    cursors[last].cursor = cursor
                } else {
                    cursors.append((grant.shard.job, cursor))
                }
            }
        }
        for (job, cursor) in cursors {
            try statements.updateCursor.run(
                .integer(cursor.input),
                .integer(cursor.byteOffset),
                .integer(cursor.line),
                .integer(cursor.isAtEnd ? 1 : 0),
                .integer(try number(of: job))
            )
        }
    }

    private func insert(
        _ range: ShardRange,
        of job: Int,
        attempts: Int,
        isHalf: Bool
    ) throws(LedgerError) {
        try statements.insertShard.run(
            .integer(job),
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

    private func insert(
        _ strike: Strike,
        of shard: ShardID,
        _ job: Int
    ) throws(LedgerError) {
        try database.prepare(
            """
            INSERT INTO strikes (job, shard, number, machine, kind)
            SELECT ?1, ?2, count(*), ?3, ?4 FROM strikes WHERE job = ?1 AND shard = ?2
            """
        ).run(
            .integer(job),
            .integer(shard.number.value),
            .text(strike.machine),
            .integer(strike.kind.rawValue)
        )
    }

    private func split(
        _ shard: ShardID,
        _ halves: [ShardRange],
        _ job: Int
    ) throws(LedgerError) {
        let number = SQLValue.integer(shard.number.value)
        for table in ["leases", "strikes"] {
            try database.prepare("DELETE FROM \(table) WHERE job = ? AND shard = ?")
                .run(.integer(job), number)
        }
        try database.prepare("DELETE FROM shards WHERE job = ? AND number = ? AND lease IS NULL")
            .run(.integer(job), number)
        try expectChange(of: shard, "to be split")
        for half in halves { try insert(half, of: job, attempts: 0, isHalf: true) }
    }

    private func insert(
        _ result: CompletedResult,
        _ place: AnswerPlace,
        _ job: Int
    ) throws(LedgerError) {
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
            .integer(job),
            number
        )
        try expectChange(of: result.shard, "that waits for its result")
        try statements.deleteLeases.run(.integer(job), number)
    }

    /// Refuses to go on where a statement found no row: what comes next would be acknowledged.
    private func expectChange(of shard: ShardID, _ what: String) throws(LedgerError) {
        guard database.changeCount != 1 else { return }
        throw .damaged(
            path: database.path,
            what: "job \(shard.job) has no shard \(shard.number) \(what)"
        )
    }

    private func setState(
        _ job: JobID,
        _ state: JobRow.State,
        message: String
    ) throws(LedgerError) {
        try database.prepare("UPDATE jobs SET state = ?, message = ? WHERE id = ?")
            .run(.integer(state.rawValue), .text(message), .text(job.description))
        guard database.changeCount == 1 else {
            throw .damaged(path: database.path, what: "job \(job) is not in it any more")
        }
    }
}

/// Where appended answers begin.
private struct AnswerPlace {
    let segment: Int
    let offset: Int
}
