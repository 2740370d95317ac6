/// What can be said of a model within milliseconds, before its weights are read.
package struct ModelCheck: Sendable {
    /// What config.json says.
    package let configuration: DogeConfiguration
    /// What people use such a model for, where they do not say.
    package let usualTask: ModelTask

    /// Refuses a folder whose configuration and headers are not those of a model for the task.
    ///
    /// What it lets pass may still be refused when its tensors are read.
    package init(directory: String, task: ModelTask) throws(ModelError) {
        configuration = try DogeConfiguration(directory: directory)
        let checkpoint = try Checkpoint(directory: directory)
        let kind = configuration.headKind(checkpoint)
        if kind == .classification { try checkpoint.require("score.weight") }
        usualTask = kind.tasks[0]
        guard !kind.tasks.contains(task) else { return }
        throw .noHead(
            directory: directory,
            task: task.rawValue,
            tensor: task == .classify ? "score.weight" : "lm_head.weight"
        )
    }
}
