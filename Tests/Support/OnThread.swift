import Platform

/// Runs a body that may block on a thread of its own, and awaits its end.
///
/// Swift's cooperative pool must never be parked.
package func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
    var thread: OSThread?
    let result = await withCheckedContinuation { continuation in
        thread = OSThread(name: "test") { continuation.resume(returning: Result { try body() }) }
    }
    thread?.join()
    try result.get()
}
