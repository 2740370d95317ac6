import Glibc

/// A whole file mapped read-only; unmapped with its owner.
struct MappedFile: ~Copyable {
    let path: String
    /// The bytes, valid as long as the owner lives.
    let bytes: UnsafeRawBufferPointer

    init(path: String) throws(ModelError) {
        self.path = path
        // A pipe's open would wait for a writer before it could be told from a file.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw MappedFile.failure(path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw MappedFile.failure(path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(path: path, reason: "not a regular file")
        }
        let count = Int(status.st_size)
        guard count > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let memory = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let memory, memory != MAP_FAILED else { throw MappedFile.failure(path) }
        bytes = UnsafeRawBufferPointer(start: memory, count: count)
    }

    deinit {
        guard let start = bytes.baseAddress else { return }
        munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
    }

    private static func failure(_ path: String) -> ModelError {
        .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
}
