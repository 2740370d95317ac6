import Glibc
import Platform

/// A whole file mapped read-only; unmapped with its owner.
struct MappedFile: ~Copyable {
    let path: String
    /// The bytes, valid as long as the owner lives.
    let bytes: UnsafeRawBufferPointer
    /// What the file was before it was mapped.
    let identity: FileIdentity
    /// Kept open, so that the file can be asked whatever its name has become.
    private let file: FileDescriptor

    init(path: String) throws(ModelError) {
        let file = try Self.open(path)
        let identity = try Self.identity(file)
        var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
        if identity.byteCount > 0 {
            let memory = mmap(nil, identity.byteCount, PROT_READ, MAP_PRIVATE, file.raw, 0)
            guard let memory, memory != MAP_FAILED else {
                throw .unreadable(path: path, reason: String(cString: strerror(errno)))
            }
            bytes = UnsafeRawBufferPointer(start: memory, count: identity.byteCount)
        }
        self.path = path
        self.bytes = bytes
        self.identity = identity
        self.file = file
    }

    /// Whether somebody wrote into the file since: then its bytes are those of no model.
    ///
    /// What only took the file's name, as a new file renamed into its place does, changes no byte
    /// here.
    var isWritten: Bool { (try? file.identity())?.hasSameBytes(as: identity) != true }

    private static func open(_ path: String) throws(ModelError) -> FileDescriptor {
        do throws(SystemCallError) {
            // A pipe's open would wait for a writer before it could be told from a file.
            return try FileDescriptor(opening: path, flags: O_RDONLY | O_NONBLOCK)
        } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
    }

    private static func identity(
        _ file: borrowing FileDescriptor
    ) throws(ModelError) -> FileIdentity {
        let found: FileIdentity?
        do throws(SystemCallError) {
            found = try file.identity()
        } catch {
            throw .unreadable(path: file.path, reason: error.reason)
        }
        guard let found else { throw .unreadable(path: file.path, reason: "not a regular file") }
        return found
    }

    deinit {
        guard let start = bytes.baseAddress else { return }
        munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
    }
}
