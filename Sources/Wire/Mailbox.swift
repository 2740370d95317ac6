import CLinux
import CZeroMQ
import Glibc
import Synchronization

/// Hands values to the thread that owns a socket, and wakes it.
package final class Mailbox<Value: Sendable>: Sendable {
    private let queue = Mutex<[Value]>([])
    /// Readable while something may be in the queue.
    private let wakeUp: Int32

    package init() {
        wakeUp = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        precondition(wakeUp >= 0, "the system refused an eventfd (errno \(errno))")
    }

    deinit {
        close(wakeUp)
    }

    /// Adds a value; any thread.
    package func post(_ value: Value) {
        queue.withLock { $0.append(value) }
        var one: UInt64 = 1
        _ = write(wakeUp, &one, MemoryLayout<UInt64>.size)
    }

    /// Takes all values; the owner's thread.
    package func take() -> [Value] {
        var count: UInt64 = 0
        _ = read(wakeUp, &count, MemoryLayout<UInt64>.size)
        return queue.withLock { queue in
            defer { queue = [] }
            return queue
        }
    }

    /// Waits until the socket has a message, a value is there, or the time is over.
    package func wait(with socket: borrowing Socket, milliseconds: Int) throws(WireError) {
        var items = [
            zmq_pollitem_t(socket: socket.handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0),
            zmq_pollitem_t(socket: nil, fd: wakeUp, events: Int16(ZMQ_POLLIN), revents: 0),
        ]
        guard zmq_poll(&items, Int32(items.count), milliseconds) >= 0 || zmq_errno() == EINTR else {
            throw .socket(operation: "wait on", endpoint: "a socket", reason: zmqReason())
        }
    }
}
