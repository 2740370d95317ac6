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
