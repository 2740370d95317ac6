import FoundationEssentials
import Glibc
import Platform
import Testing

@testable import Doge

@Suite("Digests of models") struct ModelDigestTests {
    /// A time at which no file was changed just now.
    private static let later = FileIdentity.now() + 60_000_000_000

    private func withModel(_ body: (_ model: String, DigestCache) throws -> Void) throws {
        try TinyModel().withFolder { directory in
            try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(directory)/tokenizer.json"))
            try body(directory, DigestCache(folder: "\(directory)/cache/kennel"))
        }
    }

    private func digest(
        _ model: String,
        _ cache: DigestCache?,
        now: Int64 = later
    ) throws -> String {
        try ModelDigest.compute(directory: model, cache: cache, threads: 2, now: now).text
    }

    private func identity(_ path: String) throws -> FileIdentity {
        try #require(try FileDescriptor(opening: path).identity())
    }

    @Test("the digest is the same without a cache, with an empty one and with a full one")
    func same() throws {
        try withModel { model, cache in
            let expected = try digest(model, nil)
            #expect(try digest(model, cache) == expected)
            let known = cache.entries()
            #expect(known.count == 3)
            #expect(try digest(model, cache) == expected)
            #expect(cache.entries() == known)
        }
    }

    @Test("what is known is not computed again")
    func used() throws {
        try withModel { model, cache in
            let expected = try digest(model, cache)
            let file = try identity("\(model)/model.safetensors")
            cache.remember([.init(file: file, digest: [UInt8](repeating: 7, count: 32))])
            #expect(try digest(model, cache) != expected)
            #expect(cache.entries().count == 3)
        }
    }

    @Test("a file that was changed is hashed again, its size and modification time set back")
    func changed() throws {
        try withModel { model, cache in
            let path = "\(model)/tokenizer.json"
            let expected = try digest(model, cache)
            let before = try identity(path)
            var status = stat()
            #expect(stat(path, &status) == 0)
            let file = try FileDescriptor(opening: path, flags: O_RDWR)
            // Until the kernel's clock has gone on: without the pause of two seconds it need not.
            repeat {
                try file.write(Array("[]".utf8), at: 0)
                let times = [status.st_atim, status.st_mtim]
                #expect(utimensat(AT_FDCWD, path, times, 0) == 0)
            } while try identity(path) == before
            #expect(try identity(path).numbers.dropLast() == before.numbers.dropLast())
            let found = try digest(model, cache)
            #expect(found != expected)
            let computed = try digest(model, nil)
            #expect(found == computed)
            #expect(cache.entries().count == 3)
        }
    }

    @Test("a file that was changed just now is not remembered")
    func fresh() throws {
        try withModel { model, cache in
            let expected = try digest(model, nil)
            #expect(try digest(model, cache, now: FileIdentity.now()) == expected)
            #expect(cache.entries().isEmpty)
        }
    }

    @Test("a file on another machine is neither remembered nor looked up")
    func remote() throws {
        try withModel { model, cache in
            func remote() throws -> String {
                try ModelDigest.compute(
                    directory: model,
                    cache: cache,
                    now: Self.later,
                    isRemote: { $0.path.hasSuffix(".safetensors") }
                ).text
            }
            let expected = try digest(model, nil)
            #expect(try remote() == expected)
            #expect(cache.entries().count == 2)
            let file = try identity("\(model)/model.safetensors")
            cache.remember([.init(file: file, digest: [UInt8](repeating: 7, count: 32))])
            #expect(try remote() == expected)
            #expect(try digest(model, cache) != expected)
        }
    }

    @Test("a cache with any byte changed, too few or too many is not believed, but replaced")
    func damaged() throws {
        try withModel { model, cache in
            let expected = try digest(model, cache)
            let path = "\(cache.folder)/digests"
            let good = try FileDescriptor(opening: path).read(count: 1 << 16, at: 0)
            var damages = good.indices.map { index in
                var bytes = good
                bytes[index] ^= 1
                return bytes
            }
            damages += [[], Array(good.dropLast()), Array(good.dropLast(72)), good + [0]]
            for bytes in damages {
                try Data(bytes).write(to: URL(fileURLWithPath: path))
                #expect(chmod(path, 0o600) == 0)
                #expect(cache.entries().isEmpty)
            }
            #expect(try digest(model, cache) == expected)
            #expect(cache.entries().count == 3)
        }
    }

    @Test("a cache that others may write is not believed")
    func others() throws {
        try withModel { model, cache in
            _ = try digest(model, cache)
            #expect(chmod("\(cache.folder)/digests", 0o620) == 0)
            #expect(cache.entries().isEmpty)
        }
    }

    @Test("a cache that cannot be written is no error", arguments: ["/dev/null/kennel", "/proc/x"])
    func unwritable(folder: String) throws {
        try withModel { model, _ in
            let cache = DigestCache(folder: folder)
            let expected = try digest(model, nil)
            #expect(try digest(model, cache) == expected)
            #expect(cache.entries().isEmpty)
        }
    }

    @Test("a pipe where the cache has its lock holds nobody up")
    func pipe() throws {
        try withModel { model, cache in
            try FileManager.default.createDirectory(
                atPath: cache.folder,
                withIntermediateDirectories: true
            )
            #expect(mkfifo("\(cache.folder)/digests.lock", 0o600) == 0)
            let expected = try digest(model, nil)
            #expect(try digest(model, cache) == expected)
            #expect(cache.entries().isEmpty)
        }
    }

    @Test("the oldest of too many are forgotten")
    func bounded() throws {
        try withModel { _, cache in
            let entries = (0..<Int64(DigestCache.entriesMax + 10)).map { number in
                DigestCache.Entry(
                    file: FileIdentity(numbers: [1, number, 3, 4, 5]),
                    digest: [UInt8](repeating: UInt8(number % 251), count: 32)
                )
            }
            cache.remember(entries)
            #expect(cache.entries() == Array(entries.suffix(DigestCache.entriesMax)))
        }
    }

    @Test("who reads and writes at once finds no false digest, and leaves the cache whole")
    func together() throws {
        try withModel { model, cache in
            let expected = try digest(model, nil)
            let wrong = Parallel.wrong(64, threads: 4) { number in
                if number % 4 == 0 { unlink("\(cache.folder)/digests") }
                return try digest(model, cache) == expected
            }
            #expect(wrong.isEmpty)
            _ = try digest(model, cache)
            #expect(cache.entries().count == 3)
            #expect(try Files.names(in: cache.folder) == ["digests", "digests.lock"])
        }
    }
}

extension Parallel {
    /// The numbers for which a check fails or throws.
    fileprivate static func wrong(
        _ count: Int,
        threads: Int,
        _ check: @Sendable (Int) throws -> Bool
    ) -> [Int] {
        let isRight = map(count, threads: threads) { number in (try? check(number)) == true }
        return isRight.indices.filter { !isRight[$0] }
    }
}
