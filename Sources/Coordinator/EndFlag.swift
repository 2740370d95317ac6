import Glibc
import Synchronization

/// Says, to threads that are at something long, that nobody waits for its end.
final class EndFlag: Sendable {
    private let flag = Atomic(false)

    var isSet: Bool { flag.load(ordering: .relaxed) }

    func set() {
        flag.store(true, ordering: .relaxed)
    }

    /// How long what failed for a passing reason waits.
    private static let pauseMilliseconds: Int32 = 100

    /// Tries again and again as long as it fails for a reason that passes by itself.
    ///
    /// - Returns: nil where the end came before.
    func trying<Value, Failure: Error>(
        _ isPassing: (Failure) -> Bool,
        _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value? {
        while !isSet {
            do throws(Failure) {
                return try body()
            } catch {
                guard isPassing(error) else { throw error }
                poll(nil, 0, Self.pauseMilliseconds)
            }
        }
        return nil
    }
}
