import Glibc
package import Platform

/// A place in a network of IPv4.
package struct TCPAddress: Sendable, Equatable, CustomStringConvertible {
    /// Four numbers with dots between them.
    package let host: String
    /// Zero for any free one.
    package let port: UInt16

    /// Takes both as they are.
    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads tcp://HOST:PORT.
    package init(endpoint: String) throws(SystemCallError) {
        let parts = endpoint.dropFirst("tcp://".count).split(separator: ":")
        guard endpoint.hasPrefix("tcp://"), parts.count == 2, let port = UInt16(parts[1]) else {
            throw SystemCallError("understand the address", endpoint, code: EINVAL)
        }
        self.init(host: String(parts[0]), port: port)
    }

    /// As HOST:PORT.
    package var description: String { "\(host):\(port)" }

    fileprivate func withSystemForm(
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(SystemCallError) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else {
            throw SystemCallError("understand the address", host, code: EINVAL)
        }
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

/// A TCP socket that never blocks; closed when its owner lets go of it.
package struct TCPSocket: ~Copyable {
    /// What a socket has for its reader.
    package enum Received: Equatable {
        /// Nothing now.
        case nothing
        /// Some bytes.
        case bytes([UInt8])
        /// The other end says no more.
        case ended
        /// The connection was reset, or never came about.
        case broken
    }

    /// The system's number.
    package let raw: Int32

    private init(raw: Int32) { self.raw = raw }

    deinit { close(raw) }

    private static func make() throws(SystemCallError) -> TCPSocket {
        let type = [SOCK_STREAM, SOCK_CLOEXEC, SOCK_NONBLOCK].reduce(0) { $0 | Int32($1.rawValue) }
        let raw = socket(AF_INET, type, 0)
        guard raw >= 0 else { throw SystemCallError("make", "a socket") }
        return TCPSocket(raw: raw)
    }

    /// A socket that listens; its own address tells on which port.
    package static func listening(on address: TCPAddress) throws(SystemCallError) -> TCPSocket {
        let made = try make()
        made.set(SOL_SOCKET, SO_REUSEADDR, Int32(1))
        let raw = made.raw
        guard try address.withSystemForm({ bind(raw, $0, $1) }) == 0, listen(raw, 1024) == 0 else {
            throw SystemCallError("listen on", "\(address)")
        }
        return made
    }

    /// A socket that begins to connect; whether that succeeds is told by the first read or write.
    package static func connecting(to address: TCPAddress) throws(SystemCallError) -> TCPSocket {
        let made = try make()
        made.set(Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1))
        let raw = made.raw
        let status = try address.withSystemForm { connect(raw, $0, $1) }
        guard status == 0 || errno == EINPROGRESS else {
            throw SystemCallError("connect to", "\(address)")
        }
        return made
    }

    /// The address at this end.
    package func address() throws(SystemCallError) -> TCPAddress {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(raw, $0, &size)
            }
        }
        guard status == 0 else { throw SystemCallError("name", "a socket") }
        var text = [CChar](repeating: 0, count: Int(INET_ADDRSTRLEN))
        inet_ntop(AF_INET, &address.sin_addr, &text, socklen_t(text.count))
        let host = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return TCPAddress(
            host: String(decoding: host, as: UTF8.self),
            port: UInt16(bigEndian: address.sin_port)
        )
    }

    /// The next connection of a listening socket; nil where none waits.
    package func accept() throws(SystemCallError) -> TCPSocket? { try Self.accept(raw) }

    /// Takes what is there.
    package func receive() -> Received { Self.receive(raw) }

    /// Gives bytes to the system, as many as it takes.
    ///
    /// - Returns: how many; nil where the connection is broken.
    package func send(_ bytes: ArraySlice<UInt8>) -> Int? { Self.send(raw, bytes) }

    /// Gives the socket to somebody else, who closes it.
    package consuming func release() -> Int32 {
        let raw = raw
        discard self
        return raw
    }

    private func set<Value>(_ level: Int32, _ option: Int32, _ value: Value) {
        Self.set(raw, level, option, value)
    }

    // MARK: - By number

    static func set<Value>(_ raw: Int32, _ level: Int32, _ option: Int32, _ value: Value) {
        withUnsafeBytes(of: value) {
            _ = setsockopt(raw, level, option, $0.baseAddress, socklen_t($0.count))
        }
    }

    /// Closes a socket so that the other end is told that there is no connection.
    static func reset(_ raw: Int32) {
        guard raw >= 0 else { return }
        set(raw, SOL_SOCKET, SO_LINGER, linger(l_onoff: 1, l_linger: 0))
        close(raw)
    }

    static func accept(_ raw: Int32) throws(SystemCallError) -> TCPSocket? {
        let number = Glibc.accept(raw, nil, nil)
        guard number >= 0 else {
            guard [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno) else { return nil }
            throw SystemCallError("take", "a connection")
        }
        let accepted = TCPSocket(raw: number)
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        _ = fcntl(number, F_SETFL, O_NONBLOCK)
        accepted.set(Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1))
        return accepted
    }

    static func receive(_ raw: Int32, atMost sizeMax: Int = 1 << 16) -> Received {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: sizeMax) { buffer, initialized in
            count = recv(raw, buffer.baseAddress, sizeMax, Int32(MSG_DONTWAIT))
            initialized = max(0, count)
        }
        if count > 0 { return .bytes(bytes) }
        if count == 0 { return .ended }
        return [EAGAIN, EINTR].contains(errno) ? .nothing : .broken
    }

    static func send(_ raw: Int32, _ bytes: ArraySlice<UInt8>) -> Int? {
        let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
        let count = bytes.withUnsafeBytes { Glibc.send(raw, $0.baseAddress, $0.count, flags) }
        if count >= 0 { return count }
        return [EAGAIN, EINTR].contains(errno) ? 0 : nil
    }
}
