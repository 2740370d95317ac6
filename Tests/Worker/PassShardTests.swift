import Doge
import FoundationEssentials
import Platform
import Records
import Synchronization
import TestSupport
import Testing
import Wire

@testable import Worker

/// The engine's side of a worker, on a thread of its own, as it keeps its calling thread busy.
@Suite("Computing a shard", .serialized, .timeLimit(.minutes(10))) struct PassShardTests {
    private struct Answer: Decodable {
        struct Failure: Decodable {
            let code: String
        }
        let id: String?
        let index: Int
        let label: String?
        let error: Failure?
    }

    private static let path: String = {
        let tests = Files.directory(of: Files.directory(of: #filePath))
        return "\(tests)/Reference/checkpoints/moe"
    }()

    private static let lines = [
        #"{"id": "first", "text": "one two three"}"#, "", "no JSON",
        #"{"id": "long", "text": "one two three four five six seven eight nine ten"}"#,
        #"{"id": "none"}"#, #"{"id": "last", "text": "été"}"#,
    ]

    private func answers(
        _ lines: [String],
        options: TaskOptions = TaskOptions(),
        isOverlong: Bool = false,
        recordCount: Int = 1
    ) throws -> (result: ShardResult, answers: [Answer]) {
        let model = try LoadedModel(path: Self.path, .f32, EngineLayout.Wish(threads: 1))
        let finished = Mutex<FinishedShard?>(nil)
        let slots = ShardReader(text: model.text, options: options, texts: nil).read(
            Array(lines.joined(separator: "\n").utf8),
            firstLine: 10,
            isOverlong: isOverlong,
            recordCount: recordCount
        )
        let shard = OpenShard(
            ticket: ShardTicket(lease: 1, mailbox: Mailbox()),
            text: model.text,
            options: options,
            slots: slots,
            byteCount: 0
        ) { shard in finished.withLock { $0 = shard } }
        if shard.ready.isEmpty {
            shard.finish()
        } else {
            let feed = ShardFeed(
                PassShard(shard, batchTokens: Batch.tokensUsual),
                threads: 1,
                queue: ReadyQueue()
            )
            try model.engine.run(from: feed)
        }
        let made = try #require(finished.withLock { $0 })
        let result = made.answers.write(made.slots, made.outcomes)
        let answers = try result.bytes.split(separator: UInt8(ascii: "\n")).map { line in
            try JSONDecoder().decode(Answer.self, from: Data(line))
        }
        return (result, answers)
    }

    @Test("answers stand in input order, those of failed records in their places")
    func order() async throws {
        try await onThread {
            let (result, answers) = try answers(Self.lines)
            #expect(answers.map(\.index) == [10, 12, 13, 14, 15])
            #expect(answers.map(\.id) == ["first", nil, "long", "none", "last"])
            #expect(
                answers.map { $0.error?.code } == [nil, "bad_json", nil, "missing_field", nil]
            )
            #expect(answers.map { $0.label != nil } == [true, false, true, false, true])
            #expect(result.records == 5)
            #expect(result.failedRecords == 2)
            #expect(result.tokens > 0)
            let digest = XXH3.digest(result.bytes)
            #expect(digest.high == result.digestHigh && digest.low == result.digestLow)
            #expect(result.bytes.last == UInt8(ascii: "\n"))
        }
    }

    @Test("a record's answer does not depend on the records beside it")
    func neighbours() async throws {
        try await onThread {
            let together = try answers(Self.lines).result.bytes
            let alone = try answers([Self.lines[0]]).result.bytes
            #expect(together.starts(with: alone))
        }
    }

    @Test("a text above the limit gets an error answer, or is cut where the job says so")
    func tooLong() async throws {
        try await onThread {
            var options = TaskOptions()
            options.maxLength = 4
            let (refused, codes) = try answers(Self.lines, options: options)
            #expect(codes[2].error?.code == "too_long")
            #expect(refused.failedRecords >= 3)
            options.truncate = .right
            let (cut, labels) = try answers(Self.lines, options: options)
            #expect(labels[2].label != nil)
            #expect(cut.failedRecords == 2)
            #expect(cut.tokens <= 3 * 4)
        }
    }

    @Test("a line above the limit gets one error answer without being read")
    func overlong() async throws {
        try await onThread {
            let (result, codes) = try answers(["{\"id\": 1"], isOverlong: true)
            #expect(codes.map { $0.error?.code } == ["line_too_large"])
            #expect(codes.map(\.index) == [10])
            #expect(result.failedRecords == 1)
        }
    }

    @Test("no lines give no answers") func empty() async throws {
        try await onThread {
            let (result, codes) = try answers(["", " ", "\r"])
            #expect(codes.isEmpty)
            #expect(result.records == 0)
            #expect(result.bytes.isEmpty)
        }
    }
}
