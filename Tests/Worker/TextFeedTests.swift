import Doge
import FoundationEssentials
import Platform
import Records
import TestSupport
import Testing
import Wire

@testable import Worker

@Suite("Texts from shard to shard", .serialized, .timeLimit(.minutes(10))) struct TextFeedTests {
    static let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Reference/checkpoints/causal").path

    private struct Answer: Decodable {
        let id: Int
        let text: String?
        let finish_reason: String?
        let usage: [String: Int]?
        let token_ids: [Int]?
    }

    /// Records of different length.
    static func lines(_ count: Int) -> [String] {
        (0..<count).map { number in
            let most = 1 + (number * 7) % 11
            return #"{"id":\#(number),"text":"dog \#(number)","max_new_tokens":\#(most)}"#
        }
    }

    /// The requests of shards, each of some records of different length.
    func request(
        _ lease: UInt64,
        records: Int,
        task: TaskOptions.Task = .generate,
        model: String? = nil,
        mailbox: Mailbox<WorkerEvent>? = nil
    ) throws -> ComputeRequest {
        var options = TaskOptions()
        options.task = task
        options.tokenIDs = true
        let lines = Self.lines(records)
        return try request(lease, lines, Int(lease) * 1000, options, model: model, mailbox: mailbox)
    }

    /// The request of a shard of these lines, which begin at a line of the job.
    func request(
        _ lease: UInt64,
        _ lines: [String],
        _ firstLine: Int,
        _ options: TaskOptions,
        model: String? = nil,
        mailbox: Mailbox<WorkerEvent>? = nil
    ) throws -> ComputeRequest {
        let input = Array(lines.joined(separator: "\n").utf8)
        let digest = XXH3.digest(input)
        let assign = Assign(
            lease: lease,
            job: "job",
            shard: lease,
            attempt: 1,
            modelDigest: try model ?? ModelDigest.compute(directory: Self.path, cache: nil).text,
            modelPath: Self.path,
            options: String(decoding: try JSONEncoder().encode(options), as: UTF8.self),
            firstLine: UInt64(firstLine),
            lineCount: UInt64(lines.count),
            recordCount: UInt64(lines.count),
            inputByteCount: UInt64(input.count),
            digestHigh: digest.high,
            digestLow: digest.low,
            isOverlong: false,
            bytes: input
        )
        let ticket = ShardTicket(lease: lease, mailbox: mailbox ?? Mailbox())
        return ComputeRequest(assign: assign, input: input, ticket: ticket)
    }

    /// What a worker's threads tell of the requests, by their leases.
    func outcomes(
        _ requests: [ComputeRequest],
        threads: Int,
        ranks: Int? = nil,
        cancelled: Set<UInt64> = []
    ) throws -> [UInt64: ShardResult] {
        let mailbox = Mailbox<WorkerEvent>()
        let layout = EngineLayout.Wish(threads: threads, ranks: ranks)
        let isPosted = Semaphore()
        // Its threads serve as long as the process lives; they wait when all is done.
        let pipeline = ShardPipeline(mailbox: mailbox, layout: layout) {
            text,
            dataType throws(LoadFailure) in
            isPosted.wait()
            isPosted.signal()
            return try LoadedModel(text, dataType, layout, cacheBytes: 64 << 20)
        }
        for request in requests { pipeline.post(request.assign, input: request.input) }
        for lease in cancelled { pipeline.cancel(lease) }
        isPosted.signal()
        let news = try MailboxNews(mailbox)
        var results: [UInt64: ShardResult] = [:]
        while results.count < requests.count - cancelled.count {
            switch try news.next() {
            case .computed(let lease, let result): results[lease] = result
            case .failed(let lease, _, let text): Issue.record("\(lease): \(text)")
            case .progressed, .drain: break
            }
        }
        return results
    }

    @Test("shards flow into each other on any number of threads, and their answers do not mix")
    func flow() async throws {
        try await onThread {
            let sizes = [5, 40, 1, 0, 17, 80]
            let requests = try sizes.enumerated().map { try request(UInt64($0 + 1), records: $1) }
            let expected = try outcomes(requests, threads: 1)
            for (lease, size) in sizes.enumerated() {
                let result = try #require(expected[UInt64(lease + 1)])
                let answers = try result.bytes.split(separator: 0x0A).map {
                    try JSONDecoder().decode(Answer.self, from: Data($0))
                }
                #expect(answers.map(\.id) == Array(0..<size), "in order, whatever ended first")
                for answer in answers {
                    #expect(answer.token_ids?.count == 1 + (answer.id * 7) % 11)
                    #expect(answer.finish_reason == "length")
                }
                #expect(result.failedRecords == 0 && result.records == size)
            }
            for (threads, ranks) in [(2, nil), (3, nil), (2, 2), (4, 2)] {
                let results = try outcomes(requests, threads: threads, ranks: ranks)
                #expect(results.mapValues(\.bytes) == expected.mapValues(\.bytes))
            }
        }
    }

    @Test("a shard of another task ends the flow, is served itself, and the flow goes on")
    func otherTask() async throws {
        try await onThread {
            let requests = [
                try request(1, records: 9), try request(2, records: 9, task: .score),
                try request(3, records: 9), try request(4, records: 3, task: .embed),
                try request(5, records: 9),
            ]
            let results = try outcomes(requests, threads: 2)
            #expect(results.keys.sorted() == [1, 2, 3, 4, 5])
            #expect(results[2]?.bytes.isEmpty == false)
            // Texts are named by their line in the job, which only the index shows.
            #expect(results[1]?.records == 9 && results[5]?.records == 9)
        }
    }

    @Test("shards that are not wanted vanish, the others are complete")
    func cancelled() async throws {
        try await onThread {
            let requests = try (1...5).map { try request(UInt64($0), records: 20) }
            let results = try outcomes(requests, threads: 2, cancelled: [2, 5])
            #expect(results.keys.sorted() == [1, 3, 4])
        }
    }
}
