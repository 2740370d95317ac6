/// Why a forward pass stopped.
enum PassFailure: Error {
    /// Scratch for so many tokens could not be had; nothing was computed or stored.
    case outOfMemory
}
