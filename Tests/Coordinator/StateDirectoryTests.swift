import Glibc
import Platform
import Testing

@testable import Coordinator

@Suite("State folder") struct StateDirectoryTests {
    let path: String

    init() throws {
        path = try TestFolder().file("a/b")
    }

    @Test("a folder that is not there is made, for this user alone") func made() throws {
        let directory = try StateDirectory(path)
        #expect(directory.path == path)
        var status = stat()
        for folder in [path, "\(path)/data"] {
            #expect(stat(folder, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o700)
        }
    }

    @Test("a folder is one coordinator's for as long as that lives") func lock() throws {
        do {
            let first = try StateDirectory(path)
            let error = #expect(throws: CoordinatorError.self) { _ = try StateDirectory(path) }
            #expect(error?.exitCode == 73)
            #expect(error?.description.contains("another kennel works in") == true)
            #expect(error?.description.contains(first.path) == true)
        }
        _ = try StateDirectory(path)
    }

    @Test(
        "a folder is free once it is let go, though a process that is being started shares the file"
    )
    func sharedLock() throws {
        var shared: Int32 = -1
        do {
            let directory = try StateDirectory(path)
            // What fork leaves in a child until that begins its program.
            let place = try #require(realpath("\(directory.path)/data/lock", nil))
            defer { free(place) }
            let lock = String(cString: place)
            for name in try Files.names(in: "/proc/self/fd") {
                let link = "/proc/self/fd/\(name)"
                if Files.absolute(link) == lock { shared = dup(Int32(name) ?? -1) }
            }
        }
        defer { close(shared) }
        #expect(shared >= 0)
        _ = try StateDirectory(path)
    }

    @Test(
        "a folder that others may write to is refused, with what to do",
        arguments: [("", mode_t(0o770)), ("", 0o702), ("/data", 0o720), ("/data", 0o777)]
    )
    func foreignMode(folder: String, mode: mode_t) throws {
        do { _ = try StateDirectory(path) }
        #expect(chmod(path + folder, mode) == 0)
        let error = #expect(throws: CoordinatorError.self) { _ = try StateDirectory(path) }
        #expect(error?.exitCode == 78)
        #expect(error?.description.contains("chmod go-w") == true)
        #expect(chmod(path + folder, mode & ~0o022) == 0)
        _ = try StateDirectory(path)
    }

    @Test("who only reads a folder makes nothing in it, and does not meet who works in it")
    func reading() throws {
        try Files.makeDirectory("\(path)/data")
        do { _ = try StateDirectory(reading: path) }
        #expect(try Files.names(in: "\(path)/data").isEmpty)
        do {
            let worker = try StateDirectory(path)
            let error = #expect(throws: CoordinatorError.self) {
                _ = try StateDirectory(reading: worker.path)
            }
            #expect(error?.exitCode == 73)
        }
        let reader = try StateDirectory(reading: path)
        #expect(throws: CoordinatorError.self) { _ = try StateDirectory(reader.path) }
    }

    @Test("a folder of another user is refused", .enabled(if: geteuid() == 0))
    func foreignOwner() throws {
        do { _ = try StateDirectory(path) }
        #expect(chown("\(path)/data", 65_534, 65_534) == 0)
        let error = #expect(throws: CoordinatorError.self) { _ = try StateDirectory(path) }
        #expect(error?.description.contains("belongs to another user") == true)
    }

    @Test("a folder that cannot be made is named") func notMade() throws {
        try Files.makeDirectory(Files.directory(of: path))
        _ = try FileDescriptor(opening: path, flags: O_WRONLY | O_CREAT)
        let error = #expect(throws: CoordinatorError.self) { _ = try StateDirectory(path) }
        #expect(error?.exitCode == 74)
        #expect(error?.description.contains(path) == true)
    }
}
