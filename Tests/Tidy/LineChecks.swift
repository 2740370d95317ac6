/// What can be told of one file alone; each check gives its complaints.
enum LineChecks {
    static let columnsMax = 100
    static let linesMax = 500
    static let functionLinesMax = 70

    static func width(_ file: SourceFile) -> [String] {
        file.lines.enumerated().filter { $0.element.count > columnsMax }.map { index, line in
            file.complaint(at: index, "\(line.count) columns, at most \(columnsMax) are read well")
        }
    }

    static func length(_ file: SourceFile) -> [String] {
        guard file.lines.count > linesMax else { return [] }
        return [file.complaint(at: linesMax, "\(file.lines.count) lines, at most \(linesMax)")]
    }

    static func functions(_ file: SourceFile) -> [String] {
        FunctionLengths(file).functions.filter { $0.lineCount > functionLinesMax }.map { function in
            let count = function.lineCount
            return file.complaint(
                at: function.index,
                "a function of \(count) lines, at most \(functionLinesMax)"
            )
        }
    }

    static func crashes(_ file: SourceFile) -> [String] {
        file.complaints(
            ofCode: ["try!", "fatalError("],
            "throw what the world did wrong; a precondition is for our own bugs"
        )
    }

    static func leftovers(_ file: SourceFile) -> [String] {
        file.comments.enumerated().flatMap { index, line in
            ["TODO", "FIXME"].filter(line.contains).map {
                file.complaint(at: index, "\($0): do it, or say in a decision why not")
            }
        }
    }

    static func looseTasks(_ file: SourceFile) -> [String] {
        file.complaints(
            ofCode: ["Task {", "Task.detached"],
            "nobody waits for such a task; use a thread with an owner, or a task group"
        )
    }

    /// However it is spelled: of a thread, a task or a clock.
    static func sleeps(_ file: SourceFile) -> [String] {
        file.code.enumerated().filter { $0.element.contains("sleep(") }.map { index, _ in
            file.complaint(at: index, "a test that sleeps is slow or wrong; wait for the event")
        }
    }

    /// A machine that is told the time must read no clock, least of all one that people set.
    static func clocks(_ file: SourceFile) -> [String] {
        let machines = [
            "Scheduling/", "Coordinator/CoordinatorCore", "Coordinator/ResultInbox",
            "Coordinator/Transfers", "Worker/WorkerSession", "Worker/HeldShards",
            "Worker/ResultTransfer", "Worker/EngineWatch",
        ]
        guard machines.contains(where: { file.path.hasPrefix("Sources/\($0)") }) else { return [] }
        let clocks = file.complaints(
            ofCode: ["MonotonicClock", "ContinuousClock", "SuspendingClock", "Date("],
            "it is told the time, by whoever feeds it"
        )
        let doors = file.imports.filter { ["Glibc", "Platform", "CLinux"].contains($0.module) }
        return clocks
            + doors.map { file.complaint(at: $0.index, "behind \($0.module) there are clocks") }
    }

    /// Foundation whole brings 40 MB of Unicode data; its essentials belong where JSON is read.
    static func foundation(_ file: SourceFile, allowed rooms: Set<String>) -> [String] {
        file.imports.compactMap { index, module in
            switch module {
            case "Foundation":
                file.complaint(at: index, "import FoundationEssentials, or better Glibc")
            case "FoundationEssentials" where !rooms.contains(file.room):
                file.complaint(at: index, "\(file.room) does without Foundation")
            default: nil
            }
        }
    }

    /// A promise that the compiler does not check is explained beside it or above it.
    static func promises(_ file: SourceFile) -> [String] {
        let spellings = ["@unchecked Sendable", "nonisolated(unsafe)"]
        return file.code.enumerated().flatMap { index, line in
            spellings.filter { line.mentions($0) && !isExplained(file, index) }.map {
                file.complaint(at: index, "\($0) without a reason, here or on the line above")
            }
        }
    }

    private static func isExplained(_ file: SourceFile, _ index: Int) -> Bool {
        if !file.comments[index].isBlank { return true }
        guard index > 0, file.code[index - 1].isBlank else { return false }
        // The comment of the type itself is a reason only where it speaks of this.
        let above = file.comments[index - 1]
        return above.contains("Sendable") || above.contains("thread")
    }
}
