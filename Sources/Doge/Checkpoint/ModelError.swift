/// What is wrong with a model's files, or with this machine for that model.
package enum ModelError: Error, Equatable, Sendable {
    /// A file cannot be opened, read or mapped.
    case unreadable(path: String, reason: String)
    /// A weights file got other bytes while it was in use, or between its check and its mapping.
    case written(path: String)
    /// The configuration lacks a field, or holds a value that no model can have.
    case badConfiguration(path: String, field: String, expected: String, got: String)
    /// The configuration asks for something that this engine does not compute.
    case unsupported(path: String, field: String, got: String, known: String)
    /// A field that nobody here knows, and that may change a result.
    case unknownField(path: String, field: String)
    /// A field asks for a layer that only early Doge models have.
    case olderArchitecture(path: String, field: String)
    /// The header of a weights file, or the index of its shards, is damaged.
    case badHeader(path: String, reason: String)
    /// A tensor's place, type or shape is not what it must be.
    case badTensor(path: String, tensor: String, field: String, expected: String, got: String)
    /// No file of the model holds a tensor that the configuration calls for.
    case missingTensor(directory: String, tensor: String, olderArchitecture: Bool)
    /// A weight is infinite or not a number.
    case notFinite(path: String, tensor: String, index: Int)
    /// The checkpoint has no head for the task.
    case noHead(directory: String, task: String, tensor: String)
    /// Memory for the weights or for a thread's scratch could not be had.
    case outOfMemory(what: String, byteCount: Int)
    /// The system refused to start so many threads.
    case threads(wanted: Int, started: Int, reason: String)
    /// The processor lacks the instruction set that was asked for.
    case noInstructionSet(String)
}

extension ModelError: CustomStringConvertible {
    /// One sentence that names the file, what was expected and what was found.
    package var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "\(path) cannot be read: \(reason)"
        case .written(let path):
            "\(path) was changed while it was in use; "
                + "put the other model into a folder of its own, or rename it into the place"
        case .badConfiguration(let path, let field, let expected, let got):
            "\(path): \(field) must be \(expected), but is \(got)"
        case .unsupported(let path, let field, let got, let known):
            "\(path): \(field) is \(got), which this engine does not compute; it knows \(known)"
        case .unknownField(let path, let field):
            "\(path): the field \(field) is unknown to this engine and may change the results; "
                + "remove it if it changes none"
        case .olderArchitecture(let path, let field):
            "\(path): an older Doge architecture, which this engine does not compute: "
                + "the field \(field) asks for it"
        case .badHeader(let path, let reason):
            "\(path) is damaged: \(reason); copy the file again from where it came"
        case .badTensor(let path, let tensor, let field, let expected, let got):
            "\(path): the \(field) of tensor \(tensor) must be \(expected), but is \(got)"
        case .missingTensor(let directory, let tensor, false):
            "\(directory): no weights file holds the tensor \(tensor)"
        case .missingTensor(let directory, let tensor, true):
            "\(directory): an older Doge architecture, which this engine does not compute; "
                + "the first tensor missing is \(tensor)"
        case .notFinite(let path, let tensor, let index):
            "\(path): element \(index) of tensor \(tensor) is infinite or not a number"
        case .noHead(let directory, let task, let tensor):
            "\(directory) holds no tensor \(tensor), so it cannot \(task); the task needs a "
                + (task == "classify"
                    ? "DogeForSequenceClassification checkpoint, or a causal one with --choices"
                    : "DogeForCausalLM checkpoint")
        case .outOfMemory(let what, let byteCount):
            "there is no memory for \(what) (\(byteCount) bytes)"
        case .threads(let wanted, let started, let reason):
            "of \(wanted) threads for the engine only \(started) could be started: \(reason); "
                + "ask for fewer with --threads"
        case .noInstructionSet(let name):
            "KENNEL_ISA is \(name), which this processor lacks or nobody knows; "
                + "choose generic, avx2, avx512 or avx512_bf16, or leave it unset"
        }
    }
}
