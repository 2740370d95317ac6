import Glibc
package import Platform
import Records
import Scheduling

/// Cuts a job's inputs into shards, and reads shards back; on the input thread.
struct Planner {
    let specification: JobSpecification
    /// Folder in which plain copies of inputs lie.
    let state: String
    let limits: SchedulerLimits

    /// What the job asks for, and with texts what their bound allows, whoever submitted it.
    private var recordsMax: Int {
        let asked = min(limits.shardRecordsMax, specification.shardRecordsMax ?? .max)
        let options = specification.options
        return options.task == .generate ? min(asked, options.textRecordsMax) : asked
    }

    /// Cuts at most `count` shards from the cursor on.
    func plan(
        from start: PlanningCursor,
        count: Int,
        targetBytes: Int
    ) throws(InputError) -> (ranges: [ShardRange], cursor: PlanningCursor) {
        var cursor = start
        var ranges: [ShardRange] = []
        let shape = LineCutter.Limits(
            bytes: targetBytes,
            records: recordsMax,
            lineBytes: specification.options.maxLineBytes
        )
        while ranges.count < count {
            guard cursor.input < specification.inputs.count else {
                cursor.isAtEnd = true
                break
            }
            let input = try InputFile(specification.inputs[cursor.input], in: state)
            while ranges.count < count, let range = try input.cut(cursor, shape) {
                ranges.append(range)
                cursor.byteOffset += range.byteCount
                cursor.line += range.lineCount
            }
            if ranges.count < count {
                cursor.input += 1
                cursor.byteOffset = 0
            }
        }
        return (ranges, cursor)
    }

    /// The two halves of a shard's lines, each with half of its records.
    func halves(of range: ShardRange) throws(InputError) -> [ShardRange] {
        let input = try self.input(of: range)
        let shape = LineCutter.Limits(
            bytes: range.byteCount,
            records: max(1, range.recordCount / 2),
            lineBytes: specification.options.maxLineBytes
        )
        let start = PlanningCursor(
            input: range.input,
            byteOffset: range.byteOffset,
            line: range.firstLine,
            isAtEnd: false
        )
        guard let first = try input.cut(start, shape), first.byteCount < range.byteCount else {
            throw .changed(path: input.path, detail: "lines have become fewer")
        }
        let second = ShardRange(
            input: range.input,
            byteOffset: range.byteOffset + first.byteCount,
            byteCount: range.byteCount - first.byteCount,
            firstLine: first.endLine,
            lineCount: range.lineCount - first.lineCount,
            recordCount: range.recordCount - first.recordCount,
            isOverlong: false,
            digest: range.digest
        )
        let bytes = try input.read(second, lineBytesMax: specification.options.maxLineBytes)
        return [first, second.with(digest: ContentDigest(of: bytes))]
    }

    /// The input that a shard lies in, by a ledger that may be damaged.
    private func input(of range: ShardRange) throws(InputError) -> InputFile {
        guard specification.inputs.indices.contains(range.input) else {
            throw .damagedLedger(
                what: "its shard at line \(range.firstLine + 1) lies in input number "
                    + "\(range.input + 1), and its job has \(specification.inputs.count)"
            )
        }
        let input = try InputFile(specification.inputs[range.input], in: state)
        guard range.byteOffset + range.byteCount <= input.byteCount else {
            throw .damagedLedger(
                what: "its shard at line \(range.firstLine + 1) lies behind the end of "
                    + "\(input.path)"
            )
        }
        return input
    }

    /// All bytes of a shard, an overlong line's too, checked as far as the plan knows them.
    func readWhole(_ range: ShardRange) throws(InputError) -> [UInt8] {
        let bytes = try read(range)
        guard range.isOverlong else { return bytes }
        let input = try self.input(of: range)
        return try input.read(range, lineBytesMax: range.byteCount)
    }

    /// The bytes of a shard that a worker is sent, checked against what was planned.
    func read(_ range: ShardRange) throws(InputError) -> [UInt8] {
        let input = try self.input(of: range)
        let bytes = try input.read(range, lineBytesMax: specification.options.maxLineBytes)
        guard ContentDigest(of: bytes) == range.digest else {
            throw .changed(path: input.path, detail: "other bytes stand there than before")
        }
        return bytes
    }
}

/// Why an input cannot be read any more.
package enum InputError: Error, CustomStringConvertible {
    /// It cannot be opened or read.
    case file(SystemCallError)
    /// Its size, time or bytes are others than when the job was planned.
    case changed(path: String, detail: String)
    /// The plain copy of this one is gone.
    case copyGone(input: String, SystemCallError)
    /// A shard lies where no plan has put one: the ledger is damaged, not the input.
    case damagedLedger(what: String)

    static func wrap<Value: ~Copyable>(
        _ body: () throws(SystemCallError) -> Value
    ) throws(InputError) -> Value {
        do throws(SystemCallError) {
            return try body()
        } catch {
            throw .file(error)
        }
    }

    /// Whether nothing is wrong with the input: connections have taken all descriptors for now.
    var isPassing: Bool {
        if case .file(let error) = self { error.isOutOfDescriptors } else { false }
    }

    /// One sentence that names the input and what to do.
    package var description: String {
        switch self {
        case .file(let error): "\(error); bring the input back and run the same command again"
        case .changed(let path, let detail):
            "the input \(path) has changed since the job began (\(detail)); "
                + "start anew with another --state, or bring the old file back"
        case .copyGone(let input, let error):
            "\(error); it is the plain copy of \(input == "-" ? "standard input" : input), and is "
                + "made anew where the same job is run or submitted again"
        case .damagedLedger(let what):
            "the ledger is damaged: \(what); restore it from a backup, "
                + "or start anew with an empty state folder"
        }
    }
}

/// An input that is still the one that was submitted.
private struct InputFile: ~Copyable {
    let path: String
    let byteCount: Int
    private let file: FileDescriptor

    init(_ input: JobSpecification.Input, in state: String) throws(InputError) {
        let path = input.readablePath(in: state)
        let byteCount = input.readableBytes
        let file = try Self.open(path, of: input)
        let status = try InputError.wrap { () throws(SystemCallError) in try file.status() }
        let isSame =
            status.byteCount == byteCount
            && (input.spool != nil || status.modificationTime == input.modificationTime)
        guard isSame else {
            throw .changed(
                path: path,
                detail: "\(status.byteCount) bytes, were \(byteCount), or a later time"
            )
        }
        self.path = path
        self.byteCount = byteCount
        self.file = file
    }

    private static func open(
        _ path: String,
        of input: JobSpecification.Input
    ) throws(InputError) -> FileDescriptor {
        do throws(SystemCallError) {
            return try .regular(path)
        } catch {
            if error.isIrregular { throw .changed(path: path, detail: error.reason) }
            guard input.spool != nil, error.code == ENOENT else { throw .file(error) }
            throw .copyGone(input: input.path, error)
        }
    }

    /// The next shard from the cursor on; nil at the input's end.
    borrowing func cut(
        _ cursor: PlanningCursor,
        _ limits: LineCutter.Limits
    ) throws(InputError) -> ShardRange? {
        var cutter = LineCutter(byteOffset: cursor.byteOffset, line: cursor.line)
        let size = min(max(limits.bytes, 64 << 10), 1 << 20)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)
        defer { buffer.deallocate() }
        let cut = try InputError.wrap { () throws(SystemCallError) in
            try cutter.next(limits, buffer: buffer) { (offset, buffer) throws(SystemCallError) in
                try file.read(into: buffer, at: offset)
            }
        }
        guard let cut else { return nil }
        let range = ShardRange(
            input: cursor.input,
            byteOffset: cut.byteOffset,
            byteCount: cut.byteCount,
            firstLine: cut.firstLine,
            lineCount: cut.lineCount,
            recordCount: cut.recordCount,
            isOverlong: cut.isOverlong,
            digest: ContentDigest(high: 0, low: 0)
        )
        return range.with(
            digest: ContentDigest(of: try read(range, lineBytesMax: limits.lineBytes))
        )
    }

    /// A shard's bytes; of a line above the limit only so many that its excess is seen.
    borrowing func read(_ range: ShardRange, lineBytesMax: Int) throws(InputError) -> [UInt8] {
        let count = range.isOverlong ? min(range.byteCount, lineBytesMax + 1) : range.byteCount
        return try InputError.wrap { () throws(SystemCallError) in
            try file.read(count: count, at: range.byteOffset)
        }
    }
}

extension ContentDigest {
    /// XXH3-128 of bytes.
    init(of bytes: [UInt8]) {
        let digest = XXH3.digest(bytes)
        self.init(high: digest.high, low: digest.low)
    }
}

extension ShardRange {
    fileprivate func with(digest: ContentDigest) -> ShardRange {
        ShardRange(
            input: input,
            byteOffset: byteOffset,
            byteCount: byteCount,
            firstLine: firstLine,
            lineCount: lineCount,
            recordCount: recordCount,
            isOverlong: isOverlong,
            digest: digest
        )
    }
}
