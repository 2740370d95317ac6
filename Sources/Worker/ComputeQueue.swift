import Platform
import Synchronization

/// Shards on their way to the reader, oldest first; any thread adds and takes.
final class ComputeQueue: Sendable {
    private let requests = Mutex<[ComputeRequest]>([])
    private let arrivals = Semaphore()

    func post(_ request: ComputeRequest) {
        requests.withLock { $0.append(request) }
        arrivals.signal()
    }

    /// The oldest request, once there is one.
    func wait() -> ComputeRequest {
        while true {
            let request = requests.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            if let request { return request }
            arrivals.wait()
        }
    }
}
