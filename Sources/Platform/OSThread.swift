private import CLinux
import Glibc

/// One thread of the operating system that runs one body and is joined by its owner.
///
/// For everything that blocks: sockets, the ledger, input files, the engine. Swift's cooperative
/// pool is as wide as the machine has cores, and must never be parked on any of these.
package final class OSThread: Sendable {
    private let handle: pthread_t

    /// Starts one of many threads, which the system may refuse; `name` as below.
    package init(
        oneOfMany name: String,
        body: @escaping @Sendable () -> Void
    ) throws(SystemCallError) {
        precondition(name.utf8.count <= 15, "a thread's name holds at most 15 bytes")
        let box = Unmanaged.passRetained(ThreadBody(name: name, run: body))
        var handle = pthread_t()
        let status = pthread_create(&handle, nil, runThreadBody, box.toOpaque())
        guard status == 0 else {
            box.release()
            throw SystemCallError("start the thread", name, code: status)
        }
        self.handle = handle
    }

    /// Starts one of the few threads that no process can do without.
    ///
    /// - Parameter name: at most 15 bytes; what `top -H` shows.
    package convenience init(name: String, body: @escaping @Sendable () -> Void) {
        do throws(SystemCallError) {
            try self.init(oneOfMany: name, body: body)
        } catch {
            // Nothing can be done without it, and nothing is lost by ending here.
            let text = Array("kennel: \(error); allow it more threads or memory\n".utf8)
            _ = write(STDERR_FILENO, text, text.count)
            exit(78)
        }
    }

    /// Waits until the body has returned.
    ///
    /// Call exactly once, from another thread.
    package func join() {
        let status = pthread_join(handle, nil)
        precondition(status == 0, "a thread is joined exactly once (errno \(status))")
    }
}

private final class ThreadBody: Sendable {
    let name: String
    let run: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () -> Void) {
        self.name = name
        self.run = run
    }
}

private func runThreadBody(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    let body = Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue()
    kennel_name_thread(body.name)
    body.run()
    return nil
}
