import Wire

/// A lease that a worker holds.
struct HeldShard: Equatable {
    enum State: Equatable {
        /// Input is arriving. Can go to: `computing`.
        case receiving([UInt8])
        /// The engine has it. Can go to: `done`.
        case computing
        /// The result waits for its acknowledgement.
        case done(ShardResult, ResultTransfer)
    }

    /// Without its input, which is in the state or at the engine.
    let assign: Assign
    var state: State
    var records = 0
    var tokens = 0

    /// Whether its result waits for its acknowledgement.
    var isDone: Bool {
        if case .done = state { true } else { false }
    }

    /// Whether the engine has it.
    var isComputing: Bool {
        if case .computing = state { true } else { false }
    }
}
