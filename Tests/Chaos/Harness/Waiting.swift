import Glibc
import Platform

/// Waiting for an event of another process, always with an end.
package enum Waiting {
    /// Looks every few milliseconds until a condition holds; throws once the time is over.
    ///
    /// - Parameter event: what is waited for, as the end of a sentence.
    /// - Returns: how long it took.
    @discardableResult
    package static func until(
        _ event: String,
        within limit: Duration,
        everyMilliseconds pause: Int32 = 5,
        _ condition: () throws -> Bool
    ) throws -> Duration {
        let began = ContinuousClock.now
        while try !condition() {
            guard ContinuousClock.now - began < limit else {
                throw ChaosFailure("after \(limit) it had not come to pass that \(event)")
            }
            poll(nil, 0, pause)
        }
        return ContinuousClock.now - began
    }

    /// Lets time pass in which faults have their effect.
    package static func pass(_ time: Duration) {
        let end = ContinuousClock.now + time
        while ContinuousClock.now < end {
            poll(nil, 0, Int32(min(100, max(1, (end - ContinuousClock.now) / .milliseconds(1)))))
        }
    }
}
