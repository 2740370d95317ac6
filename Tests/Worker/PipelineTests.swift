import Doge
import FoundationEssentials
import Platform
import Records
import Synchronization
import TestSupport
import Testing
import Tokenization
import Wire

@testable import Worker

@Suite("From a shard's input to its answers", .serialized, .timeLimit(.minutes(10)))
struct PipelineTests {
    private static let checkpoints: String = {
        let tests = Files.directory(of: Files.directory(of: #filePath))
        return "\(tests)/Reference/checkpoints"
    }()
    private static let layout = EngineLayout.Wish(threads: 2)
    private let feeds = TextFeedTests()

    private static func open(
        _ text: ModelText,
        _ dataType: DataType
    ) throws(LoadFailure) -> LoadedModel {
        try LoadedModel(text, dataType, layout, cacheBytes: 16 << 20)
    }

    /// A request for a model of the checkpoints, or for one that is named in its place.
    private func request(
        _ lease: UInt64,
        _ lines: [String] = TextFeedTests.lines(3),
        task: TaskOptions.Task = .embed,
        model: String = "moe",
        dtype: TaskOptions.NumberType = .f32,
        digest: String? = nil,
        mailbox: Mailbox<WorkerEvent>
    ) throws -> ComputeRequest {
        var options = TaskOptions()
        options.task = task
        options.dtype = dtype
        let path = "\(Self.checkpoints)/\(model)"
        let right = try feeds.request(lease, lines, 0, options, model: "", mailbox: mailbox)
        var assign = right.assign
        assign.modelPath = path
        assign.modelDigest = try digest ?? ModelDigest.compute(directory: path, cache: nil).text
        return ComputeRequest(assign: assign, input: right.input, ticket: right.ticket)
    }

    @Test("one-pass answers have the same bytes in shards of any size, on any number of threads")
    func sizes() async throws {
        try await onThread {
            let lines = TextFeedTests.lines(90) + ["no JSON", #"{"id":91}"#]
            for task in [TaskOptions.Task.embed, .score] {
                var options = TaskOptions()
                options.task = task
                options.tokenIDs = true
                var expected: [UInt8] = []
                for (size, threads) in [(lines.count, 1), (1, 2), (7, 3), (50, 2)] {
                    let starts = stride(from: 0, to: lines.count, by: size)
                    let requests = try starts.enumerated().map { place, start in
                        let part = Array(lines[start..<min(start + size, lines.count)])
                        return try feeds.request(UInt64(place + 1), part, start, options)
                    }
                    let results = try feeds.outcomes(requests, threads: threads)
                    let bytes = results.sorted { $0.key < $1.key }.flatMap(\.value.bytes)
                    if expected.isEmpty { expected = bytes }
                    #expect(bytes == expected, "shards of \(size)")
                }
            }
        }
    }

    @Test(
        "the old model is gone before the next, or another type of it, is opened; all are answered"
    )
    func twoModels() async throws {
        try await onThread {
            struct Seen {
                weak var last: LoadedModel?
                var opened: [String] = []
                var wereTwo = false
            }
            let mailbox = Mailbox<WorkerEvent>()
            let seen = Mutex(Seen())
            let pipeline = ShardPipeline(mailbox: mailbox, layout: Self.layout) {
                text,
                dataType throws(LoadFailure) in
                seen.withLock { $0.wereTwo = $0.wereTwo || $0.last != nil }
                let model = try Self.open(text, dataType)
                seen.withLock {
                    $0.last = model
                    $0.opened.append(
                        "\(text.path.split(separator: "/").last ?? "") \(dataType.rawValue)"
                    )
                }
                return model
            }
            let shards: [(model: String, dtype: TaskOptions.NumberType)] = [
                ("moe", .f32), ("moe", .f32), ("causal", .f32), ("causal", .f32), ("moe", .f32),
                ("moe", .bf16), ("moe", .bf16), ("moe", .int8), ("causal", .int8),
            ]
            for (place, shard) in shards.enumerated() {
                let made = try request(
                    UInt64(place + 1),
                    model: shard.model,
                    dtype: shard.dtype,
                    mailbox: mailbox
                )
                pipeline.post(made.assign, input: made.input)
            }
            #expect(try MailboxNews(mailbox).ends(9).sorted() == Array(1...9))
            let expected = [
                "moe f32", "causal f32", "moe f32", "moe bf16", "moe int8", "causal int8",
            ]
            seen.withLock {
                #expect(!$0.wereTwo && $0.opened == expected)
            }
        }
    }

    @Test("a model that cannot be used fails its shards alone, the reader's and the engine's part")
    func failingModel() async throws {
        try await onThread {
            let mailbox = Mailbox<WorkerEvent>()
            let tries = Mutex(0)
            let pipeline = ShardPipeline(mailbox: mailbox, layout: Self.layout) {
                text,
                dataType throws(LoadFailure) in
                if text.path.hasSuffix("/causal") {
                    tries.withLock { $0 += 1 }
                    throw .model(.threads(wanted: 2, started: 0, reason: "none left"))
                }
                return try Self.open(text, dataType)
            }
            let requests = [
                try request(1, mailbox: mailbox),
                try request(2, digest: "0123", mailbox: mailbox),
                try request(3, model: "causal", mailbox: mailbox),
                try request(4, model: "causal", mailbox: mailbox),
                try request(5, model: "nowhere", digest: "0123", mailbox: mailbox),
                try request(6, mailbox: mailbox),
            ]
            for made in requests { pipeline.post(made.assign, input: made.input) }
            #expect(try MailboxNews(mailbox).ends(6).sorted() == [-5, -4, -3, -2, 1, 6])
            #expect(tries.withLock { $0 } == 2, "each shard tries again")
        }
    }

    @Test("a model's files are read again after its weights could not be opened") func stale()
        throws
    {
        let mailbox = Mailbox<WorkerEvent>()
        let reading = ReadingService(ComputeQueue(), ready: ReadyQueue(), layout: Self.layout) {
            $0.publish()
        }
        let first = try #require(reading.read(try request(1, mailbox: mailbox)))
        let second = try #require(reading.read(try request(2, mailbox: mailbox)))
        #expect(first.shard.text === second.shard.text)
        second.shard.text.expire()
        let third = try #require(reading.read(try request(3, mailbox: mailbox)))
        #expect(third.shard.text !== first.shard.text && !third.shard.text.isStale)
    }

    @Test("what cannot be read is told, what is not wanted is not read, what is empty is answered")
    func reading() throws {
        let mailbox = Mailbox<WorkerEvent>()
        let reading = ReadingService(ComputeQueue(), ready: ReadyQueue(), layout: Self.layout) {
            $0.publish()
        }
        let whole = try request(1, mailbox: mailbox)
        let damaged = ComputeRequest(
            assign: whole.assign,
            input: whole.input + [0x20],
            ticket: ShardTicket(lease: 2, mailbox: mailbox)
        )
        var assign = whole.assign
        assign.options = "{"
        let strange = ComputeRequest(
            assign: assign,
            input: whole.input,
            ticket: ShardTicket(lease: 3, mailbox: mailbox)
        )
        let unwanted = try request(4, digest: "0123", mailbox: mailbox)
        unwanted.ticket.cancel()
        let empty = try request(5, ["no JSON"], mailbox: mailbox)
        for request in [damaged, strange, unwanted, empty] {
            #expect(reading.read(request) == nil)
        }
        let ends = mailbox.take().map { event -> String in
            switch event {
            case .failed(2, .badInput, _): "damaged"
            case .failed(3, .internal, _): "strange"
            case .computed(5, let result): "\(result.failedRecords) of \(result.records)"
            default: "\(event)"
            }
        }
        #expect(ends == ["damaged", "strange", "1 of 1"])
    }

    @Test("batches flow over the border of shards; one that is cancelled gives no more")
    func batches() throws {
        let (mailbox, queue) = (Mailbox<WorkerEvent>(), ReadyQueue())
        let reading = ReadingService(ComputeQueue(), ready: queue, layout: Self.layout) {
            $0.publish()
        }
        // More tokens than a batch has room for.
        let lines = (0..<200).map { #"{"id":\#($0),"text":"one two three four five six"}"# }
        let shards = try (1...3).map { lease in
            let made = try request(UInt64(lease), lines, mailbox: mailbox)
            return try #require(reading.read(made) as? PassShard)
        }
        queue.post(shards[1])
        queue.post(shards[2])
        let feed = ShardFeed(shards[0], threads: 2, queue: queue)
        #expect(feed.next(isIdle: true) != nil)
        shards[0].shard.ticket.cancel()
        var works = 0
        while feed.next(isIdle: false) != nil { works += 1 }
        let rest = Batch.plan(
            shards[1].shard.ready.map(\.encoding.ids),
            tokens: Batch.tokensUsual
        ).count
        #expect(rest > 1 && works == 2 * rest, "all of the second and third, none of the first")
        feed.close()
        feed.fail(.outOfMemory(index: 0, tokenCount: 9))
        #expect(try MailboxNews(mailbox).ends(2) == [-2, -3])
        #expect(feed.next(isIdle: true) == nil)
    }
}
