import CLinux
import CZeroMQ
import Glibc
import Synchronization

/// Hands values to the thread that owns a socket, and wakes it.
package final class Mailbox<Value: Sendable>: Sendable {
    private struct Queue {
        var values: [Value] = []
        var isClosed = false
    }

    private let queue = Mutex(Queue())
    /// Readable while something may be in the queue.
    private let wakeUp: Int32

    /// Opens an eventfd, which lives as long as the mailbox; traps where the system has none left.
    package init() {
        wakeUp = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        precondition(wakeUp >= 0, "the system refused an eventfd (errno \(errno))")
    }

    deinit {
        Glibc.close(wakeUp)
    }

    /// Adds a value; any thread.
    ///
    /// - Returns: false where the mailbox is closed and nobody will take it.
    @discardableResult package func post(_ value: Value) -> Bool {
        let isTaken = queue.withLock { queue in
            if !queue.isClosed { queue.values.append(value) }
            return !queue.isClosed
        }
        var one: UInt64 = 1
        _ = write(wakeUp, &one, MemoryLayout<UInt64>.size)
        return isTaken
    }

    /// Takes the last values and lets no more in; the owner's thread, when it ends.
    package func close() -> [Value] {
        queue.withLock { queue in
            defer { queue = Queue(isClosed: true) }
            return queue.values
        }
    }

    /// Takes all values; the owner's thread.
    package func take() -> [Value] {
        var count: UInt64 = 0
        _ = read(wakeUp, &count, MemoryLayout<UInt64>.size)
        return queue.withLock { queue in
            defer { queue.values = [] }
            return queue.values
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
