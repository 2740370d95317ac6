import Doge
import FoundationEssentials
import Glibc
import Platform
import Records
import Synchronization
import TestSupport
import Testing
import Wire

@testable import Worker

@Suite("Weights that are written into while a job uses them", .serialized, .timeLimit(.minutes(10)))
struct WrittenWeightsTests {
    /// A model in a folder of its own, whose file a test may touch.
    private struct Place: Sendable {
        let path: String
        var weights: String { "\(path)/model.safetensors" }

        /// Writes the bytes that are there once more: other times, the same model.
        func touch() throws {
            let bytes = try Data(contentsOf: URL(filePath: weights))
            let file = try FileDescriptor(opening: weights, flags: O_WRONLY)
            try file.write(Array(bytes), at: 0)
        }

        /// Changes a bit of the last number and puts the time of modification back.
        func change() throws {
            let file = try FileDescriptor(opening: weights, flags: O_RDWR)
            var status = stat()
            guard fstat(file.raw, &status) == 0 else { throw SystemCallError("examine", weights) }
            let end = Int(status.st_size)
            try file.write([try file.read(count: 4, at: end - 4)[0] ^ 1], at: end - 4)
            let times = [status.st_atim, status.st_mtim]
            guard futimens(file.raw, times) == 0 else { throw SystemCallError("date", weights) }
        }

        /// Renames a file of other bytes over it.
        func replace() throws {
            let new = "\(path)/new"
            try Data(repeating: 7, count: 4096).write(to: URL(filePath: new))
            guard rename(new, weights) == 0 else { throw SystemCallError("rename", new) }
        }
    }

    private func withPlace(_ body: @escaping @Sendable (Place) throws -> Void) async throws {
        try await onThread {
            let tests = Files.directory(of: Files.directory(of: #filePath))
            let path = "\(Files.temporaryFolder)/kennel-weights-\(Entropy.identifier())"
            let (from, to) = (
                URL(filePath: "\(tests)/Reference/checkpoints/moe"), URL(filePath: path)
            )
            try FileManager.default.copyItem(at: from, to: to)
            defer { try? FileManager.default.removeItem(at: to) }
            try body(Place(path: path))
        }
    }

    /// What becomes of three shards in turn, with something done around the first opening.
    private func outcomes(
        _ place: Place,
        before: @escaping @Sendable () throws -> Void = {},
        after: @escaping @Sendable () throws -> Void = {},
        between: () throws -> Void = {}
    ) throws -> [String] {
        let mailbox = Mailbox<WorkerEvent>()
        let news = try MailboxNews(mailbox)
        let openings = Mutex(0)
        let layout = EngineLayout.Wish(threads: 1)
        let pipeline = ShardPipeline(mailbox: mailbox, layout: layout) {
            text,
            dataType throws(LoadFailure) in
            let isFirst = openings.withLock { count in
                count += 1
                return count == 1
            }
            if isFirst { #expect(throws: Never.self) { try before() } }
            let model = try LoadedModel(text, dataType, layout, cacheBytes: 16 << 20)
            if isFirst { #expect(throws: Never.self) { try after() } }
            return model
        }
        var options = TaskOptions()
        options.task = .embed
        let digest = try ModelDigest.compute(directory: place.path, cache: nil).text
        var found: [String] = []
        for lease in UInt64(1)...3 {
            let lines = TextFeedTests.lines(3)
            let request = try TextFeedTests().request(
                lease,
                lines,
                0,
                options,
                model: digest,
                mailbox: mailbox
            )
            var assign = request.assign
            assign.modelPath = place.path
            pipeline.post(assign, input: request.input)
            found.append(try end(of: lease, news))
            if lease == 1 { try between() }
        }
        return found
    }

    private func end(of lease: UInt64, _ news: MailboxNews) throws -> String {
        while true {
            switch try news.next() {
            case .computed(lease, _): return "computed"
            case .failed(lease, .modelMissing, let text):
                let isChange = text.contains("model.safetensors was changed while it was in use")
                #expect(isChange || text.contains("is not the one that the job was submitted with"))
                return isChange ? "changed" : "other"
            case .failed(_, _, let text): return text
            default: break
            }
        }
    }

    @Test("the shard that was computed meanwhile fails, whatever the file's times say")
    func during() async throws {
        try await withPlace { place in
            let found = try self.outcomes(place, after: place.change)
            #expect(found == ["changed", "other", "other"])
        }
    }

    @Test("what was computed before stands, and the next shard fails")
    func between() async throws {
        try await withPlace { place in
            let found = try self.outcomes(place, between: place.change)
            #expect(found == ["computed", "changed", "other"])
        }
    }

    @Test("weights that changed between their check and their mapping are not used")
    func beforeMapping() async throws {
        try await withPlace { place in
            let found = try self.outcomes(place, before: place.change)
            #expect(found == ["changed", "other", "other"])
        }
    }

    @Test("a file that was touched, or written with the bytes that it has, changes nothing")
    func touched() async throws {
        try await withPlace { place in
            let found = [
                try self.outcomes(place, after: place.touch),
                try self.outcomes(place, before: place.touch),
                try self.outcomes(place, between: place.touch),
            ]
            let expected = ["computed", "computed", "computed"]
            #expect(found == [expected, expected, expected])
        }
    }

    @Test("another file renamed into their place changes nothing for the job that has the old one")
    func renamed() async throws {
        try await withPlace { place in
            let found = try self.outcomes(place, after: place.replace)
            #expect(found == ["computed", "computed", "computed"])
        }
    }
}
