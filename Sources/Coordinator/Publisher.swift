import Glibc
import Ledger
import Platform
import Records
import Scheduling

/// Puts the answers of a finished job in input order and gives the output its name.
///
/// Runs on the publisher's thread. Repeating it after a crash gives the same bytes.
struct Publisher {
    let state: String
    let job: JobID
    let specification: JobSpecification
    /// Asked between shards: publishing that nobody waits for ends without a trace.
    let isEnding: EndFlag
    /// The next committed shards from a number on, at most `pageSize`.
    let page: (ShardNumber) throws(CoordinatorError) -> [CommittedShard]

    static let pageSize = 4096

    /// Writes output and rejects beside their places, syncs them, and renames them into place.
    func publish() throws(CoordinatorError) {
        let owner = job.description
        let output = try PartialFile(
            target: specification.output,
            flag: "--output",
            owner: owner
        )
        let rejects: PartialFile? =
            if let path = specification.rejects {
                try PartialFile(target: path, flag: "--rejects", owner: owner)
            } else {
                nil
            }
        try gather(into: output, rejects: rejects)
        // Room that is missing shall be missed before anything has a name.
        try output.finish()
        // The rejects first: once the output stands, the job may be taken for done.
        try rejects?.publish(replacing: specification.replacesOutput)
        try output.publish(replacing: specification.replacesOutput)
    }

    private func gather(
        into output: PartialFile,
        rejects: PartialFile?
    ) throws(CoordinatorError) {
        var segments = SegmentReader(state: state, job: job)
        var next = ShardNumber(0)  // a job's lines are covered without a gap
        while true {
            let shards = try page(next)
            for shard in shards {
                if isEnding.isSet { throw .ended("the coordinator is stopping", exitCode: 75) }
                guard shard.range.number == next else {
                    throw .ledger(.damaged(path: state, what: "shard \(next) has no answers"))
                }
                let answers = try Self.read(shard, &segments)
                try output.append(answers)
                if let rejects, shard.failedRecords > 0 {
                    try appendRejects(of: shard, answers, to: rejects)
                }
                next = ShardNumber(shard.range.endLine)
            }
            if shards.count < Self.pageSize { return }
        }
    }

    /// Reads answers back; where they cannot be read or have changed, it is the ledger that failed.
    private static func read(
        _ shard: CommittedShard,
        _ segments: inout SegmentReader
    ) throws(CoordinatorError) -> [UInt8] {
        do throws(LedgerError) {
            return try segments.read(shard)
        } catch {
            throw .ledger(error)
        }
    }

    /// Copies the input lines of a shard whose answer is an error.
    private func appendRejects(
        of shard: CommittedShard,
        _ answers: [UInt8],
        to rejects: PartialFile
    ) throws(CoordinatorError) {
        let planner = Planner(
            specification: specification,
            state: state,
            limits: SchedulerLimits()
        )
        let lines: [UInt8]
        do throws(InputError) {
            lines = try planner.readWhole(shard.range)
        } catch {
            guard case .damagedLedger(let what) = error else { throw .input(error) }
            throw .ledger(.damaged(path: Ledger.path(state: state), what: what))
        }
        var copied: [UInt8] = []
        lines.withUnsafeBufferPointer { lines in
            answers.withUnsafeBufferPointer { answers in
                var records = LineIterator(lines, firstLine: 0)
                var results = LineIterator(answers, firstLine: 0)
                while let record = records.next(), let answer = results.next() {
                    let line = UnsafeBufferPointer(rebasing: answers[answer.range])
                    guard AnswerWriter.isError(line) else { continue }
                    copied += lines[record.range] + [UInt8(ascii: "\n")]
                }
            }
        }
        try rejects.append(copied)
    }
}
