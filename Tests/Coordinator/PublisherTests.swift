import Glibc
import Platform
import Scheduling
import Testing

@testable import Coordinator
@testable import Ledger

@Suite("Publishing a finished job") struct PublisherTests {
    private static let job = JobID("job")
    let folder: TestFolder
    private let isEnding = EndFlag()
    private let input = "zero\none\n\ntwo\nthree\n"

    init() throws {
        folder = try TestFolder()
    }

    /// Puts answers into segments as they were committed, and returns the shards in input order.
    private func commit() throws -> [CommittedShard] {
        let directory = Segments.directory(state: folder.path, job: Self.job.description)
        try Files.makeDirectory(directory)
        let answers = [
            "{\"id\":null,\"index\":0}\n{\"id\":null,\"index\":1,\"error\":{\"code\":\"x\"}}\n",
            "{\"id\":\"error\",\"index\":3}\n{\"id\":null,\"index\":4,\"error\":{}}\n",
        ]
        // The second shard was committed first; between them lie bytes of no shard.
        for (segment, text) in [(0, "dead" + answers[1] + "tail"), (1, answers[0])] {
            let path = Segments.path(directory, segment)
            let file = try FileDescriptor(opening: path, flags: O_WRONLY | O_CREAT)
            try file.write(Array(text.utf8), at: 0)
        }
        let lines = Array(input.utf8)
        return answers.enumerated().map { number, text in
            let bytes = number == 0 ? 0..<9 : 9..<20
            return CommittedShard(
                range: ShardRange(
                    input: 0,
                    byteOffset: bytes.lowerBound,
                    byteCount: bytes.count,
                    firstLine: number * 2,
                    lineCount: number + 2,
                    recordCount: 2,
                    isOverlong: false,
                    digest: ContentDigest(of: Array(lines[bytes]))
                ),
                segment: 1 - number,
                segmentOffset: number * 4,
                byteCount: text.utf8.count,
                digest: ContentDigest(of: Array(text.utf8)),
                failedRecords: 1
            )
        }
    }

    @Test("publishing that nobody waits for ends and leaves nothing behind") func ending() throws {
        let publisher = try publisher(try commit())
        isEnding.set()
        let error = #expect(throws: CoordinatorError.self) { try publisher.publish() }
        #expect(error?.exitCode == 75)
        for flag in ["--output", "--rejects"] {
            #expect(!Files.exists(folder.file(".kennel-job\(flag)")))
        }
    }

    @Test("rejects are never taken from an input that has changed") func changedInput() throws {
        let shards = try commit()
        let publisher = try publisher(shards)
        let other = Array("zero\nONE\n\ntwo\nthree\n".utf8)
        let file = try FileDescriptor(opening: "\(folder.path)/in", flags: O_WRONLY)
        try file.write(other, at: 0)
        let error = #expect(throws: CoordinatorError.self) { try publisher.publish() }
        #expect(error?.description.contains("has changed since the job began") == true)
    }

    private let expected = """
        {"id":null,"index":0}
        {"id":null,"index":1,"error":{"code":"x"}}
        {"id":"error","index":3}
        {"id":null,"index":4,"error":{}}

        """

    private func publisher(
        _ shards: [CommittedShard],
        rejects: String? = "rejects",
        replacesOutput: Bool = false
    ) throws -> Publisher {
        let input = try folder.write("in", input)
        return Publisher(
            state: folder.path,
            job: Self.job,
            specification: folder.specification(
                [input],
                rejects: rejects,
                replacesOutput: replacesOutput
            ),
            isEnding: isEnding,
            page: { first in shards.filter { $0.range.number >= first } }
        )
    }

    @Test("answers stand in input order, and the lines of failed records among the rejects")
    func order() throws {
        try publisher(commit()).publish()
        #expect(folder.text("out") == expected)
        #expect(folder.text("rejects") == "one\nthree\n")
        #expect(!Files.exists(folder.file(".kennel-job--output")))
    }

    @Test("without rejects only the output is written") func noRejects() throws {
        try publisher(commit(), rejects: nil).publish()
        #expect(folder.text("out") == expected)
        #expect(!folder.names.contains("rejects"))
    }

    @Test("a job without records has an empty output") func empty() throws {
        try publisher([], rejects: nil).publish()
        #expect(folder.text("out") == "")
    }

    @Test("published again after a crash between any two steps, the bytes are the same")
    func repetition() throws {
        let publisher = try publisher(commit())
        for present in [[], ["out"], ["rejects"], ["out", "rejects"]] {
            for name in ["out", "rejects"] where !present.contains(name) {
                try Files.remove(folder.file(name))
            }
            try folder.write(".kennel-job--output", "half of something much longer than before")
            try publisher.publish()
            #expect(folder.text("out") == expected)
            #expect(folder.text("rejects") == "one\nthree\n")
        }
    }

    @Test("an output that appeared meanwhile is not replaced") func appearedMeanwhile() throws {
        let publisher = try publisher(commit())
        try folder.write("out", "of others")
        let error = #expect(throws: CoordinatorError.self) { try publisher.publish() }
        #expect(error?.description.contains("--force") == true)
        #expect(folder.text("out") == "of others")
    }

    @Test("an output is replaced where that was asked for") func replaced() throws {
        try folder.write("out", "old")
        try publisher(commit(), replacesOutput: true).publish()
        #expect(folder.text("out") == expected)
    }

    @Test("answers that have changed on the disk are never published", arguments: [0, 1])
    func damaged(segment: Int) throws {
        let shards = try commit()
        let directory = Segments.directory(state: folder.path, job: Self.job.description)
        let path = Segments.path(directory, segment)
        let file = try FileDescriptor(opening: path, flags: O_RDWR)
        try file.write(Array("X".utf8), at: 10)
        let error = #expect(throws: CoordinatorError.self) { try publisher(shards).publish() }
        #expect(error?.exitCode == 76)
        #expect(error?.description.contains(path) == true)
        #expect(!folder.names.contains("out"))
        #expect(!folder.names.contains("rejects"))
    }

    @Test("a shard without answers is damage, not a gap in the output") func gap() throws {
        let shards = try commit()
        let error = #expect(throws: CoordinatorError.self) {
            try publisher([shards[1]]).publish()
        }
        #expect(error?.exitCode == 76)
        #expect(!folder.names.contains("out"))
    }
}
