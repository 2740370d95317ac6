import Glibc
import Platform

/// A whole file mapped read-only; unmapped with its owner.
struct MappedFile: ~Copyable {
    let path: String
    /// The bytes, valid as long as the owner lives.
    let bytes: UnsafeRawBufferPointer
    /// Kept open, so that the file can be asked whatever its name has become.
    private let file: FileDescriptor

    init(path: String) throws(ModelError) {
        let file = try Self.open(path)
        let count = try Self.byteCount(file)
        var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
        if count > 0 {
            let memory = mmap(nil, count, PROT_READ, MAP_PRIVATE, file.raw, 0)
            guard let memory, memory != MAP_FAILED else {
                throw .unreadable(path: path, reason: String(cString: strerror(errno)))
            }
            bytes = UnsafeRawBufferPointer(start: memory, count: count)
        }
        self.path = path
        self.bytes = bytes
        self.file = file
    }

    /// Whether the bytes are still those of a digest.
    ///
    /// Where the file is as it was found to be last, a system call tells; else, as a change of its
    /// name, its times or its bytes may have come between, all of it is read again.
    ///
    /// - Parameters:
    ///   - entry: the digest, and what the file was when it was taken.
    ///   - found: what the file was when it last had that digest; brought up to date.
    func holds(_ entry: DigestCache.Entry, found: inout FileIdentity?) -> Bool {
        guard let now = try? file.identity() else { return false }
        if now == found ?? entry.file {
            found = now
            return true
        }
        guard now.byteCount == entry.file.byteCount,
            (try? SHA256.digest(of: file)) == entry.digest, (try? file.identity()) == now
        else { return false }
        found = now
        return true
    }

    private static func open(_ path: String) throws(ModelError) -> FileDescriptor {
        do throws(SystemCallError) {
            // A pipe's open would wait for a writer before it could be told from a file.
            return try FileDescriptor(opening: path, flags: O_RDONLY | O_NONBLOCK)
        } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
    }

    private static func byteCount(
        _ file: borrowing FileDescriptor
    ) throws(ModelError) -> Int {
        let found: FileIdentity?
        do throws(SystemCallError) {
            found = try file.identity()
        } catch {
            throw .unreadable(path: file.path, reason: error.reason)
        }
        guard let found else { throw .unreadable(path: file.path, reason: "not a regular file") }
        return found.byteCount
    }

    deinit {
        guard let start = bytes.baseAddress else { return }
        munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
    }
}
