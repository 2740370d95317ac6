import Glibc
import Ledger
import Platform
import Records
import Scheduling
import Testing
import Wire

@testable import Coordinator

@Suite("Cutting a job's inputs") struct PlannerTests {
    let folder: TestFolder
    let texts = [
        (0..<40).map { String(repeating: "x", count: $0 * 7 % 23) }.joined(separator: "\n") + "\n",
        "", "\n \r\n\n", "one line without an end",
        "a\n" + String(repeating: "y", count: 300) + "\nb\n",
    ]

    init() throws {
        folder = try TestFolder()
    }

    private func planner(_ texts: [String]) throws -> Planner {
        let inputs = try texts.enumerated().map { try folder.write("in\($0)", $1) }
        var specification = folder.specification(inputs)
        specification.options.maxLineBytes = 100
        var limits = SchedulerLimits()
        limits.shardRecordsMax = 8
        return Planner(specification: specification, state: folder.path, limits: limits)
    }

    /// All shards, cut so many at a time.
    private func plan(
        _ planner: Planner,
        count: Int,
        targetBytes: Int
    ) throws -> [ShardRange] {
        var cursor = PlanningCursor.start
        var ranges: [ShardRange] = []
        var rounds = 0
        while !cursor.isAtEnd, rounds < 1_000 {
            rounds += 1
            let plan = try planner.plan(from: cursor, count: count, targetBytes: targetBytes)
            #expect(plan.ranges.count <= count)
            ranges += plan.ranges
            cursor = plan.cursor
        }
        #expect(cursor.isAtEnd)
        return ranges
    }

    @Test("shards of texts are no larger than their bound allows, whatever was asked for")
    func boundOfTexts() throws {
        let lines = (0..<900).map { "line \($0)" }.joined(separator: "\n")
        var specification = folder.specification([try folder.write("many", lines)])
        specification.options.task = .generate
        let most = specification.options.textRecordsMax
        for asked in [nil, 10_000, most - 1] {
            specification.shardRecordsMax = asked
            let planner = Planner(
                specification: specification,
                state: folder.path,
                limits: SchedulerLimits()
            )
            let ranges = try plan(planner, count: 100, targetBytes: 1 << 20)
            #expect(ranges.map(\.recordCount).max() == min(asked ?? most, most))
        }
    }

    @Test(
        "shards cover every byte and line of every input once, in order",
        arguments: [1, 2, 5, 100],
        [1, 20, 64, 1_000_000]
    )
    func coverage(count: Int, targetBytes: Int) throws {
        let planner = try planner(texts)
        let ranges = try plan(planner, count: count, targetBytes: targetBytes)
        var line = 0
        for (input, text) in texts.enumerated() {
            var offset = 0
            for range in ranges where range.input == input {
                #expect(range.byteOffset == offset)
                #expect(range.firstLine == line)
                #expect(range.recordCount <= 8)
                let bytes = try planner.read(range)
                if !range.isOverlong {
                    #expect(bytes == Array(Array(text.utf8)[offset..<offset + range.byteCount]))
                    #expect(range.byteCount <= targetBytes + 1 || range.lineCount == 1)
                }
                offset += range.byteCount
                line += range.lineCount
            }
            #expect(offset == text.utf8.count)
        }
        #expect(ranges.map(\.input) == ranges.map(\.input).sorted())
        #expect(ranges == (try plan(planner, count: 1, targetBytes: targetBytes)))
    }

    @Test("a job with large answers gets fewer records in a shard") func fewerRecords() throws {
        let planner = try planner([String(repeating: "a\n", count: 7)])
        var specification = planner.specification
        specification.shardRecordsMax = 3
        let smaller = Planner(
            specification: specification,
            state: folder.path,
            limits: planner.limits
        )
        let ranges = try plan(smaller, count: 2, targetBytes: 1_000)
        #expect(ranges.map(\.recordCount) == [3, 3, 1])
    }

    @Test("a line above the limit stands alone, and only its beginning is read")
    func overlong() throws {
        let planner = try planner(texts)
        let overlong = try plan(planner, count: 3, targetBytes: 1_000).filter(\.isOverlong)
        #expect(overlong.map(\.lineCount) == [1])
        #expect(overlong.map(\.recordCount) == [1])
        #expect(overlong.map(\.byteCount) == [301])
        #expect(try planner.read(overlong[0]) == [UInt8](repeating: UInt8(ascii: "y"), count: 101))
    }

    @Test("a job without lines is at its end at once", arguments: [[], [""], ["", "", ""]])
    func empty(texts: [String]) throws {
        let plan = try planner(texts).plan(from: .start, count: 1, targetBytes: 10)
        #expect(plan.ranges.isEmpty)
        #expect(plan.cursor.isAtEnd)
    }

    @Test("an input that has grown, shrunk or gone is refused by its name")
    func changedInput() throws {
        let planner = try planner(["one\ntwo\n"])
        let range = try plan(planner, count: 1, targetBytes: 100)[0]
        for text in ["one\ntwo\nthree\n", "one\n", nil] {
            if let text {
                try folder.write("in0", text)
            } else {
                try Files.remove(folder.file("in0"))
            }
            let reading = #expect(throws: InputError.self) { _ = try planner.read(range) }
            #expect(reading?.description.contains(folder.file("in0")) == true)
            #expect(throws: InputError.self) {
                _ = try planner.plan(from: .start, count: 1, targetBytes: 100)
            }
        }
    }

    @Test("an input whose place a pipe has taken has changed, and nobody is waited for")
    func pipe() throws {
        let planner = try planner(["one\ntwo\n"])
        let range = try plan(planner, count: 1, targetBytes: 100)[0]
        try Files.remove(folder.file("in0"))
        #expect(mkfifo(folder.file("in0"), 0o600) == 0)
        let error = #expect(throws: InputError.self) { _ = try planner.read(range) }
        #expect(error?.description.contains("has changed since the job began") == true)
        #expect(error?.description.contains("it is not a regular file") == true)
    }

    @Test("a shard that lies in no input, or behind its end, is refused")
    func rangeOutside() throws {
        let planner = try planner(["abc\n"])
        let places: [(input: Int, offset: Int, count: Int)] = [
            (1, 0, 4), (0, 0, 5), (0, 4, 1 << 46),
        ]
        for place in places {
            let range = ShardRange(
                input: place.input,
                byteOffset: place.offset,
                byteCount: place.count,
                firstLine: 0,
                lineCount: 1,
                recordCount: 1,
                isOverlong: false,
                digest: ContentDigest(high: 0, low: 0)
            )
            #expect(throws: InputError.self) { try planner.readWhole(range) }
            #expect(throws: InputError.self) { try planner.halves(of: range) }
            let error = #expect(throws: InputError.self) { try planner.read(range) }
            #expect(error?.description.contains("the ledger is damaged") == true)
            let mailbox = Mailbox<CoordinatorEvent>()
            let service = InputService(
                state: folder.path,
                limits: planner.limits,
                mailbox: mailbox,
                isEnding: EndFlag()
            )
            let shard = ShardID(job: JobID("job"), number: range.number)
            service.serve(.split(shard, range, planner.specification))
            guard case .ledger(.failed(let damage)) = mailbox.take().first else {
                Issue.record("damage of the ledger did not end the coordinator")
                return
            }
            #expect(CoordinatorError.ledger(damage).exitCode == 76)
        }
    }

    @Test("other bytes in a file of the same size are refused, by time or by digest")
    func otherBytes() throws {
        let planner = try planner(["one\ntwo\n"])
        let range = try plan(planner, count: 1, targetBytes: 100)[0]
        var times = [timespec(tv_sec: 5, tv_nsec: 6), timespec(tv_sec: 5, tv_nsec: 6)]
        utimensat(AT_FDCWD, folder.file("in0"), &times, 0)
        #expect(throws: InputError.self) { _ = try planner.read(range) }
        var input = try folder.write("in0", "one\nTWO\n")
        var changed = planner.specification
        changed.inputs = [input]
        #expect(throws: InputError.self) {
            _ = try Planner(
                specification: changed,
                state: folder.path,
                limits: planner.limits
            ).read(range)
        }
        // A spool is our own copy: its time says nothing, its digest does.
        try Files.makeDirectory(StateDirectory.spools(folder.path))
        input.spool = JobSpecification.Spool(name: "copy", byteCount: 8, digest: nil)
        input.modificationTime = 1
        changed.inputs = [input]
        let spooled = Planner(
            specification: changed,
            state: folder.path,
            limits: planner.limits
        )
        let gone = #expect(throws: InputError.self) { _ = try spooled.read(range) }
        #expect(gone?.description.contains("it is the plain copy of \(input.path)") == true)
        try folder.write("data/in/copy", "one\nTWO\n")
        #expect(throws: InputError.self) { _ = try spooled.read(range) }
        try folder.write("data/in/copy", "one\ntwo\n")
        #expect(try spooled.read(range) == Array("one\ntwo\n".utf8))
    }
}
