/// Finds the word that someone most likely meant.
enum Spelling {
    /// Returns the known word nearest to `typed`, or nil when none is near enough to be worth
    /// naming.
    ///
    /// A word that `typed` begins counts as one edit away, so that `--temp` finds `--temperature`.
    static func nearest(to typed: String, among known: [String]) -> String? {
        let limit = 1 + typed.count / 4
        let ranked = known.map { word in
            let isBegun = typed.count > 1 && word.hasPrefix(typed)
            return (edits: isBegun ? 1 : distance(from: typed, to: word), word: word)
        }
        return ranked.filter { $0.edits <= limit && $0.edits < $0.word.count }
            .min { ($0.edits, $0.word) < ($1.edits, $1.word) }?.word
    }

    /// Counts insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
    ///
    /// Source: the optimal string alignment distance, a restricted Damerau-Levenshtein distance.
    static func distance(from a: String, to b: String) -> Int {
        let (a, b) = (Array(a), Array(b))
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in a.indices {
            var current = [Int](repeating: i + 1, count: b.count + 1)
            for j in b.indices {
                let replaced = last[j] + (a[i] == b[j] ? 0 : 1)
                current[j + 1] = min(replaced, last[j + 1] + 1, current[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    current[j + 1] = min(current[j + 1], beforeLast[j - 1] + 1)
                }
            }
            (beforeLast, last) = (last, current)
        }
        return last[b.count]
    }
}
