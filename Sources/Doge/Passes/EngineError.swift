/// Why a call of the engine computed nothing.
package enum EngineError: Error, Equatable, Sendable {
    /// A sequence has no tokens, so there is nothing to compute.
    case emptySequence(index: Int)
    /// A token id lies outside the vocabulary.
    case unknownToken(index: Int, position: Int, token: Int32, vocabularySize: Int)
    /// Scratch for a batch with this sequence could not be had.
    case outOfMemory(index: Int, tokenCount: Int)
    /// A sequence needs more keys and values than there is room for.
    case cacheTooSmall(index: Int, bytesNeeded: Int, bytesAllowed: Int)
    /// The model's numbers for a sequence overflow f32.
    case notFinite(index: Int)

    init(_ failure: PassFailure, index: Int, _ tokenCount: Int) {
        self =
            switch failure {
            case .outOfMemory: .outOfMemory(index: index, tokenCount: tokenCount)
            }
    }
}

extension EngineError {
    /// The sequence that cannot be computed, by its place in the call; nil where it is not one's.
    package var sequence: Int? {
        switch self {
        case .emptySequence(let index), .unknownToken(let index, _, _, _),
            .outOfMemory(let index, _), .cacheTooSmall(let index, _, _), .notFinite(let index):
            index
        }
    }
}

extension EngineError: CustomStringConvertible {
    /// One sentence that says what was wrong, most often with which sequence of the call.
    package var description: String {
        switch self {
        case .emptySequence(let index):
            "sequence \(index) has no tokens; at least one is needed"
        case .unknownToken(let index, let position, let token, let size):
            "token \(position) of sequence \(index) is \(token), outside the vocabulary of \(size)"
        case .outOfMemory(let index, let tokenCount):
            "there is no memory to run sequence \(index) of \(tokenCount) tokens"
        case .cacheTooSmall(_, let needed, let allowed):
            "its keys and values may take \(needed >> 10) KiB, and a team of the engine's threads "
                + "has \(allowed >> 10) KiB for them; give the worker more with --cache-mib, or "
                + "ask for fewer tokens or samples"
        case .notFinite:
            "the model's numbers overflow on this record; the checkpoint is at fault"
        }
    }
}
