import Doge
import Records

/// What the engine made of a record.
enum Outcome: Sendable {
    /// Probabilities of the model's labels.
    case labels([Float])
    case vector([Float])
    /// The log-probability of each token after the first.
    case logprobs([Float])
    /// Log-probabilities of choices: each one's sum over its tokens, and how many these are.
    case choices([(logprob: Double, tokens: Int)])
    case samples([GeneratedSample])
    case failed(EngineError)
}
