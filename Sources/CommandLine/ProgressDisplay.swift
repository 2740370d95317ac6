import Glibc

/// Shows a job's progress on a descriptor: a line that redraws itself on a terminal, else a log.
///
/// On a terminal it draws at most ten times a second; elsewhere it writes a line each ten
/// seconds and one at the end. Each drawing is one write, and a drawn line is always
/// ended: by `finish`, by `note` or at the latest when the display goes. One thread uses it. The
/// descriptor is borrowed; once a write to it fails, the display says no more, as work must not
/// stop for it.
package struct ProgressDisplay: ~Copyable {
    /// How much a reader of the descriptor can take in.
    package enum Style: Sendable, Equatable {
        /// One line, drawn over and over.
        case redrawn
        /// Lines one below another.
        case logged

        /// The shortest time between two drawings.
        var pause: Duration { self == .redrawn ? .milliseconds(100) : .seconds(10) }
    }

    private let descriptor: Int32
    private let style: Style
    private var line = ProgressLine()
    private var lastDrawn: ContinuousClock.Instant?
    private var isLineOpen = false
    private var isSilent = false

    /// Makes a display on a descriptor, in the style that suits it unless one is given.
    package init(on descriptor: Int32 = STDERR_FILENO, style: Style? = nil) {
        self.descriptor = descriptor
        self.style = style ?? (Terminal.canRedraw(descriptor) ? .redrawn : .logged)
    }

    deinit {
        if isLineOpen, !isSilent { _ = Self.write("\n", to: descriptor) }
    }

    /// Takes a report, and draws it if enough time has passed since the last drawing.
    package mutating func update(_ progress: ProgressReport, at now: ContinuousClock.Instant) {
        line.update(progress)
        // A log has nothing to tell before the first pause is over.
        if style == .logged, lastDrawn == nil { lastDrawn = now }
        if let lastDrawn, now - lastDrawn < style.pause { return }
        lastDrawn = now
        draw()
    }

    /// Writes a line of its own, above the progress line if there is one.
    package mutating func note(_ text: String) {
        emit(isLineOpen ? "\r\(text)\u{1b}[K\n" : "\(text)\n")
        // What was drawn is gone from a terminal, so the next report is drawn at once.
        if isLineOpen { lastDrawn = nil }
        isLineOpen = false
    }

    /// Takes the last report and writes the run's summary; the line is ended, and none follows.
    package mutating func finish(_ progress: ProgressReport) {
        line.update(progress)
        note(line.summary)
        isSilent = true
    }

    private mutating func draw() {
        switch style {
        case .redrawn:
            // The last column stays free: some terminals wrap as soon as it is filled.
            let text = line.text(width: Terminal.width(of: descriptor) - 1)
            emit("\r\(text)\u{1b}[K")
            isLineOpen = true
        case .logged:
            emit("\(line.plainText)\n")
        }
    }

    private mutating func emit(_ text: String) {
        if !isSilent { isSilent = !Self.write(text, to: descriptor) }
    }

    /// Writes all of `text`; returns whether the descriptor can still be written to.
    ///
    /// Where a reader has fallen behind, the text is dropped: work must not wait for it.
    private static func write(_ text: String, to descriptor: Int32) -> Bool {
        var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        if poll(&state, 1, 0) == 0 { return true }
        var text = text
        return text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
            return true
        }
    }
}
