package import Platform

/// Whether an engine may keep its threads on cores.
package enum Pinning: Sendable {
    /// Why it shall not.
    package enum Objection: Sendable {
        /// Whoever starts the engine says so.
        case asked
        /// Other engines are meant to use the same cores.
        case neighbours
    }

    /// It shall not.
    case off(Objection)
    /// It may, but the cores could not be read.
    case unknown(SystemCallError)
    /// It may where that is known to be worth it: where not all cores are as near to all memory.
    case usual(Machine)
    /// It shall, wherever there is a core for each thread.
    case on(Machine)

    /// The machine on which threads may be kept.
    var machine: Machine? {
        switch self {
        case .off, .unknown: nil
        case .usual(let machine), .on(let machine): machine
        }
    }
}
