private import CLinux
import Glibc

/// One thread of the operating system that runs one body and is joined by its owner.
///
/// For everything that blocks: sockets, the ledger, input files, the engine. Swift's cooperative
/// pool is as wide as the machine has cores, and must never be parked on any of these.
package final class OSThread: Sendable {
    private let handle: pthread_t

    /// Starts the thread; `name` (at most 15 bytes) is what `top -H` shows.
    package init(name: String, body: @escaping @Sendable () -> Void) {
        precondition(name.utf8.count <= 15, "a thread's name holds at most 15 bytes")
        let box = Unmanaged.passRetained(ThreadBody(name: name, run: body))
        var handle = pthread_t()
        let status = pthread_create(&handle, nil, runThreadBody, box.toOpaque())
        precondition(status == 0, "the system refused a thread (errno \(status))")
        self.handle = handle
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
