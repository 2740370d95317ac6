/// One of the threads that run a pass together, and its share of what is split among them.
///
/// Every rank calls the same functions in the same order; between the parts of a layer that read
/// what other ranks have written they meet at `barrier`.
struct Rank {
    let number: Int
    let crew: Crew

    /// The rank of a crew of one.
    var isFirst: Bool { number == 0 }

    /// This rank's part of [0, count), in runs as equal as whole steps allow.
    func share(of count: Int, step: Int = 1) -> Range<Int> {
        let steps = (count + step - 1) / step
        let first = steps * number / crew.count * step
        let end = steps * (number + 1) / crew.count * step
        return min(first, count)..<min(end, count)
    }

    /// Waits until every rank is here; what each wrote before is then seen by all.
    func barrier() { crew.barrier() }
}
