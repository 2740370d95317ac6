/// How many error answers a job may have before it is paused, for somebody to look at them.
package enum ErrorBudget: Codable, Equatable, Sendable, CustomStringConvertible {
    /// So many records.
    case records(Int)
    /// So many of a hundred records that are answered.
    case percent(Double)

    /// Records that must be answered before a share of them says something, unless they are all.
    package static let sampleMin = 1_000

    /// As it is given on the command line.
    package var description: String {
        switch self {
        case .records(let count): "\(count)"
        case .percent(let share):
            // One that nobody can mean, and that is refused by its name, may be no integer at all.
            Int(exactly: share).map { "\($0)%" } ?? "\(share)%"
        }
    }

    /// Whether a value of this kind can be meant: no count below none, no share above all.
    package var isSound: Bool {
        switch self {
        case .records(let count): count >= 0
        case .percent(let share): (0...100).contains(share)
        }
    }

    func isExceeded(by progress: JobProgress, isComplete: Bool) -> Bool {
        switch self {
        case .records(let count): return progress.failedRecords > count
        case .percent(let share):
            guard isComplete || progress.records >= Self.sampleMin else { return false }
            return Double(progress.failedRecords) * 100 > share * Double(progress.records)
        }
    }
}
