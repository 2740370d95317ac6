import Glibc
import Platform
import Records
import Testing

@Suite("Finding inputs") struct InputResolverTests {
    let folder: Folder

    init() throws {
        folder = try Folder()
    }

    /// Names of the inputs that an argument means, relative to the folder.
    func names(_ argument: String) throws -> [String] {
        try InputResolver.resolve(["\(folder.path)/\(argument)"]).map { source in
            String(source.path.dropFirst(folder.path.count + 1))
        }
    }

    func failure(_ arguments: [String]) -> InputFailure? {
        #expect(throws: InputFailure.self) { try InputResolver.resolve(arguments) }
    }

    @Test("a file is described by its absolute path, size and time") func file() throws {
        let path = try folder.file("a.jsonl", Array("{}\n".utf8))
        _ = try folder.folder("b")
        let expected = InputSource(
            path: path,
            kind: .plain,
            byteCount: 3,
            modificationTime: try Files.status(path).modificationTime
        )
        #expect(try InputResolver.resolve([path]) == [expected])
        #expect(try InputResolver.resolve(["\(folder.path)/b/../a.jsonl"]) == [expected])
        try #require(symlink("a.jsonl", "\(folder.path)/link") == 0)
        #expect(try InputResolver.resolve(["\(folder.path)/link"]) == [expected])
    }

    @Test(
        "the kind is told by the first bytes, never by the name",
        arguments: [
            ("a.gz", [], .plain),
            ("a.gz", [0x7B], .plain),
            ("a.gz", [0x1F], .plain),
            ("a.jsonl", [0x1F, 0x8B], .gzip),
            ("a", CompressedBytes.gzip([]), .gzip),
            ("a.jsonl", CompressedBytes.zstd([]), .zstd),
            ("a.zst", [0x28, 0xB5, 0x2F], .plain),
            ("a.zst", [0x28, 0xB5, 0x2F, 0xFC], .plain),
            ("a", CompressedBytes.skippableFrame([]), .zstd),
            ("a", CompressedBytes.skippableFrame([], kind: 15), .zstd),
            ("a", [0x60, 0x2A, 0x4D, 0x18], .plain),
            ("a", [0x50, 0x2A, 0x4D, 0x19], .plain),
        ] as [(String, [UInt8], InputSource.Kind)]
    )
    func kinds(name: String, bytes: [UInt8], kind: InputSource.Kind) throws {
        let path = try folder.file(name, bytes)
        let source = try #require(try InputResolver.resolve([path]).first)
        #expect(source.kind == kind)
        #expect(source.byteCount == bytes.count)
    }

    @Test("arguments keep their order, and a file may be named twice") func order() throws {
        for name in ["b", "a", "c.jsonl"] { _ = try folder.file(name) }
        let arguments = ["b", "-", "a", "*.jsonl", "b"].map { argument in
            argument == "-" ? argument : "\(folder.path)/\(argument)"
        }
        let found = try InputResolver.resolve(arguments).map { $0.path.split(separator: "/").last }
        #expect(found == ["b", "-", "a", "c.jsonl", "b"])
        #expect(try InputResolver.resolve([]).isEmpty)
    }

    @Test("a folder means its JSONL files, compressed or not, by name, and no folder below it")
    func folders() throws {
        let fitting = [
            "a.jsonl", "b.jsonl.gz", "c.jsonl.zst", "d.ndjson", "e.ndjson.gz", "f.ndjson.zst",
        ]
        let others = [
            "a.json", "b.jsonl.bz2", "c.gz", "d.JSONL", "e.txt", ".hidden.jsonl", "g.jsonl.partial",
            "jsonl",
        ]
        for name in fitting.reversed() + others { _ = try folder.file(name) }
        _ = try folder.folder("below")
        _ = try folder.file("below/h.jsonl")
        #expect(try names("") == fitting)
        #expect(try names("below/..") == fitting)
        #expect(try names("below") == ["below/h.jsonl"])
    }

    @Test("a folder with nothing that fits says what would fit") func emptyFolder() throws {
        _ = try folder.file("a.txt")
        let expected = InputFailure.nothingFound(
            folder.path,
            hint: "the folder holds no .jsonl or .ndjson file, plain, .gz or .zst"
        )
        #expect(failure([folder.path]) == expected)
    }

    @Test("a pattern means the files that fit it, in order") func patterns() throws {
        for name in ["a1.jsonl", "a10.jsonl", "a2.jsonl", "b1.txt", ".a3.jsonl"] {
            _ = try folder.file(name)
        }
        #expect(try names("*.jsonl") == ["a1.jsonl", "a10.jsonl", "a2.jsonl"])
        #expect(try names("?1.*") == ["a1.jsonl", "b1.txt"])
        #expect(try names("[bc]1.txt") == ["b1.txt"])
        let pattern = "\(folder.path)/*.csv"
        #expect(failure([pattern]) == .nothingFound(pattern, hint: "the pattern fits no file"))
    }

    @Test("a name that looks like a pattern is that file where there is one")
    func literalPattern() throws {
        _ = try folder.file("a[1].jsonl")
        _ = try folder.file("a1.jsonl")
        #expect(try names("a[1].jsonl") == ["a[1].jsonl"])
    }

    @Test("standard input is named once, and read only once") func standardInput() throws {
        let expected = InputSource(
            path: "-",
            kind: .standardInput,
            byteCount: 0,
            modificationTime: 0
        )
        #expect(try InputResolver.resolve(["-"]) == [expected])
        let twice = InputFailure.unusable("-", reason: "standard input can be read only once")
        #expect(failure(["-", "-"]) == twice)
        #expect(twice.description.contains("only once"))
    }

    @Test("a file that is missing is named, and so is what is no file") func unusable() throws {
        let missing = "\(folder.path)/missing.jsonl"
        #expect(failure([missing]) == .unusable(missing, reason: "it does not exist"))
        let dangling = "\(folder.path)/dangling"
        try #require(symlink("nowhere", dangling) == 0)
        #expect(failure([dangling]) == .unusable(dangling, reason: "it does not exist"))
        let fifo = "\(folder.path)/fifo"
        try #require(mkfifo(fifo, 0o600) == 0)
        let reason = "it is not a file; pipe it in and name it -"
        #expect(failure([fifo]) == .unusable(fifo, reason: reason))
        // One that a folder or a pattern brings in is refused too, never waited for.
        try #require(rename(fifo, "\(folder.path)/fifo.jsonl") == 0)
        #expect(failure([folder.path]) == .unusable("\(fifo).jsonl", reason: reason))
        #expect(failure(["\(folder.path)/*.jsonl"]) == .unusable("\(fifo).jsonl", reason: reason))
    }

    @Test("each failure is a sentence with the input's name and, for damage, the byte from 1 on")
    func sentences() {
        let failures: [InputFailure] = [
            .unusable("in", reason: "why"),
            .nothingFound("in", hint: "why"),
            .damaged("in", offset: 9, what: "why"),
            .bomb("in", outputBytes: 77),
        ]
        let sentences = failures.map(\.description)
        #expect(sentences[0] == "the input in cannot be used: why")
        #expect(sentences[1] == "no input is found at in: why")
        #expect(sentences[2] == "the input in is damaged at byte 10: why; get the file anew")
        #expect(sentences[3].hasPrefix("the input in unfolds into more than 77 bytes"))
    }
}
