import Scheduling

/// An output that found no room.
struct OutputWait {
    /// What is missing, and where.
    let message: String
    let pause: Duration
    /// When it is tried again; nil until time has passed.
    var due: MonotonicTime?
    /// Whether the publisher is at it, so that it cannot be called off.
    var isTried = false
}
