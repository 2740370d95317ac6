private import CLinux
import Glibc

/// An open file, closed when its owner lets go of it.
package struct FileDescriptor: ~Copyable, Sendable {
    /// The system's number for the open file.
    package let raw: Int32
    /// Where it was opened, for messages.
    package let path: String

    /// Opens `path` with the flags of open(2); close-on-exec is always added.
    package init(
        opening path: String,
        flags: Int32 = O_RDONLY,
        mode: UInt32 = 0o600
    ) throws(SystemCallError) {
        let raw = kennel_open(path, flags, mode)
        guard raw >= 0 else { throw SystemCallError("open", path, code: -raw) }
        self.raw = raw
        self.path = path
    }

    /// Opens a regular file to read it; what else may stand at a user's path is refused at once.
    ///
    /// Never waits: a pipe's plain open waits for a writer before it can be told from a file.
    package static func regular(_ path: String) throws(SystemCallError) -> FileDescriptor {
        let file: FileDescriptor
        do throws(SystemCallError) {
            file = try FileDescriptor(opening: path, flags: O_RDONLY | O_NONBLOCK)
        } catch {
            // A socket has no other way to say so.
            throw error.code == ENXIO ? SystemCallError(irregular: path) : error
        }
        guard try file.identity() != nil else { throw SystemCallError(irregular: path) }
        return file
    }

    deinit {
        _ = Glibc.close(raw)
    }

    /// Reads up to `buffer.count` bytes at `offset`; fewer only at the end of the file.
    package func read(
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: Int
    ) throws(SystemCallError) -> Int {
        var filled = 0
        while filled < buffer.count {
            guard let start = buffer.baseAddress else { break }
            let count = pread(raw, start + filled, buffer.count - filled, offset + filled)
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemCallError("read", path)
            }
            filled += count
        }
        return filled
    }

    /// Reads exactly `count` bytes at `offset`, or fewer where the file ends before.
    package func read(count: Int, at offset: Int) throws(SystemCallError) -> [UInt8] {
        var failure: SystemCallError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            do throws(SystemCallError) {
                initialized = try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Writes all of `bytes` at `offset`.
    package func write(
        _ bytes: UnsafeRawBufferPointer,
        at offset: Int
    ) throws(SystemCallError) {
        var written = 0
        while written < bytes.count {
            guard let start = bytes.baseAddress else { break }
            let count = pwrite(raw, start + written, bytes.count - written, off_t(offset + written))
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemCallError("write to", path)
            }
            written += count
        }
    }

    /// Writes all of an array at `offset`.
    package func write(_ bytes: [UInt8], at offset: Int) throws(SystemCallError) {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(SystemCallError) in try write(bytes, at: offset) }
        }
        try result.get()
    }

    /// Returns once the bytes written are on the disk.
    ///
    /// A failure is final.
    package func synchronizeData() throws(SystemCallError) {
        guard fdatasync(raw) == 0 else { throw SystemCallError("sync", path, isSync: true) }
    }

    /// Cuts or extends the file to `byteCount`.
    package func truncate(to byteCount: Int) throws(SystemCallError) {
        guard ftruncate(raw, off_t(byteCount)) == 0 else {
            throw SystemCallError("truncate", path)
        }
    }

    /// Gives a whole file's lock back, also where a process that is about to start shares this.
    package func unlock() {
        flock(raw, LOCK_UN)
    }

    /// Takes one byte of the file for this open file alone, where no other has it.
    ///
    /// Until this is closed, also by the end of its process. The byte need not exist, and nobody is
    /// kept from reading or writing it; whoever asks `isTaken` is told.
    ///
    /// - Returns: whether it is taken now.
    package func take(byte: Int64) throws(SystemCallError) -> Bool {
        let code = kennel_take_byte(raw, byte)
        if code == 0 { return true }
        guard code == EAGAIN || code == EACCES else {
            throw SystemCallError("lock a byte of", path, code: code)
        }
        return false
    }

    /// Gives a byte back that was taken, also in the same case.
    package func giveBack(byte: Int64) {
        kennel_give_byte_back(raw, byte)
    }

    /// Whether another open file, of this process or of others, has taken a byte.
    package func isTaken(byte: Int64) throws(SystemCallError) -> Bool {
        let answer = kennel_byte_is_taken(raw, byte)
        guard answer >= 0 else {
            throw SystemCallError("examine the locks of", path, code: -answer)
        }
        return answer != 0
    }

    /// Size in bytes and modification time in nanoseconds since 1970.
    package func status() throws(SystemCallError) -> FileStatus {
        var status = stat()
        guard fstat(raw, &status) == 0 else { throw SystemCallError("examine", path) }
        return FileStatus(status)
    }
}

/// What tells whether a file is still the one that was seen before.
package struct FileStatus: Equatable, Sendable {
    /// Size in bytes.
    package let byteCount: Int
    /// Modification time, nanoseconds since 1970.
    package let modificationTime: Int64

    init(_ status: stat) {
        byteCount = Int(status.st_size)
        modificationTime =
            Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    }
}
