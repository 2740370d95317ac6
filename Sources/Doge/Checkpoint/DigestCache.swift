import Glibc
import Platform

/// What this user's processes remember of the bytes of files that have not changed since.
///
/// One file in the user's own folder, replaced as a whole. It spares time and decides nothing else:
/// unreadable, damaged or absent it is as if empty, and that it cannot be written is no error.
package struct DigestCache: Sendable {
    /// A file's digest, and the file's state when it was taken.
    struct Entry: Equatable, Sendable {
        let file: FileIdentity
        let digest: [UInt8]
    }

    /// More are forgotten, the oldest first.
    static let entriesMax = 1024

    /// Where it lies: a folder of its own.
    package let folder: String

    /// A cache in `folder`, which is made when something is to be remembered.
    package init(folder: String) { self.folder = folder }

    private var path: String { "\(folder)/digests" }

    /// All that is remembered, in the order in which it was.
    func entries() -> [Entry] {
        let limit = Contents.byteCount(entries: Self.entriesMax)
        guard let file = try? FileDescriptor(opening: path, flags: O_RDONLY | O_NONBLOCK),
            file.isOurs(), let bytes = try? file.read(count: limit + 1, at: 0),
            bytes.count <= limit
        else { return [] }
        return Contents.entries(bytes)
    }

    /// Remembers more, if that is possible at once.
    func remember(_ new: [Entry]) {
        guard !new.isEmpty else { return }
        do throws(SystemCallError) {
            try Files.makeDirectory(folder)
            // A pipe that somebody put there holds nobody up.
            let flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK
            let lock = try FileDescriptor(opening: "\(path).lock", flags: flags)
            // Whoever writes now wins: what we forget is computed again some time.
            guard flock(lock.raw, LOCK_EX | LOCK_NB) == 0 else { return }
            let next = try FileDescriptor(opening: "\(path).new", flags: flags | O_TRUNC)
            try next.write(bytes(with: new), at: 0)
            try Files.rename(next.path, to: path)
        } catch {
            return  // the next process reads the files again, as this one did
        }
    }

    private func bytes(with new: [Entry]) -> [UInt8] {
        let kept = entries().filter { old in !new.contains { $0.file.isSameFile(as: old.file) } }
        return Contents.bytes((kept + new).suffix(Self.entriesMax))
    }

    /// The file's bytes: a mark, entries of one size, and the digest of all before.
    private enum Contents {
        static let mark = Array("kennel digests 1".utf8)
        static let numberBytes = 5 * 8
        static let entryBytes = numberBytes + SHA256.byteCount

        static func byteCount(entries: Int) -> Int {
            mark.count + entries * entryBytes + SHA256.byteCount
        }

        static func bytes(_ entries: some Sequence<Entry>) -> [UInt8] {
            var bytes = mark
            for entry in entries {
                for number in entry.file.numbers {
                    withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
                }
                bytes += entry.digest
            }
            return bytes + SHA256.digest(bytes)
        }

        /// The entries; none unless each byte is as it was written.
        static func entries(_ bytes: [UInt8]) -> [Entry] {
            let body = bytes.count - SHA256.byteCount
            let entries = body - mark.count
            guard entries >= 0, entries % entryBytes == 0, bytes.starts(with: mark),
                SHA256.digest(Array(bytes[..<body])) == Array(bytes[body...])
            else { return [] }
            return stride(from: mark.count, to: body, by: entryBytes).map { start in
                let numbers = (0..<5).map { number in
                    bytes.withUnsafeBytes {
                        let place = start + 8 * number
                        return Int64(
                            littleEndian: $0.loadUnaligned(fromByteOffset: place, as: Int64.self)
                        )
                    }
                }
                let digest = bytes[start + numberBytes..<start + entryBytes]
                return Entry(file: FileIdentity(numbers: numbers), digest: Array(digest))
            }
        }
    }
}
