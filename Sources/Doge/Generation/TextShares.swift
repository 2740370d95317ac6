import Synchronization

/// How many texts a replica may take at once, so that others that could take them get theirs.
///
/// What a source has left is not known. So while another replica has no text at all, each takes a
/// share only; and prompts are read a share at a time, as the last texts of a source are else
/// those of whoever came first.
final class TextShares: Sendable {
    /// Answers of a replica that grow at once: enough that weights are fetched for many of them.
    ///
    /// So many rows reach 0.96 times the speed of 256, as of prompts; more would wait longer for
    /// each token. Their caches are bounded apart.
    static let answersMax = 64
    /// Tokens of prompts read in a pass, if there are so many: a panel of weights that is fetched
    /// for fewer rows is waited for.
    ///
    /// Measured with 160 million parameters: 64 rows reach 0.96 times the speed of 256 in f32, 128
    /// rows 0.99.
    static let tokensMin = 128

    private let replicas: Int
    /// Replicas that have no text.
    private let idle: Atomic<Int>

    init(replicas: Int) {
        self.replicas = replicas
        idle = Atomic(replicas)
    }

    /// Tokens of prompts that a replica may read in a pass; a longer text is read alone.
    var tokens: Int { max(Self.tokensMin, Batch.tokensUsual / replicas) }

    /// Answers that a replica may have, counted whether or not it has any now.
    func answers(isIdle: Bool) -> Int {
        let others = idle.load(ordering: .relaxed) - (isIdle ? 1 : 0)
        return others > 0 ? max(1, Self.answersMax / (2 * replicas)) : Self.answersMax
    }

    /// A replica that had no text has one.
    func begin() { idle.subtract(1, ordering: .relaxed) }

    /// A replica has no text any more.
    func end() { idle.add(1, ordering: .relaxed) }
}
