import Glibc

/// The place in the file system where a control server listens: a socket of mode 0600 and its lock.
///
/// The lock, a file beside the socket, is held as long as the value lives and freed by the system
/// if the process dies; so a socket that is found under the lock is stale, whichever host made it.
/// The lock's file stays, as removing it would let two servers lock two files of one name.
struct ControlEndpoint: ~Copyable {
    private let address: SocketAddress
    private let lock: Descriptor
    /// The socket as it was made; whoever replaced it since keeps theirs.
    private let identity: Identity

    /// The socket that listens; it belongs to whoever serves it, and is not closed here.
    let listening: Int32

    /// Tells a file from another that took its path.
    private struct Identity: Equatable {
        let device: dev_t
        let inode: ino_t
    }

    deinit {
        if Self.status(of: address.path).map(Self.identity) == identity { unlink(address.path) }
    }

    /// Binds the path and listens.
    init(path: String) throws(GatewayError) {
        let address = try SocketAddress(path)
        try Self.prepareFolder(SocketAddress.folder(of: path))
        let lock = try Self.takeLock(path)
        try Self.removeStaleSocket(address)
        let listening = try address.makeSocket()
        guard address.withSystemForm({ bind(listening.number, $0, $1) }) == 0 else {
            throw .system(call: "bind", path: path, errno: errno)
        }
        // Nobody can connect before the socket listens, so no one comes in under a wider mode.
        guard chmod(path, 0o600) == 0 else {
            throw .system(call: "chmod", path: path, errno: errno)
        }
        guard let made = Self.status(of: path) else {
            throw .system(call: "lstat", path: path, errno: errno)
        }
        guard listen(listening.number, SOMAXCONN) == 0 else {
            throw .system(call: "listen", path: path, errno: errno)
        }
        self.address = address
        self.lock = lock
        self.identity = Self.identity(made)
        self.listening = listening.release()
    }

    private static func prepareFolder(_ folder: String) throws(GatewayError) {
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw .system(call: "mkdir", path: folder, errno: errno)
        }
        var found = stat()
        guard stat(folder, &found) == 0 else {
            throw .system(call: "stat", path: folder, errno: errno)
        }
        // In a folder with the sticky bit, only owners replace files.
        let isOpen = found.st_mode & S_IWOTH != 0 && found.st_mode & S_ISVTX == 0
        if isOpen { throw .openFolder(folder) }
    }

    private static func takeLock(_ path: String) throws(GatewayError) -> Descriptor {
        let name = path + ".lock"
        let number = Glibc.open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard number >= 0 else { throw .system(call: "open", path: name, errno: errno) }
        let lock = Descriptor(number)
        guard flock(number, LOCK_EX | LOCK_NB) == 0 else {
            if errno == EWOULDBLOCK { throw .inUse(path: path) }
            throw .system(call: "flock", path: name, errno: errno)
        }
        return lock
    }

    /// Removes a socket that nobody serves; another program's live socket or file is left alone.
    private static func removeStaleSocket(_ address: SocketAddress) throws(GatewayError) {
        guard let found = status(of: address.path) else { return }
        guard found.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path: address.path) }
        let probe = try address.makeSocket()
        if address.withSystemForm({ connect(probe.number, $0, $1) }) == 0 {
            throw .inUse(path: address.path)
        }
        guard errno == ECONNREFUSED else {
            throw .system(call: "connect", path: address.path, errno: errno)
        }
        guard unlink(address.path) == 0 else {
            throw .system(call: "unlink", path: address.path, errno: errno)
        }
    }

    private static func status(of path: String) -> stat? {
        var found = stat()
        return lstat(path, &found) == 0 ? found : nil
    }

    private static func identity(_ found: stat) -> Identity {
        Identity(device: found.st_dev, inode: found.st_ino)
    }
}
