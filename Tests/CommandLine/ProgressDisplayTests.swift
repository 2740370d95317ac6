import CommandLine
import Glibc
import Testing

@Suite("Progress display") struct ProgressDisplayTests {
    let start = ContinuousClock.now

    @Test("a terminal's line is redrawn ten times a second at most, and ended once")
    func redrawn() throws {
        let written = try Pipe.capture { descriptor in
            var display = ProgressDisplay(on: descriptor, style: .redrawn)
            for tick in 0..<25 {
                display.update(report(tick), at: start + .milliseconds(10 * tick))
            }
            display.finish(report(25))
            display.update(report(26), at: start + .seconds(60))
        }
        #expect(
            written == "\r0 records  after 0 s\u{1b}[K" + "\r10 records  after 0 s\u{1b}[K"
                + "\r20 records  after 0 s\u{1b}[K" + "\r25 records in 0 s, 100 records/s\u{1b}[K\n"
        )
    }

    @Test("a log gets a line each ten seconds and at the end")
    func logged() throws {
        let written = try Pipe.capture { descriptor in
            var display = ProgressDisplay(on: descriptor)
            for second in 0...25 {
                display.update(report(100 * second), at: start + .seconds(second))
            }
            display.finish(report(2600))
        }
        #expect(
            written == """
                1,000 records, 100 records/s, after 10 s
                2,000 records, 100 records/s, after 20 s
                2,600 records in 26 s, 100 records/s

                """
        )
    }

    @Test("a note stands above the line, which is drawn anew at once")
    func note() throws {
        let written = try Pipe.capture { descriptor in
            var display = ProgressDisplay(on: descriptor, style: .redrawn)
            display.note("first")
            display.update(report(0), at: start)
            display.note("a worker is lost")
            display.update(report(1), at: start + .milliseconds(1))
        }
        // The display went without `finish`, and still ended its line.
        #expect(
            written == "first\n\r0 records  after 0 s\u{1b}[K"
                + "\ra worker is lost\u{1b}[K\n\r1 record  after 0 s\u{1b}[K\n"
        )
    }

    @Test("the line fits the terminal that it is drawn on")
    func terminalWidth() throws {
        let master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        try #require(master >= 0)
        defer { close(master) }
        // unlockpt and an open of ptsname, which Glibc's overlay leaves out.
        // Source: TIOCSPTLCK and TIOCGPTPEER of <asm-generic/ioctls.h>.
        var lock: Int32 = 0
        let isUnlocked = ioctl(master, 0x4004_5431, &lock) == 0
        try #require(isUnlocked)
        let terminal = ioctl(master, 0x5441, O_RDWR | O_NOCTTY)
        try #require(terminal >= 0)
        defer { close(terminal) }
        var size = winsize(ws_row: 24, ws_col: 24, ws_xpixel: 0, ws_ypixel: 0)
        let isSized = ioctl(terminal, UInt(TIOCSWINSZ), &size) == 0
        try #require(isSized)
        #expect(Terminal.width(of: terminal) == 24)
        var display = ProgressDisplay(on: terminal, style: .redrawn)
        display.update(
            ProgressReport(elapsed: .seconds(9), doneRecords: 1, totalRecords: 2, workers: 2),
            at: start
        )
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = read(master, &bytes, bytes.count)
        #expect(
            String(decoding: bytes.prefix(count), as: UTF8.self) == "\r50.0 %  after 9 s\u{1b}[K"
        )
    }

    @Test("what is no terminal cannot be redrawn and counts as eighty columns wide")
    func noTerminal() throws {
        _ = try Pipe.capture { descriptor in
            #expect(!Terminal.canRedraw(descriptor))
            #expect(Terminal.width(of: descriptor) == 80)
        }
    }

    @Test("a reader that has fallen behind is not waited for", .timeLimit(.minutes(10)))
    func stuckReader() throws {
        var ends: [Int32] = [-1, -1]
        let isOpen = pipe(&ends) == 0
        try #require(isOpen)
        defer { for end in ends { close(end) } }
        let flags = fcntl(ends[1], F_GETFL)
        _ = fcntl(ends[1], F_SETFL, flags | O_NONBLOCK)
        let filler = [UInt8](repeating: 0, count: 4096)
        while write(ends[1], filler, filler.count) > 0 {}
        _ = fcntl(ends[1], F_SETFL, flags)
        var display = ProgressDisplay(on: ends[1], style: .redrawn)
        display.update(report(0), at: start)
        display.note("nobody reads this")
        display.finish(report(1))
    }

    @Test("a descriptor that takes nothing silences the display and harms nobody")
    func broken() {
        var display = ProgressDisplay(on: -1, style: .redrawn)
        display.update(report(0), at: start)
        display.finish(report(1))
    }

    /// A report of `ticks` records at a hundred records a second.
    private func report(_ ticks: Int) -> ProgressReport {
        ProgressReport(elapsed: .milliseconds(10 * ticks), doneRecords: ticks)
    }
}

/// A pipe that holds what a test writes; less than a pipe's 64 KiB, so that nobody waits.
enum Pipe {
    static func capture(_ body: (Int32) throws -> Void) throws -> String {
        var ends: [Int32] = [-1, -1]
        let isOpen = pipe(&ends) == 0
        try #require(isOpen)
        defer { close(ends[0]) }
        do {
            defer { close(ends[1]) }
            try body(ends[1])
        }
        var written: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 4096)
        while case let count = read(ends[0], &bytes, bytes.count), count > 0 {
            written += bytes.prefix(count)
        }
        return String(decoding: written, as: UTF8.self)
    }
}
