import Platform
import Synchronization

/// Shards on their way to the engine, oldest first; any thread adds and takes.
final class ComputeQueue: Sendable {
    private let requests = Mutex<[ComputeRequest]>([])
    private let arrivals = Semaphore()

    func post(_ request: ComputeRequest) {
        requests.withLock { $0.append(request) }
        arrivals.signal()
    }

    /// The oldest request, if there is one.
    func take() -> ComputeRequest? {
        requests.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }

    /// The oldest request, once there is one.
    func wait() -> ComputeRequest {
        while true {
            if let request = take() { return request }
            waitForNews()
        }
    }

    /// Waits until something may have come: a signal may be left of a request taken before.
    func waitForNews() { arrivals.wait() }

    /// Ends one wait although nothing came.
    func wake() { arrivals.signal() }
}
