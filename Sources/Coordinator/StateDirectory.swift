import Glibc
import Platform

/// The folder in which a coordinator keeps all that must survive; locked for as long as it lives.
package struct StateDirectory: ~Copyable, Sendable {
    /// As it was given; a relative one follows the process's working folder.
    package let path: String
    /// Held by whoever works in the folder; its bytes, by those who make copies for it.
    ///
    /// Nil for a folder that is only read and in which nobody ever worked.
    let lock: FileDescriptor?

    /// Makes the folder where there is none, and locks it.
    package init(_ path: String) throws(CoordinatorError) {
        do throws(SystemCallError) {
            try Files.makeDirectory("\(path)/data")
        } catch {
            throw .file(error)
        }
        try Self.checkOwner(path)
        try Self.checkOwner("\(path)/data")
        guard !Files.isOnNetwork(path) else { throw .networkFileSystem(path: path) }
        let lock: FileDescriptor
        do throws(SystemCallError) {
            lock = try FileDescriptor(opening: Self.lockPath(path), flags: O_RDWR | O_CREAT)
        } catch {
            throw .file(error)
        }
        guard flock(lock.raw, LOCK_EX | LOCK_NB) == 0 else { throw .stateLocked(path: path) }
        self.path = path
        self.lock = consume lock
    }

    deinit {
        // A process that another thread is about to start shares the open file until it has begun.
        lock?.unlock()
    }

    /// Locks a folder that must be there.
    package init(existing path: String) throws(CoordinatorError) {
        guard Files.exists("\(path)/data") else {
            throw .file(SystemCallError("open", "\(path)/data", code: ENOENT))
        }
        try self.init(path)
    }

    /// Keeps coordinators out of a folder that is only read, whoever owns it; nothing is changed.
    package init(reading path: String) throws(CoordinatorError) {
        guard Files.exists("\(path)/data") else {
            throw .file(SystemCallError("open", "\(path)/data", code: ENOENT))
        }
        lock = try Self.lockToRead(path)
        self.path = path
    }

    /// A copy has no lock, and no coordinator has worked in it.
    private static func lockToRead(_ path: String) throws(CoordinatorError) -> FileDescriptor? {
        let name = "\(path)/data/lock"
        guard Files.exists(name) else { return nil }
        let lock = try CoordinatorError.open(name, flags: O_RDONLY)
        guard flock(lock.raw, LOCK_SH | LOCK_NB) == 0 else { throw .stateLocked(path: path) }
        return consume lock
    }

    /// Refuses a folder in which another user could change what is durable.
    private static func checkOwner(_ path: String) throws(CoordinatorError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .file(SystemCallError("examine", path)) }
        guard status.st_uid == geteuid() else {
            throw .foreignState(path: path, "belongs to another user; name another with --state")
        }
        guard status.st_mode & (S_IWGRP | S_IWOTH) == 0 else {
            throw .foreignState(path: path, "may be written by others; run chmod go-w on it")
        }
    }

    /// Where the plain copies of compressed inputs and of standard input lie.
    package static func spools(_ path: String) -> String { "\(path)/\(spoolFolder)" }

    /// The same, from the state folder on.
    static let spoolFolder = "data/in"

    /// The file that is locked for as long as the folder is used.
    static func lockPath(_ path: String) -> String { "\(path)/data/lock" }
}
