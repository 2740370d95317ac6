import Glibc
import Ledger
import Platform

/// A file that is written beside its place and takes its name only when it is whole and durable.
final class PartialFile {
    private let target: String
    /// The option that names the file, for messages.
    private let flag: String
    private let path: String
    private let file: FileDescriptor
    private var byteCount = 0
    private var isPublished = false
    private var buffer: [UInt8] = []
    private static let bufferSize = 1 << 20
    /// Answers are the user's own file: who else may read them is for the umask to say.
    private static let mode: UInt32 = 0o666

    /// - Parameters:
    ///   - flag: the option that names the target.
    ///   - owner: what no other publishing has: the partial file is named after it.
    init(target: String, flag: String, owner: String) throws(CoordinatorError) {
        self.target = target
        self.flag = flag
        path = "\(Files.directory(of: target))/.kennel-\(owner)\(flag)"
        // What an earlier life left; another job's never has this name.
        unlink(path)
        let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW
        do throws(SystemCallError) {
            file = try FileDescriptor(opening: path, flags: flags, mode: Self.mode)
        } catch {
            throw Self.failure(error, target, flag)
        }
    }

    func append(_ bytes: [UInt8]) throws(CoordinatorError) {
        buffer += bytes
        if buffer.count >= Self.bufferSize { try flush() }
    }

    /// Returns once all bytes are on the disk; what is left is to give the file its name.
    func finish() throws(CoordinatorError) {
        try flush()
        do throws(SystemCallError) {
            try file.synchronizeData()
        } catch {
            throw Self.failure(error, target, flag)
        }
    }

    /// Syncs the bytes and renames; without `replacing`, only where nothing or the same stands.
    func publish(replacing: Bool) throws(CoordinatorError) {
        try finish()
        do throws(SystemCallError) {
            if replacing {
                try Files.rename(path, to: target)
            } else {
                try renameUnlessOther()
            }
            isPublished = true
            try Files.synchronizeDirectory(Files.directory(of: target))
        } catch {
            throw error.code == EEXIST
                ? .outputExists(path: target, flag: flag) : Self.failure(error, target, flag)
        }
    }

    /// A failure as the coordinator's; one for want of room, a sync's too, as all of the file is
    /// written anew.
    private static func failure(
        _ error: SystemCallError,
        _ target: String,
        _ flag: String
    ) -> CoordinatorError {
        [ENOSPC, EDQUOT].contains(error.code)
            ? .noRoom(folder: Files.directory(of: target), flag: flag, error) : .output(error)
    }

    deinit {
        // What was not published is made anew; until then it only takes room.
        if !isPublished { unlink(path) }
    }

    /// A target with the same bytes is our own, left by a crash between rename and ledger.
    private func renameUnlessOther() throws(SystemCallError) {
        do throws(SystemCallError) {
            try Files.renameWithoutReplacing(path, to: target)
        } catch {
            guard error.code == EEXIST, try isTargetEqual() else { throw error }
            try Files.remove(path)
        }
    }

    private func isTargetEqual() throws(SystemCallError) -> Bool {
        let other: FileDescriptor
        do throws(SystemCallError) {
            other = try .regular(target)
        } catch {
            guard error.isIrregular else { throw error }
            return false
        }
        guard try other.status().byteCount == byteCount else { return false }
        var offset = 0
        while offset < byteCount {
            let mine = try file.read(count: Self.bufferSize, at: offset)
            let theirs = try other.read(count: Self.bufferSize, at: offset)
            guard mine == theirs, !mine.isEmpty else { return false }
            offset += mine.count
        }
        return true
    }

    private func flush() throws(CoordinatorError) {
        do throws(SystemCallError) {
            try file.write(buffer, at: byteCount)
        } catch {
            throw Self.failure(error, target, flag)
        }
        byteCount += buffer.count
        buffer.removeAll(keepingCapacity: true)
    }
}
