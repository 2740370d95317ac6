import Synchronization

/// One value that one thread gives and another waits for.
package final class Promise<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let isKept = Semaphore()

    /// Empty: whoever waits is held until the value is given.
    package init() {}

    /// Gives the value; of several the first counts.
    ///
    /// Any thread.
    package func keep(_ new: Value) {
        value.withLock { $0 = $0 ?? new }
        isKept.signal()
    }

    /// Waits for the value; call once, and never on Swift's cooperative pool.
    package func wait() -> Value {
        isKept.wait()
        guard let value = value.withLock({ $0 }) else {
            preconditionFailure("a kept promise has a value")
        }
        return value
    }
}
