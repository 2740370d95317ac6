import Doge
import Records

/// What a model's files say of it before it is loaded, as far as a job needs it.
struct JobModel {
    /// What it classifies by: its own labels, or the choices; empty for other tasks.
    let labels: [String]
    let configuration: DogeConfiguration

    /// Numbers in a vector that it makes.
    var width: Int { configuration.hiddenSize }

    /// Refuses, within milliseconds, a folder whose model cannot do the task.
    init(directory: String, _ options: TaskOptions) throws(ModelError) {
        let check = try ModelCheck(directory: directory, task: options.modelTask)
        if options.task == .generate { _ = try GenerationDefaults(directory: directory) }
        configuration = check.configuration
        let isClassification = options.task == .classify
        labels =
            !isClassification
            ? [] : options.choices.isEmpty ? check.configuration.labels : options.choices
    }
}

extension TaskOptions {
    /// What the model must be able to do.
    fileprivate var modelTask: ModelTask {
        switch task {
        case .classify: choices.isEmpty ? .classify : .score
        case .generate: .generate
        case .embed: .embed
        case .score: .score
        }
    }
}
