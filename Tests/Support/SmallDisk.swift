import Glibc
import Platform

/// A file system of a few megabytes, which only root may mount.
package struct SmallDisk: ~Copyable {
    /// Whether this process may mount.
    package static var canMount: Bool { geteuid() == 0 }

    /// Where it is mounted.
    package let path = "\(Files.temporaryFolder)/kennel-small-\(Entropy.identifier())"

    /// Mounts an empty one.
    package init(mebibytes: Int) throws {
        try Files.makeDirectory(path)
        guard mount("none", path, "tmpfs", 0, "size=\(mebibytes)m,mode=700") == 0 else {
            throw SystemCallError("mount", path)
        }
    }

    deinit {
        umount2(path, Int32(MNT_DETACH))
        rmdir(path)
    }

    /// Takes all room but so many bytes, also while others write.
    package func fill(leaving free: Int = 0) throws {
        let file = try FileDescriptor(opening: "\(path)/filler", flags: O_RDWR | O_CREAT)
        var code: Int32 = 0
        for _ in 0..<1_000 {
            var status = statvfs()
            statvfs(path, &status)
            let byteCount = Int(status.f_bavail) * Int(status.f_frsize) - free
            code = posix_fallocate(file.raw, 0, off_t(max(1, byteCount)))
            // The room of a moment ago may be taken already.
            if code != ENOSPC { break }
        }
        guard code == 0 else { throw SystemCallError("fill", path, code: code) }
    }

    /// Gives back the room that was taken.
    package func free() throws { try Files.remove("\(path)/filler") }
}
