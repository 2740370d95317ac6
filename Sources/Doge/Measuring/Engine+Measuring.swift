import Platform

extension Engine {
    /// Tokens per second of one pass over `batch` texts of `length` tokens each, all drawn.
    ///
    /// Runs calls one after the other for about `seconds` after one that is not counted, and takes
    /// the median. Blocks the calling thread.
    package func passRate(batch: Int, length: Int, seconds: Double) throws(EngineError) -> Double {
        let texts = drawnTexts(count: batch, length: length)
        return try rate(tokens: batch * length, seconds: seconds) { () throws(EngineError) in
            if case .classification = self.model.head {
                _ = try self.logits(of: texts)
            } else {
                _ = try self.embeddings(of: texts, pooling: .last)
            }
        }
    }

    /// Texts of tokens that are the same in every run.
    func drawnTexts(count: Int, length: Int) -> [[Int32]] {
        var generator = Draw(state: 7)
        let vocabulary = UInt64(model.configuration.vocabularySize)
        return (0..<count).map { _ in
            (0..<length).map { _ in Int32(generator.next() % vocabulary) }
        }
    }

    /// Tokens per second of work that is done again and again, by the median of its times.
    func rate(
        tokens: Int,
        seconds: Double,
        _ work: () throws(EngineError) -> Void
    ) throws(EngineError) -> Double {
        try work()
        var times: [Double] = []
        let began = MonotonicClock.nanoseconds()
        repeat {
            let start = MonotonicClock.nanoseconds()
            try work()
            times.append(Double(MonotonicClock.nanoseconds() - start) / 1e9)
        } while Double(MonotonicClock.nanoseconds() - began) / 1e9 < seconds
        times.sort()
        return Double(tokens) / times[times.count / 2]
    }

    /// Numbers that are the same in every run.
    private struct Draw {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
    }
}
