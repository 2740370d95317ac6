import Doge
import Records

/// What a model's files say of it before it is loaded, as far as a job needs it.
struct ModelCheck {
    /// What it classifies by: its own labels, or the choices; empty for other tasks.
    let labels: [String]
    /// Numbers in a vector that it makes.
    let width = 4096

    /// Refuses, within milliseconds, a folder whose model cannot do the task.
    init(directory: String, _ options: TaskOptions) throws(ModelError) {
        labels =
            switch options.task {
            case .classify where options.choices.isEmpty:
                try DogeModel.checkClassifier(directory: directory)
            case .classify: options.choices
            case .generate, .embed, .score: []
            }
    }
}
