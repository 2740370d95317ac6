import Glibc
import Platform
import Testing

@testable import Coordinator

@Suite("A file that takes its name when it is whole") struct PartialFileTests {
    let folder: TestFolder

    init() throws {
        folder = try TestFolder()
    }

    private var partial: String { folder.file(".kennel-job--output") }

    private func publish(_ pieces: [String], replacing: Bool) throws {
        let file = try PartialFile(target: folder.file("out"), flag: "--output", owner: "job")
        for piece in pieces { try file.append(Array(piece.utf8)) }
        try file.publish(replacing: replacing)
    }

    @Test("nothing stands at the target before the end, and nothing beside it after")
    func whole() throws {
        let file = try PartialFile(target: folder.file("out"), flag: "--output", owner: "job")
        try file.append(Array("one\n".utf8))
        #expect(!folder.names.contains("out"))
        try file.append(Array("two\n".utf8))
        try file.publish(replacing: false)
        #expect(folder.text("out") == "one\ntwo\n")
        #expect(folder.names == ["out"])
    }

    @Test("pieces of any size are joined", arguments: [0, 1, (1 << 20) - 1, 1 << 20, 3 << 20])
    func sizes(byteCount: Int) throws {
        let piece = String(repeating: "z", count: byteCount)
        try publish(["a", piece, "b", piece], replacing: false)
        let isJoined = folder.text("out") == "a" + piece + "b" + piece
        #expect(isJoined)
    }

    @Test("what stands at the target is replaced only where that was asked for")
    func replacing() throws {
        try folder.write("out", "of others")
        let error = #expect(throws: CoordinatorError.self) {
            try publish(["ours"], replacing: false)
        }
        #expect(error?.exitCode == 2)
        #expect(error?.description.contains(folder.file("out")) == true)
        #expect(folder.text("out") == "of others")
        try publish(["ours"], replacing: true)
        #expect(folder.text("out") == "ours")
    }

    @Test("another file of the same size, or with the same beginning, is not ours")
    func almostEqual() throws {
        let long = String(repeating: "q", count: 2 << 20)
        for other in [long + "b", long, long + "ab"] {
            try folder.write("out", other)
            #expect(throws: CoordinatorError.self) {
                try publish([long, "a"], replacing: false)
            }
            let isKept = folder.text("out") == other
            #expect(isKept)
        }
    }

    @Test("a pipe or a folder at the target is not ours, and nobody is waited for")
    func noFile() throws {
        #expect(mkfifo(folder.file("out"), 0o600) == 0)
        let pipe = #expect(throws: CoordinatorError.self) { try publish([], replacing: false) }
        #expect(pipe?.description.contains("exists and is not this job's") == true)
        try Files.remove(folder.file("out"))
        try Files.makeDirectory(folder.file("out"))
        let directory = #expect(throws: CoordinatorError.self) { try publish([], replacing: false) }
        #expect(directory?.description.contains("exists and is not this job's") == true)
    }

    @Test("the same bytes at the target are our own of a life before") func ours() throws {
        try folder.write("out", "the answers\n")
        try publish(["the ", "answers\n"], replacing: false)
        #expect(folder.text("out") == "the answers\n")
        #expect(folder.names == ["out"])
    }

    @Test("two jobs that publish one target at once never write into each other's file")
    func twoJobs() throws {
        let slow = try PartialFile(target: folder.file("out"), flag: "--output", owner: "slow")
        try slow.append([UInt8](repeating: 65, count: 2 << 20))
        try publish(["mine"], replacing: false)
        try slow.append([UInt8](repeating: 66, count: 2 << 20))
        #expect(throws: CoordinatorError.self) { try slow.publish(replacing: false) }
        #expect(folder.text("out") == "mine")
    }

    @Test("a link in the partial file's place is never followed") func link() throws {
        _ = try folder.write("precious", "kept")
        #expect(symlink(folder.file("precious"), partial) == 0)
        try publish(["new"], replacing: false)
        #expect(folder.text("precious") == "kept")
        #expect(folder.text("out") == "new")
    }

    @Test("what is not published leaves nothing behind") func unpublished() throws {
        do {
            let file = try PartialFile(target: folder.file("out"), flag: "--output", owner: "job")
            try file.append([UInt8](repeating: 65, count: 2 << 20))
            #expect(Files.exists(partial))
        }
        #expect(!Files.exists(partial))
    }

    @Test("what a crash left beside the target is begun anew") func leftover() throws {
        _ = try folder.write(".kennel-job--output", String(repeating: "A", count: 2 << 20))
        try publish(["new"], replacing: false)
        #expect(folder.text("out") == "new")
        #expect(!Files.exists(partial))
    }

    @Test("a folder that is gone is named") func noFolder() {
        let error = #expect(throws: CoordinatorError.self) {
            _ = try PartialFile(target: folder.file("gone/out"), flag: "--output", owner: "job")
        }
        #expect(error?.exitCode == 74)
        #expect(error?.description.contains(folder.file("gone/")) == true)
    }
}
