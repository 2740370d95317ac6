import Glibc
import Platform
import Records
import TestSupport
import Testing

/// Inputs that are written and spooled in a folder of their own.
struct SpoolBench {
    let folder: Folder

    init() throws {
        folder = try Folder()
    }

    /// The plain bytes of a file that holds `bytes`.
    func spool(_ bytes: [UInt8]) throws -> [UInt8] {
        let input = try folder.file("input", bytes)
        defer { unlink(input) }
        let source = try #require(try InputResolver.resolve([input]).first)
        return try plainBytes(source, STDIN_FILENO)
    }

    /// The bytes that come through a descriptor.
    func spool(standardInput descriptor: Int32) throws -> [UInt8] {
        let source = try #require(try InputResolver.resolve(["-"]).first)
        return try plainBytes(source, descriptor)
    }

    private func plainBytes(_ source: InputSource, _ descriptor: Int32) throws -> [UInt8] {
        let path = "\(folder.path)/plain"
        let plain = try Spool.write(source, to: path, standardInput: descriptor)
        let bytes = try FileDescriptor(opening: path).read(count: plain.byteCount + 1, at: 0)
        #expect(plain == Spool.Plain(byteCount: bytes.count, digest: XXH3.digest(bytes)))
        return bytes
    }

    /// The failure of a file that must have one; it leaves nothing behind.
    func failure(_ bytes: [UInt8]) throws -> InputFailure? {
        let names = try Files.names(in: folder.path)
        let failure = #expect(throws: InputFailure.self) { try spool(bytes) }
        #expect(try Files.names(in: folder.path) == names)
        return failure
    }

    /// Lines that compress about as well as a corpus does.
    static func corpus(byteCount: Int, seed: UInt64 = 1) -> [UInt8] {
        var random = SplitMix(state: seed)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount + 100)
        while bytes.count < byteCount {
            let number = random.next()
            bytes += Array("{\"id\":\(number % 100_000),\"text\":\"\(number)\"}\n".utf8)
        }
        return Array(bytes.prefix(byteCount))
    }
}

@Suite("Spooling inputs") struct SpoolTests {
    let bench: SpoolBench
    static let lines = Array("{\"text\":\"a\"}\n{\"text\":\"é\"}\n".utf8)

    init() throws {
        bench = try SpoolBench()
    }

    @Test("gzip members and zstd frames, one behind the other, become their plain bytes")
    func formats() throws {
        let lines = Self.lines
        let more = Array("more".utf8)
        let (gzip, gzipMore) = (CompressedBytes.gzip(lines), CompressedBytes.gzip(more))
        let (zstd, zstdMore) = (CompressedBytes.zstd(lines), CompressedBytes.zstd(more))
        let skipped = CompressedBytes.skippableFrame(more, kind: 15)
        #expect(try bench.spool(gzip) == lines)
        #expect(try bench.spool(gzip + gzipMore + gzip) == lines + more + lines)
        #expect(try bench.spool(zstd) == lines)
        #expect(try bench.spool(zstd + zstdMore + zstd) == lines + more + lines)
        #expect(try bench.spool(skipped + zstd) == lines)
        #expect(try bench.spool(zstd + skipped + zstdMore + skipped) == lines + more)
    }

    @Test("streams of nothing become an empty file") func nothing() throws {
        let (gzip, zstd) = (CompressedBytes.gzip([]), CompressedBytes.zstd([]))
        #expect(try bench.spool(gzip).isEmpty)
        #expect(try bench.spool(gzip + gzip).isEmpty)
        #expect(try bench.spool(zstd).isEmpty)
        #expect(try bench.spool(CompressedBytes.skippableFrame([])).isEmpty)
        #expect(try bench.spool(gzip + CompressedBytes.gzip(Self.lines) + gzip) == Self.lines)
    }

    @Test(
        "the sizes at which buffers are full change nothing",
        arguments: [1, 65536, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 2 << 20, 2_500_000]
    )
    func bufferSizes(byteCount: Int) throws {
        let bytes = SpoolBench.corpus(byteCount: byteCount)
        let half = Array(bytes.prefix(byteCount / 2))
        for compress in [CompressedBytes.gzip, CompressedBytes.zstd] {
            #expect(try bench.spool(compress(bytes)) == bytes)
            #expect(try bench.spool(compress(half) + compress(bytes)) == half + bytes)
        }
    }

    @Test("a stream may be larger than a buffer") func largeStream() throws {
        var random = SplitMix(state: 5)
        let bytes = (0..<1_500_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        #expect(try bench.spool(CompressedBytes.gzip(bytes)) == bytes)
        #expect(try bench.spool(CompressedBytes.zstd(bytes)) == bytes)
    }

    @Test("what was compressed twice is unfolded once") func nested() throws {
        let inner = CompressedBytes.zstd(Self.lines)
        #expect(try bench.spool(CompressedBytes.gzip(inner)) == inner)
    }

    @Test("a zstd window of 128 MiB is taken, and a larger one refused") func window() throws {
        let lines = Self.lines
        #expect(try bench.spool(CompressedBytes.zstdFrame(windowLog: 27, lines)) == lines)
        guard case .damaged = try bench.failure(CompressedBytes.zstdFrame(windowLog: 28, lines))
        else {
            Issue.record("a window of 256 MiB must be refused")
            return
        }
    }

    @Test("standard input is copied to its end, whatever it holds") func standardInput() throws {
        let bytes = SpoolBench.corpus(byteCount: 2_500_000)
        let file = try FileDescriptor(opening: try bench.folder.file("stream", bytes))
        #expect(try bench.spool(standardInput: file.raw) == bytes)
        #expect(try bench.spool(standardInput: file.raw).isEmpty, "all of it is read already")
    }

    @Test("a pipe may give its bytes in small pieces") func pipeInput() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let (from, to) = (ends[0], ends[1])
        defer { close(from) }
        let bytes = SpoolBench.corpus(byteCount: 300_000)
        let writer = OSThread(name: "writer") {
            for start in stride(from: 0, to: bytes.count, by: 997) {
                let piece = bytes[start..<min(start + 997, bytes.count)]
                _ = piece.withUnsafeBytes { write(to, $0.baseAddress, $0.count) }
            }
            close(to)
        }
        defer { writer.join() }
        #expect(try bench.spool(standardInput: from) == bytes)
    }

    @Test("an older file of the name is replaced whole") func replaced() throws {
        _ = try bench.folder.file("plain", [UInt8](repeating: 0x78, count: 1000))
        _ = try bench.folder.file("plain.partial", [UInt8](repeating: 0x79, count: 1000))
        #expect(try bench.spool(CompressedBytes.gzip(Self.lines)) == Self.lines)
        #expect(try Files.names(in: bench.folder.path) == ["plain"])
    }
}
