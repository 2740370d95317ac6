import Synchronization

extension Engine {
    /// Continues texts until the source has no more, on every thread of the team.
    ///
    /// Blocks the calling thread. An answer is the same whatever its neighbours, their order and
    /// the number of threads. A text that cannot be answered fails alone, by its observer; this
    /// throws where the engine itself fails, and then texts that were taken have no answers. The
    /// prompts hold at least one token, all of the vocabulary; the model has a language head.
    package func generate(from source: any GenerationSource) throws(EngineError) {
        let shared = FailureBox()
        let shares = TextShares(replicas: layout.replicas)
        perform { evaluator in
            var loop = GenerationLoop(evaluator, source, shares)
            do throws(EngineError) {
                try loop.run()
            } catch {
                shared.error.withLock { $0 = $0 ?? error }
                source.close()
            }
        }
        if let error = shared.error.withLock({ $0 }) { throw error }
    }

    private final class FailureBox: Sendable {
        let error = Mutex<EngineError?>(nil)
    }
}
