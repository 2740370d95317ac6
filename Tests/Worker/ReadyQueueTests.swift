import Doge
import Platform
import Records
import Synchronization
import TestSupport
import Testing
import Wire

@testable import Worker

@Suite("Shards between reader and engine", .serialized, .timeLimit(.minutes(10)))
struct ReadyQueueTests {
    private static let checkpoints: String = {
        let tests = Files.directory(of: Files.directory(of: #filePath))
        return "\(tests)/Reference/checkpoints"
    }()

    /// A shard without records, which nobody computes.
    private func shard(
        _ lease: UInt64,
        bytes: Int = 1,
        model: String = "moe"
    ) throws -> PassShard {
        let path = "\(Self.checkpoints)/\(model)"
        let shard = OpenShard(
            ticket: ShardTicket(lease: lease, mailbox: Mailbox()),
            text: try ModelText(
                path: path,
                digest: ModelDigest.compute(directory: path, cache: nil).text
            ),
            options: TaskOptions(),
            slots: [],
            byteCount: bytes
        ) { _ in }
        return PassShard(shard, batchTokens: Batch.tokensUsual)
    }

    @Test("there is room for some shards, for some bytes, and always for one shard")
    func room() throws {
        var few = ReadyLine(shardsMax: 2, bytesMax: 1000)
        few.append(try shard(1))
        #expect(few.hasRoom)
        few.append(try shard(2))
        #expect(!few.hasRoom)
        #expect(few.takeFirst()?.shard.ticket.lease == 1 && few.hasRoom)
        var small = ReadyLine(shardsMax: 9, bytesMax: 10)
        small.append(try shard(1, bytes: 4))
        #expect(small.hasRoom)
        small.append(try shard(2, bytes: 400))
        #expect(!small.hasRoom)
        _ = small.takeFirst()
        #expect(!small.hasRoom, "the large one is still there")
        _ = small.takeFirst()
        #expect(small.hasRoom && small.first == nil)
        small = ReadyLine(shardsMax: 9, bytesMax: 0)
        #expect(small.hasRoom, "one always fits")
    }

    @Test("the reader is never further ahead than there is room, and the order stays")
    func bounded() async throws {
        try await onThread {
            let queue = ReadyQueue(ReadyLine(shardsMax: 2))
            let shards = try (1...6).map { try shard($0) }
            let posted = Mutex(0)
            let reader = OSThread(name: "reads") {
                for shard in shards {
                    queue.waitForRoom()
                    posted.withLock { $0 += 1 }
                    queue.post(shard)
                }
            }
            for lease in 1...6 {
                #expect(queue.wait().shard.ticket.lease == lease)
                // One may have come into the place of the one just taken.
                #expect(posted.withLock { $0 } <= lease + 2)
            }
            reader.join()
        }
    }

    @Test("a shard of another kind or model stays where it is")
    func others() async throws {
        try await onThread {
            let queue = ReadyQueue()
            let (ours, theirs) = (try shard(1), try shard(2, model: "causal"))
            let model = ours.shard.model
            guard case .none = queue.take(PassShard.self, model: model) else {
                Issue.record("a shard came from nowhere")
                return
            }
            queue.post(ours)
            queue.post(theirs)
            guard case .other = queue.take(TextShard.self, model: model) else {
                Issue.record("a shard of one pass was taken for texts")
                return
            }
            guard case .shard(let first) = queue.take(PassShard.self, model: model),
                case .other = queue.take(PassShard.self, model: model)
            else {
                Issue.record("the model was not heeded")
                return
            }
            #expect(first === ours)
            #expect(queue.wait() === theirs)
        }
    }

    @Test("requests leave the queue in their order, and a wait ends when one has come")
    func requests() async throws {
        try await onThread {
            let queue = ComputeQueue()
            let leases = Mutex<[UInt64]>([])
            let reader = OSThread(name: "reader") {
                for _ in 0..<3 {
                    let lease = queue.wait().ticket.lease
                    leases.withLock { $0.append(lease) }
                }
            }
            let feeds = TextFeedTests()
            for lease in [5, 6, 7] { queue.post(try feeds.request(UInt64(lease), records: 0)) }
            reader.join()
            #expect(leases.withLock { $0 } == [5, 6, 7])
        }
    }
}
