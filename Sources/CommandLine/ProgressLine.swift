/// A job's progress in one line of text: a value that remembers enough reports to know rates.
///
/// The shown rates are moving averages over ten seconds; the time left is reckoned from the last
/// minute, since answers come in shards and the shorter average jumps.
package struct ProgressLine: Sendable {
    private var shown = ProgressWindow(span: .seconds(10))
    private var reckoned = ProgressWindow(span: .seconds(60))
    private var first: ProgressReport?
    private var latest: ProgressReport?

    /// Makes a line that knows nothing yet and renders as empty text.
    package init() {}

    /// Takes a report; reports come in the order of their time.
    package mutating func update(_ progress: ProgressReport) {
        if first == nil { first = progress }
        latest = progress
        shown.add(progress)
        reckoned.add(progress)
    }

    /// The time until the job is done if it goes on as in the last minute, or nil if unknown.
    package var timeLeft: Duration? {
        guard let fraction = latest?.fraction, fraction < 1,
            let speed = reckoned.perSecond(\.fraction), speed > 0
        else { return nil }
        let seconds = (1 - fraction) / speed
        // Past a hundred days a forecast says no more than that there is none.
        return seconds < 8_640_000 ? .seconds(seconds) : nil
    }

    /// Renders the line in at most `width` columns: what matters less gives way, the bar takes the
    /// rest.
    package func text(width: Int) -> String {
        var parts = self.parts
        if let fraction = latest?.fraction {
            let bar = Self.bar(fraction, width: Self.shortestBar)
            parts.append(Part(place: Self.placeOfBar, rank: 4, text: bar))
        }
        var room = width
        var kept: [Part] = []
        for part in parts.sorted(by: { $0.rank < $1.rank }) {
            let cost = part.text.count + (kept.isEmpty ? 0 : 2)
            guard cost <= room else { break }
            room -= cost
            kept.append(part)
        }
        let texts = kept.sorted { $0.place < $1.place }.map { part in
            guard part.place == Self.placeOfBar, let fraction = latest?.fraction else {
                return part.text
            }
            return Self.bar(fraction, width: min(Self.longestBar, Self.shortestBar + room))
        }
        return texts.joined(separator: "  ")
    }

    /// The whole line in words, without a bar, for a log.
    package var plainText: String { parts.map(\.text).joined(separator: ", ") }

    /// The whole of this run in words: what was done and failed, in what time, at what average.
    package var summary: String {
        guard let latest, let first else { return "" }
        var texts = ["\(Self.records(latest)) in \(Quantity.duration(latest.elapsed))"]
        let seconds = (latest.elapsed - first.elapsed) / .seconds(1)
        if seconds >= 0.25 {
            let records = Double(latest.doneRecords - first.doneRecords) / seconds
            let tokens = Double(latest.tokens - first.tokens) / seconds
            texts.append(Quantity.rate(records, "records"))
            if tokens > 0 { texts.append(Quantity.rate(tokens, "tokens")) }
        }
        if latest.failedRecords > 0 {
            texts.append("\(Quantity.grouped(latest.failedRecords)) failed")
        }
        return texts.joined(separator: ", ")
    }

    /// A piece of the line.
    private struct Part {
        /// Where it stands, from the left.
        let place: Int
        /// How early it is kept when room is short.
        let rank: Int
        let text: String
    }

    private static let placeOfBar = 1
    private static let shortestBar = 12
    private static let longestBar = 32

    /// All but the bar.
    private var parts: [Part] {
        guard let latest else { return [] }
        var parts: [Part] = []
        func add(_ rank: Int, _ text: String) {
            parts.append(Part(place: parts.count * 2, rank: rank, text: text))
        }
        if let fraction = latest.fraction { add(0, Self.percent(fraction)) }
        add(latest.fraction == nil ? 0 : 6, Self.records(latest))
        if let rate = shown.perSecond({ Double($0.doneRecords) }) {
            add(3, Quantity.rate(rate, "records"))
        }
        if latest.tokens > 0, let rate = shown.perSecond({ Double($0.tokens) }) {
            add(5, Quantity.rate(rate, "tokens"))
        }
        if latest.failedRecords > 0 { add(2, "\(Quantity.grouped(latest.failedRecords)) failed") }
        if latest.workers > 0 { add(7, Quantity.counted(latest.workers, "worker")) }
        let time = timeLeft.map { "\(Quantity.duration($0)) left" }
        add(1, time ?? "after \(Quantity.duration(latest.elapsed))")
        return parts
    }

    private static func records(_ progress: ProgressReport) -> String {
        let done = Quantity.grouped(progress.doneRecords)
        guard let total = progress.totalRecords else {
            return Quantity.counted(progress.doneRecords, "record")
        }
        return "\(done) of \(Quantity.counted(total, "record"))"
    }

    /// Cuts off and does not round: 100 % means that nothing is left to do.
    private static func percent(_ fraction: Double) -> String {
        let tenths = Int(fraction * 1000)
        return "\(tenths / 10).\(tenths % 10) %"
    }

    private static func bar(_ fraction: Double, width: Int) -> String {
        let inside = width - 2
        let full = Int(fraction * Double(inside))
        let rest = String(repeating: " ", count: inside - full)
        return "[" + String(repeating: "=", count: full) + rest + "]"
    }
}
