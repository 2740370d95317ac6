import Platform
import Synchronization

extension Engine {
    /// Tokens per second of one pass over `batch` texts of `length` tokens each, all drawn.
    ///
    /// Runs calls one after the other for about `seconds` after one that is not counted, and takes
    /// the median. Blocks the calling thread.
    package func passRate(batch: Int, length: Int, seconds: Double) throws(EngineError) -> Double {
        let texts = drawnTexts(count: batch, length: length)
        let time = try MedianTime.seconds(for: seconds) { () throws(EngineError) in
            if case .classification = self.model.head {
                _ = try self.logits(of: texts)
            } else {
                _ = try self.embeddings(of: texts, pooling: .last)
            }
        }
        return Double(batch * length) / time
    }

    /// Where the time of such passes goes, on all replicas together.
    package func profile(
        batch: Int,
        length: Int,
        seconds: Double
    ) throws(EngineError) -> PassProfile {
        let found = Mutex(PassProfile())
        perform { $0.profile = PassProfile() }
        _ = try passRate(batch: batch, length: length, seconds: seconds)
        perform { evaluator in
            guard let profile = evaluator.profile else { return }
            evaluator.profile = nil
            found.withLock { $0.add(profile) }
        }
        return found.withLock { $0 }
    }

    /// Texts of tokens that are the same in every run.
    func drawnTexts(count: Int, length: Int) -> [[Int32]] {
        var draw = Draw(state: 7)
        let vocabulary = UInt64(model.configuration.vocabularySize)
        return (0..<count).map { _ in (0..<length).map { _ in Int32(draw.next() % vocabulary) } }
    }
}
