import Platform

/// One of the threads that run a pass together, and its share of what is split among them.
///
/// Every rank calls the same functions in the same order; between the parts of a layer that read
/// what other ranks have written they meet at `barrier`.
struct Rank {
    let number: Int
    /// Ranks of the crew.
    let count: Int
    let meeting: Meeting

    /// The replica's own thread.
    var isFirst: Bool { number == 0 }

    /// This rank's part of [0, all), in runs as equal as can be.
    func share(of all: Int) -> Range<Int> { Self.share(of: all, number: number, count: count) }

    /// The part of one of `count` ranks.
    static func share(of all: Int, number: Int, count: Int) -> Range<Int> {
        all * number / count..<all * (number + 1) / count
    }

    /// Waits until every rank is here; what each wrote before is then seen by all.
    func barrier() {
        if count > 1 { meeting.wait() }
    }
}
