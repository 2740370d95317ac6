/// How far a job is at one moment.
package struct ProgressReport: Sendable, Equatable {
    /// Time since this run began; a job taken up again begins at nought.
    package var elapsed: Duration
    /// Records that have an answer, those of earlier runs included.
    package var doneRecords: Int
    /// Records of the whole job, where they have been counted.
    package var totalRecords: Int?
    /// The part of the input's bytes that is done, from 0 to 1, where records are not counted.
    package var doneFraction: Double?
    /// Tokens computed, by the same reckoning as `doneRecords`.
    package var tokens: Int
    /// Records whose answer is an error.
    package var failedRecords: Int
    /// Workers that take part at the moment.
    package var workers: Int

    /// Makes a progress report; what is left out is nought or unknown.
    package init(
        elapsed: Duration,
        doneRecords: Int,
        totalRecords: Int? = nil,
        doneFraction: Double? = nil,
        tokens: Int = 0,
        failedRecords: Int = 0,
        workers: Int = 0
    ) {
        self.elapsed = elapsed
        self.doneRecords = doneRecords
        self.totalRecords = totalRecords
        self.doneFraction = doneFraction
        self.tokens = tokens
        self.failedRecords = failedRecords
        self.workers = workers
    }

    /// The part of the job that is done, from 0 to 1: by records if counted, else by bytes.
    var fraction: Double? {
        if let totalRecords {
            guard totalRecords > 0 else { return 1 }
            return min(1, max(0, Double(doneRecords) / Double(totalRecords)))
        }
        guard let doneFraction, doneFraction.isFinite else { return nil }
        return min(1, max(0, doneFraction))
    }
}

/// The latest reports of a job, as many as a span of time holds; rates are taken across it.
struct ProgressWindow: Sendable {
    /// How far back the window reaches.
    private let span: Duration
    /// The first report of the window and, spaced apart, those after it.
    private var marks: [ProgressReport] = []
    private var latest: ProgressReport?

    init(span: Duration) { self.span = span }

    /// Takes a report; it keeps about twenty of them however often it is called.
    mutating func add(_ progress: ProgressReport) {
        latest = progress
        if let last = marks.last, progress.elapsed - last.elapsed < span / 20 { return }
        marks.append(progress)
        // One mark at least as old as the span stays, so that the window is never shorter than it.
        while marks.count > 1, marks[1].elapsed <= progress.elapsed - span { marks.removeFirst() }
    }

    /// The growth of a figure each second, or nil before a quarter of a second has passed.
    func perSecond(_ figure: (ProgressReport) -> Double?) -> Double? {
        guard let first = marks.first, let latest else { return nil }
        let seconds = (latest.elapsed - first.elapsed) / .seconds(1)
        guard seconds >= 0.25, let before = figure(first), let now = figure(latest) else {
            return nil
        }
        return (now - before) / seconds
    }
}
