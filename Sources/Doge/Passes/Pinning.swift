package import Platform

/// Whether an engine may keep its threads on cores.
package enum Pinning: Sendable {
    /// It shall not: who asks says so, or its neighbours would want the same cores.
    case off
    /// It may, but the cores could not be read.
    case unknown(SystemCallError)
    /// It may, on this machine, which it has for itself.
    case on(Machine)
}
