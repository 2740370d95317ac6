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
    private let pauseMilliseconds: Int?
    private let thread = Mutex<OSThread?>(nil)

    /// Starts the thread; `serve` is called on it, never twice at once, with one request or more.
    ///
    /// - Parameter pauseMilliseconds: where nothing was asked for so long, `serve` is called with
    ///   none.
    package init(
        name: String,
        pauseMilliseconds: Int? = nil,
        serve: @escaping @Sendable ([Request]) -> Void
    ) {
        self.pauseMilliseconds = pauseMilliseconds
        // The thread keeps its owner alive until `stop`: whoever makes one stops it.
        let started = OSThread(name: name) {
            while let next = self.next() {
                if !next.requests.isEmpty || next.isPause { serve(next.requests) }
            }
        }
        thread.withLock { $0 = started }
    }

    /// Waits for requests, or for the pause to be over; nil once there are none and none will come.
    private func next() -> (requests: [Request], isPause: Bool)? {
        var isPause = false
        if let pauseMilliseconds {
            isPause = !work.wait(milliseconds: pauseMilliseconds)
        } else {
            work.wait()
        }
        return queue.withLock { queue in
            defer { queue.requests = [] }
            let isOver = queue.requests.isEmpty && queue.isStopping
            return isOver ? nil : (queue.requests, isPause)
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
