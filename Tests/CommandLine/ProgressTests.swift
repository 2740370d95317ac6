import CommandLine
import Testing

@Suite("Progress line") struct ProgressTests {
    /// A job that does 1,250 records and 60,000 tokens each second, seen for twenty seconds.
    let line: ProgressLine = {
        var line = ProgressLine()
        for second in 0...20 {
            let progress = ProgressReport(
                elapsed: .seconds(second),
                doneRecords: 1000 + 1250 * second,
                totalRecords: 100_000,
                tokens: 60_000 * second,
                failedRecords: 3,
                workers: 2
            )
            line.update(progress)
        }
        return line
    }()

    @Test("the line fits any width, and what matters less gives way")
    func widths() {
        let expected = [
            4: "",
            10: "26.0 %",
            20: "26.0 %  59 s left",
            30: "26.0 %  3 failed  59 s left",
            50: "26.0 %  1,250 records/s  3 failed  59 s left",
            60: "26.0 %  [===         ]  1,250 records/s  3 failed  59 s left",
            80: "26.0 %  [===            ]  1,250 records/s  60,000 tokens/s  3 failed  59 s left",
            160: "26.0 %  [=======                       ]  26,000 of 100,000 records  "
                + "1,250 records/s  60,000 tokens/s  3 failed  2 workers  59 s left",
        ]
        for (width, text) in expected { #expect(line.text(width: width) == text) }
        for width in 0...160 { #expect(line.text(width: width).count <= width) }
    }

    @Test("a log gets the whole line in words, and the end a summary")
    func words() {
        #expect(
            line.plainText == "26.0 %, 26,000 of 100,000 records, 1,250 records/s, "
                + "60,000 tokens/s, 3 failed, 2 workers, 59 s left"
        )
        #expect(
            line.summary
                == "26,000 of 100,000 records in 20 s, 1,250 records/s, 60,000 tokens/s, 3 failed"
        )
    }

    @Test("without a total the bytes tell the part that is done")
    func bytes() {
        var line = ProgressLine()
        line.update(ProgressReport(elapsed: .zero, doneRecords: 0, doneFraction: 0))
        line.update(ProgressReport(elapsed: .seconds(10), doneRecords: 1, doneFraction: 0.25))
        #expect(line.plainText == "25.0 %, 1 record, 0.1 records/s, 30 s left")
    }

    @Test("where nothing is known, no percent, bar or time left is invented")
    func unknown() {
        var line = ProgressLine()
        #expect(line.text(width: 80).isEmpty)
        line.update(ProgressReport(elapsed: .seconds(65), doneRecords: 12))
        #expect(line.text(width: 80) == "12 records  after 1 min 05 s")
    }

    @Test("rates forget what is older than ten seconds, and a standstill shows as none")
    func movingAverage() {
        var line = ProgressLine()
        func report(_ second: Int, _ done: Int) {
            line.update(
                ProgressReport(elapsed: .seconds(second), doneRecords: done, totalRecords: 2000)
            )
        }
        for second in 0...10 { report(second, 100 * second) }
        #expect(line.plainText.contains("100 records/s"))
        for second in 11...20 { report(second, 1000) }
        #expect(line.plainText.contains("0.0 records/s"))
        // The forecast looks back a minute: 1,000 records in 20 s.
        #expect(line.timeLeft == .seconds(20))
        for second in 21...80 { report(second, 1000) }
        #expect(line.timeLeft == nil)
    }

    @Test("many reports a second keep the window's length")
    func dense() {
        var line = ProgressLine()
        for tick in 0...10_000 {
            line.update(ProgressReport(elapsed: .milliseconds(10 * tick), doneRecords: tick))
        }
        #expect(line.plainText == "10,000 records, 100 records/s, after 1 min 40 s")
    }

    @Test("a hundred percent means all, and an empty job is done")
    func ends() {
        func percent(_ done: Int, of total: Int) -> String {
            var line = ProgressLine()
            line.update(ProgressReport(elapsed: .zero, doneRecords: done, totalRecords: total))
            return line.text(width: 8)
        }
        #expect(percent(99_999, of: 100_000) == "99.9 %")
        #expect(percent(5, of: 5) == "100.0 %")
        #expect(percent(0, of: 0) == "100.0 %")
        #expect(percent(7, of: 5) == "100.0 %")
    }
}

@Suite("Quantities") struct QuantityTests {
    @Test(
        "durations show their two largest units",
        arguments: [
            (-5, "0 s"), (0, "0 s"), (41, "41 s"), (60, "1 min 00 s"), (185, "3 min 05 s"),
            (3720, "1 h 02 min"), (86_399, "23 h 59 min"), (183_600, "2 d 03 h"),
        ]
    )
    func durations(seconds: Int, text: String) {
        #expect(Quantity.duration(.seconds(seconds)) == text)
    }

    @Test(
        "counts are grouped by three digits",
        arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567")]
    )
    func counts(count: Int, text: String) {
        #expect(Quantity.grouped(count) == text)
    }

    @Test(
        "rates have a decimal below ten, and none that is not a number",
        arguments: [
            (0.04, "0.0"), (0.42, "0.4"), (9.94, "9.9"), (9.96, "10"), (1234.5, "1,235"),
            (-1, "0.0"), (.nan, "0.0"), (.infinity, "0.0"),
        ]
    )
    func rates(perSecond: Double, text: String) {
        #expect(Quantity.rate(perSecond, "records") == "\(text) records/s")
    }
}
