import Synchronization

/// A thread that serves requests in the order in which they come.
///
/// All that came while it was busy is handed to it at once, so that work can be grouped.
package final class RequestThread<Request: Sendable>: Sendable {
    private struct Queue {
        var requests: [Request] = []
        var isStopping = false
    }

    private let queue = Mutex(Queue())
    private let work = Semaphore()
    private let thread = Mutex<OSThread?>(nil)

    /// Starts the thread; `serve` is called on it, never twice at once, with one request or more.
    package init(name: String, serve: @escaping @Sendable ([Request]) -> Void) {
        // The thread keeps its owner alive until `stop`: whoever makes one stops it.
        let started = OSThread(name: name) {
            while let requests = self.next() {
                if !requests.isEmpty { serve(requests) }
            }
        }
        thread.withLock { $0 = started }
    }

    /// Waits for requests; nil once there are none and none will come.
    private func next() -> [Request]? {
        work.wait()
        return queue.withLock { queue in
            defer { queue.requests = [] }
            return queue.requests.isEmpty && queue.isStopping ? nil : queue.requests
        }
    }

    /// Asks for something; any thread.
    package func post(_ request: Request) {
        queue.withLock { $0.requests.append(request) }
        work.signal()
    }

    /// Serves what was asked for until now and joins the thread; later calls do nothing.
    package func stop() {
        queue.withLock { $0.isStopping = true }
        // Once for what may still be waiting, once for the end.
        work.signal()
        work.signal()
        thread.withLock { thread -> OSThread? in
            defer { thread = nil }
            return thread
        }?.join()
    }
}
