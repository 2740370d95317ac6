import Glibc
import Testing

@testable import Platform

@Suite("Where files lie", .timeLimit(.minutes(10))) struct FileSystemTests {
    @Test("a path lies on the file system of the nearest folder that exists")
    func network() throws {
        #expect(!Files.isOnNetwork("/proc/self/not/there/yet"))
        #expect(!Files.isOnNetwork("not/there/yet"))
        #expect(!(try FileDescriptor(opening: "/proc/self/status").mayBeOnNetwork()))
    }

    @Test("of what may stand at a path only a regular file is opened, and nothing is waited for")
    func regularFilesAlone() throws {
        let folder = "\(Files.temporaryFolder)/kennel-platform-\(Entropy.identifier())"
        try Files.makeDirectory(folder)
        #expect(mkfifo("\(folder)/pipe", 0o600) == 0)
        #expect(mknod("\(folder)/socket", S_IFSOCK | 0o600, 0) == 0)
        for path in ["\(folder)/pipe", "\(folder)/socket", folder, "/dev/null"] {
            let error = #expect(throws: SystemCallError.self) {
                _ = try FileDescriptor.regular(path)
            }
            #expect(error?.isIrregular == true)
            #expect(error?.description == "cannot open \(path): it is not a regular file")
        }
        let gone = #expect(throws: SystemCallError.self) {
            _ = try FileDescriptor.regular("\(folder)/gone")
        }
        #expect(gone?.code == ENOENT)
        let file = try FileDescriptor(opening: "\(folder)/file", flags: O_RDWR | O_CREAT)
        try file.write([1, 2, 3], at: 0)
        #expect(try FileDescriptor.regular("\(folder)/file").read(count: 8, at: 0) == [1, 2, 3])
    }

    @Test(
        "a byte that is given back is free, though a process that is being started shares the file"
    )
    func givenBack() throws {
        let path = "\(Files.temporaryFolder)/kennel-platform-\(Entropy.identifier())"
        defer { try? Files.remove(path) }
        let owner = try FileDescriptor(opening: path, flags: O_RDWR | O_CREAT)
        let watcher = try FileDescriptor(opening: path, flags: O_RDWR)
        let isMine = try owner.take(byte: 7)
        let shared = dup(owner.raw)
        defer { close(shared) }
        #expect(isMine && shared >= 0)
        #expect(try watcher.isTaken(byte: 7))
        owner.giveBack(byte: 7)
        #expect(try !watcher.isTaken(byte: 7))
    }

    @Test("a byte that an open file has taken is taken until that is closed") func bytes() throws {
        let path = "\(Files.temporaryFolder)/kennel-platform-\(Entropy.identifier())"
        defer { try? Files.remove(path) }
        let watcher = try FileDescriptor(opening: path, flags: O_RDWR | O_CREAT)
        do {
            let owner = try FileDescriptor(opening: path, flags: O_RDWR)
            let isFirst = try owner.take(byte: 1 << 62)
            #expect(isFirst)
            #expect(try watcher.isTaken(byte: 1 << 62))
            #expect(try !watcher.isTaken(byte: 8))
            #expect(try !owner.isTaken(byte: 1 << 62), "not by others")
            let isSecond = try watcher.take(byte: 1 << 62)
            #expect(!isSecond)
            _ = consume owner
        }
        #expect(try !watcher.isTaken(byte: 1 << 62))
    }

    @Test("a list of names that cannot be read to its end is an error, not a shorter list")
    func brokenList() throws {
        let stream = try #require(opendir("/"))
        defer { closedir(stream) }
        // What is read then is no folder.
        let file = try FileDescriptor(opening: "/proc/self/status")
        #expect(dup2(file.raw, dirfd(stream)) >= 0)
        let error = #expect(throws: SystemCallError.self) {
            _ = try Files.names(in: stream, of: "/")
        }
        #expect(error?.code == ENOTDIR)
    }

    @Test("whole pages are those that memory holds from end to end")
    func pages() {
        let page = Pages.byteCount
        #expect(Pages.up(0) == 0 && Pages.up(1) == page && Pages.up(page) == page)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 4 * page, alignment: page)
        defer { memory.deallocate() }
        for (start, count, first, size) in [
            (0, 4 * page, 0, 4 * page), (1, 3 * page, page, 2 * page), (1, page, page, 0),
            (page, 0, page, 0), (0, page - 1, 0, 0), (0, page + 1, 0, page),
        ] {
            let bytes = UnsafeRawBufferPointer(start: memory + start, count: count)
            let whole = Pages.whole(of: bytes)
            #expect(whole.baseAddress == UnsafeRawPointer(memory + first) && whole.count == size)
        }
        #expect(Pages.whole(of: UnsafeRawBufferPointer(start: nil, count: 0)).isEmpty)
    }
}
