import Testing

@testable import Scheduling

@Suite("A limit of error answers")
struct ErrorBudgetTests {
    @Test("any number has a name, also one that cannot be meant and is refused by it")
    func names() {
        for (share, name) in [
            (5, "5%"), (0.5, "0.5%"), (-1, "-1%"), (1e300, "1e+300%"), (-.infinity, "-inf%"),
        ] as [(Double, String)] {
            #expect(ErrorBudget.percent(share).description == name)
        }
        #expect(ErrorBudget.percent(.nan).description == "nan%")
        #expect(ErrorBudget.records(7).description == "7")
        for share in [-1, 100.5, 1e300, .infinity, .nan] {
            #expect(!ErrorBudget.percent(share).isSound)
        }
        #expect(ErrorBudget.percent(100).isSound && !ErrorBudget.records(-1).isSound)
    }

    @Test("a number is exceeded at once, a share once a thousand answers or all are there")
    func exceeded() {
        var progress = JobProgress()
        (progress.records, progress.failedRecords) = (999, 100)
        #expect(ErrorBudget.records(99).isExceeded(by: progress, isComplete: false))
        #expect(!ErrorBudget.records(100).isExceeded(by: progress, isComplete: false))
        #expect(!ErrorBudget.percent(10).isExceeded(by: progress, isComplete: false))
        #expect(ErrorBudget.percent(10).isExceeded(by: progress, isComplete: true))
        progress.records = 1_000
        #expect(!ErrorBudget.percent(10).isExceeded(by: progress, isComplete: false))
        #expect(ErrorBudget.percent(9.9).isExceeded(by: progress, isComplete: false))
    }
}
