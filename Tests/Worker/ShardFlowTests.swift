import Doge
import FoundationEssentials
import Platform
import Records
import Synchronization
import TestSupport
import Testing
import Wire

@testable import Worker

/// Shards of texts by themselves and in a feed; the whole of it is in `TextFeedTests`.
@Suite("How shards of texts end", .serialized, .timeLimit(.minutes(10))) struct ShardFlowTests {
    private let feeds = TextFeedTests()

    private func texts() throws -> ContinuationMaker {
        let digest = try ModelDigest.compute(directory: TextFeedTests.path, cache: nil).text
        let text = try ModelText(path: TextFeedTests.path, digest: digest)
        var options = TaskOptions()
        options.task = .generate
        return try ContinuationMaker(text: text, options: options)
    }

    /// A shard of as many records, which tells the mailbox.
    private func shard(
        _ lease: UInt64,
        records: Int,
        _ texts: ContinuationMaker,
        _ mailbox: Mailbox<WorkerEvent>
    ) -> TextShard {
        let input = Array(TextFeedTests.lines(records).joined(separator: "\n").utf8)
        let shard = OpenShard(
            ticket: ShardTicket(lease: lease, mailbox: mailbox),
            text: texts.text,
            options: texts.options,
            slots: ShardReader(text: texts.text, options: texts.options, texts: texts)
                .read(input, firstLine: 0),
            byteCount: input.count
        ) { $0.publish() }
        return TextShard(shard, texts: texts)
    }

    @Test("drawn texts and weighed choices have the same bytes in shards of any size")
    func sizes() async throws {
        try await onThread {
            var drawn = TaskOptions()
            drawn.task = .generate
            (drawn.generation.temperature, drawn.generation.n) = (0.9, 2)
            (drawn.generation.logprobs, drawn.seed) = (1, 3)
            drawn.generation.stop = ["a"]
            var weighed = TaskOptions()
            weighed.choices = [" dog in", " the"]
            weighed.choiceScore = .mean
            let lines = TextFeedTests.lines(60) + ["no JSON", #"{"id":61}"#]
            for options in [drawn, weighed] {
                var expected: [UInt8] = []
                for size in [lines.count, 1, 7, 50] {
                    let starts = stride(from: 0, to: lines.count, by: size)
                    let requests = try starts.enumerated().map { place, start in
                        let part = Array(lines[start..<min(start + size, lines.count)])
                        return try feeds.request(UInt64(place + 1), part, start, options)
                    }
                    let results = try feeds.outcomes(requests, threads: 2)
                    let bytes = results.sorted { $0.key < $1.key }.flatMap(\.value.bytes)
                    if expected.isEmpty { expected = bytes }
                    #expect(bytes == expected, "shards of \(size)")
                }
            }
        }
    }

    @Test("a shard without a record that is ready is answered with its failures")
    func noneReady() async throws {
        try await onThread {
            var options = TaskOptions()
            options.task = .generate
            let requests = [
                try feeds.request(1, ["no JSON", #"{"id":1}"#], 0, options),
                try feeds.request(2, [#"{"id":2,"text":"dog","n":0}"#], 2, options),
                try feeds.request(3, [""], 3, options),
                try feeds.request(4, TextFeedTests.lines(3), 4, options),
            ]
            let results = try feeds.outcomes(requests, threads: 2)
            #expect([1, 2, 3, 4].map { results[$0]?.failedRecords } == [2, 1, 0, 0])
            #expect([1, 2, 3, 4].map { results[$0]?.records } == [2, 1, 0, 3])
        }
    }

    @Test("a shard behind joins before the first is complete; one of another kind stays")
    func joining() async throws {
        try await onThread {
            let (texts, mailbox, queue) = (try texts(), Mailbox<WorkerEvent>(), ReadyQueue())
            let third = shard(3, records: 1, texts, mailbox).shard
            let other = PassShard(
                OpenShard(
                    ticket: third.ticket,
                    text: third.text,
                    options: TaskOptions(),
                    slots: [],
                    byteCount: 0
                ) { _ in },
                batchTokens: Batch.tokensUsual
            )
            queue.post(shard(2, records: 2, texts, mailbox))
            queue.post(other)
            queue.post(shard(4, records: 1, texts, mailbox))
            let feed = ShardFeed(shard(1, records: 2, texts, mailbox), threads: 1, queue: queue)
            for _ in 0..<4 { #expect(feed.next(isIdle: false) != nil) }
            #expect(mailbox.take().isEmpty, "neither is complete")
            #expect(feed.next(isIdle: false) == nil)
            #expect(feed.next(isIdle: true) == nil)
            #expect(queue.wait() === other)
            #expect(queue.wait().shard.ticket.lease == 4, "what came behind it stays in its place")
        }
    }

    @Test("threads that wait end once all are idle, however many there are", arguments: [2, 5])
    func idle(threads: Int) async throws {
        try await onThread {
            let shard = shard(1, records: 0, try texts(), Mailbox())
            let feed = ShardFeed(shard, threads: threads, queue: ReadyQueue())
            let ended = Mutex(0)
            let team = (0..<threads).map { number in
                OSThread(name: "idle \(number)") {
                    if feed.next(isIdle: true) == nil { ended.withLock { $0 += 1 } }
                }
            }
            for thread in team { thread.join() }
            #expect(ended.withLock { $0 } == threads)
        }
    }

    @Test("a thread that waits for the next shard goes on when another one has failed")
    func failure() async throws {
        try await onThread {
            let shard = shard(1, records: 0, try texts(), Mailbox())
            let feed = ShardFeed(shard, threads: 2, queue: ReadyQueue())
            let outcome = Mutex<Bool?>(nil)
            let waiting = OSThread(name: "waits") {
                let task = feed.next(isIdle: true)
                outcome.withLock { $0 = task == nil }
            }
            feed.close()
            waiting.join()
            #expect(outcome.withLock { $0 } == true)
            #expect(feed.next(isIdle: true) == nil, "and nothing is handed out any more")
        }
    }

    @Test("an engine that fails fails every shard that is open, and none that is not wanted")
    func engineFails() async throws {
        try await onThread {
            let (texts, mailbox, queue) = (try texts(), Mailbox<WorkerEvent>(), ReadyQueue())
            let second = shard(2, records: 1, texts, mailbox)
            queue.post(second)
            queue.post(shard(3, records: 1, texts, mailbox))
            let feed = ShardFeed(shard(1, records: 1, texts, mailbox), threads: 1, queue: queue)
            for _ in 0..<3 { #expect(feed.next(isIdle: false) != nil) }
            second.shard.ticket.cancel()
            queue.post(shard(4, records: 1, texts, mailbox))
            feed.fail(.outOfMemory(index: 0, tokenCount: 9))
            let failed = mailbox.take().compactMap { event -> UInt64? in
                if case .failed(let lease, .engine, _) = event { lease } else { nil }
            }
            #expect(failed == [1, 3])
            #expect(queue.wait().shard.ticket.isOpen, "what was not taken is served by the next")
        }
    }

    @Test("a shard that is cancelled on its way gives no more texts, and wants none")
    func cancelledOnItsWay() async throws {
        try await onThread {
            let shard = shard(1, records: 3, try texts(), Mailbox())
            let first = try #require(shard.next())
            #expect(first.observer.isWanted && !shard.shard.isSettled)
            shard.shard.ticket.cancel()
            #expect(!first.observer.isWanted && shard.shard.isSettled && shard.next() == nil)
        }
    }

    @Test("an answer beyond its share of a shard is an error, whatever its neighbours")
    func tooLarge() async throws {
        try await onThread {
            let texts = try texts()
            let options = texts.options
            let reader = ShardReader(text: texts.text, options: options, texts: texts)
            let most = options.textRecordsMax
            let input = Array(TextFeedTests.lines(most).joined(separator: "\n").utf8)
            let slots = reader.read(input, firstLine: 0)
            func outcome(_ count: Int) -> Outcome {
                let text = [UInt8](repeating: 0x61, count: count)
                return .samples([.init(text: text, finishReason: .stop, tokenIDs: [])])
            }
            func write(_ sizes: [Int]) -> ShardResult {
                ShardAnswers(text: texts.text, options: options)
                    .write(Array(slots.prefix(sizes.count)), sizes.map(outcome))
            }
            // All but the name of the text, the reason and the usage.
            let fitting = options.textBytesMax - 300
            let full = write(Array(repeating: fitting, count: most))
            #expect(full.failedRecords == 0 && full.records == most)
            #expect(full.bytes.count <= WireLimits.resultBytesMax)
            for neighbours in [[], [10, 10], [fitting, fitting, fitting]] {
                let result = write([fitting + 301] + neighbours)
                #expect(result.failedRecords == 1)
                let line = String(decoding: result.bytes.prefix { $0 != 0x0A }, as: UTF8.self)
                #expect(line.contains("too_long") && line.contains("--logprobs"))
            }
            #expect(2 * TaskOptions.shardTextBytes == WireLimits.resultBytesMax)
        }
    }
}
