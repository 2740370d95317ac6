import Glibc
import Platform
import Synchronization
import Testing

@Suite("Platform") struct PlatformTests {
    @Test("a joined thread has run its body") func joinedThreadHasRun() {
        let ran = Flag()
        OSThread(name: "test") { ran.value.store(true, ordering: .releasing) }.join()
        let seen = ran.value.load(ordering: .acquiring)
        #expect(seen)
    }

    @Test("an identifier has 26 letters and never repeats") func identifiersDiffer() {
        let names = (0..<1000).map { _ in Entropy.identifier() }
        #expect(Set(names).count == 1000)
        #expect(names.allSatisfy { $0.utf8.count == 26 })
    }

    @Test("renaming without replacing leaves what stands at the target")
    func renameWithoutReplacing() throws {
        let folder = "\(Files.temporaryFolder)/kennel-platform-\(Entropy.identifier())"
        try Files.makeDirectory(folder)
        for (name, byte) in [("a", UInt8(1)), ("b", UInt8(2))] {
            let file = try FileDescriptor(opening: "\(folder)/\(name)", flags: O_RDWR | O_CREAT)
            try [byte].withUnsafeBytes { try file.write($0, at: 0) }
        }
        #expect(throws: SystemCallError.self) {
            try Files.renameWithoutReplacing("\(folder)/a", to: "\(folder)/b")
        }
        let target = try FileDescriptor(opening: "\(folder)/b")
        #expect(try target.read(count: 8, at: 0) == [2])
        #expect(try Files.names(in: folder) == ["a", "b"])
    }

    @Test("SHA-256 is that of its standard, of arrays and of files in pieces") func sha256() throws
    {
        func hex(_ bytes: [UInt8]) -> String {
            bytes.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
        }
        #expect(hex(SHA256.digest([])).hasPrefix("e3b0c44298fc1c149afbf4c8996fb924"))
        #expect(hex(SHA256.digest(Array("abc".utf8))).hasPrefix("ba7816bf8f01cfea414140de5dae2223"))
        let path = "\(Files.temporaryFolder)/kennel-platform-\(Entropy.identifier())"
        defer { try? Files.remove(path) }
        for count in [0, 1, 1 << 18, 1 << 18 + 1, 1_000_000] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let file = try FileDescriptor(opening: path, flags: O_RDWR | O_CREAT | O_TRUNC)
            try file.write(bytes, at: 0)
            #expect(try SHA256.digest(of: file) == SHA256.digest(bytes))
        }
    }

    @Test("shared work is done once a piece, and its first failure is the one of its order")
    func parallel() throws {
        for threads in [0, 1, 2, 9] {
            #expect(Parallel.map(100, threads: threads) { $0 * $0 } == (0..<100).map { $0 * $0 })
            let error = #expect(throws: SystemCallError.self) {
                try Parallel.map(100, threads: threads) { number throws(SystemCallError) in
                    if number % 30 == 20 { throw SystemCallError("do", "\(number)") }
                }
            }
            #expect(error?.subject == "20")
        }
        #expect(Parallel.map(0, threads: 2) { $0 }.isEmpty)
    }

    @Test("a process knows its age, to a hundredth of a second") func age() throws {
        let first = try MonotonicClock.processAge()
        let second = try MonotonicClock.processAge()
        #expect(first > 0 && second >= first && second < 24 * 3600 * 1_000_000_000)
    }

    @Test("a failed call says what was tried, on what, and why") func sentence() {
        let error = #expect(throws: SystemCallError.self) {
            _ = try FileDescriptor(opening: "/nowhere/at/all")
        }
        #expect(error?.description == "cannot open /nowhere/at/all: No such file or directory")
    }
}

private final class Flag: Sendable {
    let value = Atomic<Bool>(false)
}
