import Glibc
import Platform

/// A folder in memory for parsers that open files by their paths; of this process alone.
enum Scratch {
    /// The folder, made at the first use.
    static let folder: String = {
        let own = Files.temporaryFolder
        let usesOwn = own.hasPrefix("/dev/shm/") || access("/dev/shm", W_OK) != 0
        let root = usesOwn ? own : "/dev/shm"
        let path = "\(root)/kennel-fuzz-\(getpid())"
        mkdir(path, 0o700)
        atexit { Scratch.removeAll() }
        return path
    }()

    /// A folder of a target inside it.
    static func folder(_ name: String) -> String {
        let path = "\(folder)/\(name)"
        mkdir(path, 0o700)
        return path
    }

    /// Writes a whole file; behind the bytes a hole until `byteCount`.
    static func write(
        _ path: String,
        _ pieces: UnsafeRawBufferPointer...,
        byteCount: Int = 0
    ) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        precondition(descriptor >= 0, "the fuzzer needs a folder that it may write to")
        var end = 0
        for piece in pieces {
            let written = pwrite(descriptor, piece.baseAddress, piece.count, off_t(end))
            precondition(written == piece.count, "the fuzzer needs space in memory for files")
            end += piece.count
        }
        if byteCount > end { ftruncate(descriptor, off_t(byteCount)) }
        close(descriptor)
    }

    /// The same for a text.
    static func write(_ path: String, _ text: String) {
        Array(text.utf8).withUnsafeBytes { write(path, $0) }
    }

    /// Removes the folder with all that lies in it.
    static func removeAll() {
        remove(folder)
    }

    /// Removes a file, or a folder with all that lies in it.
    static func remove(_ path: String) {
        if unlink(path) == 0 || errno == ENOENT { return }
        guard let listing = opendir(path) else { return }
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { remove("\(path)/\(name)") }
        }
        closedir(listing)
        rmdir(path)
    }
}
