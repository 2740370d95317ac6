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
