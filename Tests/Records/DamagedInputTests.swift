import Glibc
import Platform
import Records
import Testing

/// Compressed files that end early, hold wrong bytes or unfold without end.
@Suite("Damaged inputs") struct DamagedInputTests {
    /// How an input is compressed.
    enum Form: String, Sendable, CaseIterable {
        case gzip, zstd

        func compress(_ bytes: [UInt8]) -> [UInt8] {
            self == .gzip ? CompressedBytes.gzip(bytes) : CompressedBytes.zstd(bytes)
        }
    }

    let bench: SpoolBench

    init() throws {
        bench = try SpoolBench()
    }

    /// The offset at which a file is said to be damaged, and the words for it.
    func damage(_ bytes: [UInt8]) throws -> (offset: Int, what: String) {
        let failure = try bench.failure(bytes)
        guard case .damaged(let path, let offset, let what) = failure else {
            Issue.record("not damaged, but \(String(describing: failure))")
            return (-1, "")
        }
        #expect(path == "\(bench.folder.path)/input")
        return (offset, what)
    }

    @Test("a stream that is cut off anywhere is damaged at its end", arguments: Form.allCases)
    func truncated(form: Form) throws {
        let whole = form.compress(SpoolBench.corpus(byteCount: 2000))
        // With fewer bytes than its magic number it would be a plain file.
        for count in stride(from: 4, to: whole.count, by: 29) + [whole.count - 1] {
            for prefix in [[], whole] {
                let damage = try damage(prefix + whole[..<count])
                #expect(damage.what == "it ends in the middle", "\(count) bytes")
                #expect(damage.offset == prefix.count + count)
            }
        }
    }

    @Test("a large stream that is cut off is damaged at its end", arguments: Form.allCases)
    func largeTruncated(form: Form) throws {
        let whole = form.compress(SpoolBench.corpus(byteCount: 4_000_000))
        try #require(whole.count > 1 << 20)
        let damage = try damage(whole.dropLast())
        #expect(damage.what == "it ends in the middle")
        #expect(damage.offset == whole.count - 1)
    }

    @Test("a wrong checksum is damage", arguments: Form.allCases)
    func checksum(form: Form) throws {
        var bytes = form.compress(Array("some text".utf8))
        // gzip's checksum stands in front of the length, zstd's at the very end.
        bytes[bytes.count - (form == .gzip ? 8 : 1)] ^= 1
        let damage = try damage(bytes)
        #expect(damage.what != "it ends in the middle")
        #expect((0..<bytes.count).contains(damage.offset))
    }

    @Test(
        "bytes of another kind behind a stream are damage from there on",
        arguments: Form.allCases
    )
    func garbage(form: Form) throws {
        let whole = form.compress(SpoolBench.corpus(byteCount: 3000))
        let other = form == .gzip ? Form.zstd : .gzip
        let zeros = [UInt8](repeating: 0, count: 9)
        for tail in [Array("garbage".utf8), zeros, other.compress([1, 2])] {
            let damage = try damage(whole + tail)
            #expect(damage.what != "it ends in the middle")
            #expect((whole.count..<whole.count + 4).contains(damage.offset))
        }
    }

    @Test("damage far inside a file is named near to where it is", arguments: Form.allCases)
    func place(form: Form) throws {
        let piece = form.compress(SpoolBench.corpus(byteCount: 100_000))
        let sound = Array(repeating: piece, count: 20).joined()
        let damage = try damage(sound + Array("garbage".utf8) + piece)
        #expect((sound.count..<sound.count + 4).contains(damage.offset))
    }

    @Test(
        "damage far inside a stream is named where it stands, with zstd at most a block before",
        arguments: [1, 7, 15, 30]
    )
    func placeInStream(blockCount: Int) throws {
        let behind = Array("behind".utf8)
        let gzip = CompressedBytes.gzipWithUnknownBlock(behind: blockCount)
        let gzipOffset = try damage(gzip + behind).offset
        #expect((gzip.count - 3...gzip.count).contains(gzipOffset))
        let zstd = CompressedBytes.zstdWithUnknownBlock(behind: blockCount)
        let zstdOffset = try damage(zstd + behind).offset
        #expect((zstd.count - 100_006...zstd.count).contains(zstdOffset))
    }

    @Test("no single wrong byte goes unseen or is taken for the end", arguments: Form.allCases)
    func flippedBytes(form: Form) throws {
        let text = SpoolBench.corpus(byteCount: 600)
        let whole = form.compress(text)
        // What stands in front says how to read the rest; gzip's time and system change nothing.
        for offset in (form == .gzip ? 10 : 4)..<whole.count {
            var bytes = whole
            bytes[offset] ^= 0x10
            let plain = try? bench.spool(bytes)
            #expect(plain == nil || plain == text, "byte \(offset)")
        }
    }

    @Test(
        "a file that unfolds into more than 200 times its size is a bomb",
        arguments: Form.allCases
    )
    func bomb(form: Form) throws {
        let zeros = [UInt8](repeating: 0, count: 24 << 20)
        guard case .bomb(let path, let outputBytes) = try bench.failure(form.compress(zeros)) else {
            Issue.record("24 MiB of zeros must be a bomb")
            return
        }
        #expect(path == "\(bench.folder.path)/input")
        // It is stopped at the first buffer above the size that is never suspicious.
        #expect((16 << 20 + 1...17 << 20).contains(outputBytes))
    }

    @Test("up to 16 MiB nothing is a bomb, and above only by its ratio", arguments: Form.allCases)
    func noBomb(form: Form) throws {
        let zeros = [UInt8](repeating: 0, count: 16 << 20)
        #expect(try bench.spool(form.compress(zeros)).count == zeros.count)
        let corpus = SpoolBench.corpus(byteCount: 1 << 20)
        let bytes = form.compress(corpus) + form.compress(zeros)
        #expect(try bench.spool(bytes).count == 17 << 20)
    }

    @Test("an input that has gone, or a folder that cannot be written to, is named")
    func unusable() throws {
        let source = InputSource(
            path: "\(bench.folder.path)/gone",
            kind: .gzip,
            byteCount: 1,
            modificationTime: 0
        )
        let gone = #expect(throws: InputFailure.self) {
            _ = try Spool.write(source, to: "\(bench.folder.path)/plain")
        }
        #expect(gone == .unusable(source.path, reason: "No such file or directory"))
        #expect(try Files.names(in: bench.folder.path) == [])
        let input = try bench.folder.file("input", CompressedBytes.gzip([1]))
        let path = "\(bench.folder.path)/missing/plain"
        let unwritable = #expect(throws: InputFailure.self) {
            _ = try Spool.write(try InputResolver.resolve([input])[0], to: path)
        }
        #expect(unwritable == .unusable("\(path).partial", reason: "No such file or directory"))
        let closed = #expect(throws: InputFailure.self) {
            _ = try bench.spool(standardInput: -1)
        }
        #expect(closed == .unusable("-", reason: "Bad file descriptor"))
    }
}
