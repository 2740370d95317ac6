import CLinux
import CZeroMQ

/// The one libzmq context of this process.
///
/// Sendable as libzmq allows a context on all threads; sockets stay on theirs.
package final class Context: @unchecked Sendable {
    let handle: UnsafeMutableRawPointer

    /// Makes a context; the generator of peer ids is seeded first, which libzmq never does.
    package init() throws(WireError) {
        kennel_seed_random()
        guard let handle = zmq_ctx_new() else {
            throw .socket(operation: "make", endpoint: "a context", reason: zmqReason())
        }
        self.handle = handle
    }

    /// Waits until every socket is closed and its linger has run.
    deinit {
        while zmq_ctx_term(handle) != 0, zmq_errno() == EINTR {}
    }
}

/// libzmq's reason for the last failure.
func zmqReason() -> String {
    String(cString: zmq_strerror(zmq_errno()))
}
