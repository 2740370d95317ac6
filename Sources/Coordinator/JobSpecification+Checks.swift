import Records
import Scheduling
import Wire

extension JobSpecification {
    /// Refuses what no command of ours would send.
    ///
    /// A job that is durable comes back in every life: none may be able to end them.
    package func validate() throws(CoordinatorError) {
        let digits = "0123456789abcdef"
        try check(
            modelDigest.utf8.count == 64 && modelDigest.allSatisfy(digits.contains),
            "model digest",
            "64 hexadecimal digits",
            "another text"
        )
        try checkPath(modelPath, "model path")
        try checkPath(output, "output")
        if let rejects { try checkPath(rejects, "rejects") }
        try checkInputs()
        try checkOptions()
        // Workers are told both with every shard, in a header of bounded size.
        let taskBytes = modelPath.utf8.count + CanonicalJSON.encode(options).utf8.count
        guard taskBytes <= WireLimits.taskBytesMax else {
            throw .taskTooLong(byteCount: taskBytes)
        }
    }

    /// So many and so large that the sum of all sizes cannot overflow.
    private static let inputsMax = 100_000
    private static let inputBytesMax = 1 << 46

    private func checkInputs() throws(CoordinatorError) {
        try check(!inputs.isEmpty, "list of inputs", "not empty", "empty")
        try check(
            inputs.count <= Self.inputsMax,
            "list of inputs",
            "at most \(Self.inputsMax) files, which may be joined",
            "\(inputs.count) files"
        )
        for input in inputs {
            if let copy = input.spool {
                try checkCopy(copy)
            } else {
                try checkPath(input.path, "input")
            }
            for size in [input.byteCount, input.readableBytes] {
                try check(size, in: 0...Self.inputBytesMax, "input's size")
            }
        }
    }

    private func checkOptions() throws(CoordinatorError) {
        try check(options.maxLineBytes, in: TaskOptions.lineBytes, "limit of a line")
        if let count = shardRecordsMax {
            try check(count, in: 1...1 << 20, "number of records in a shard")
        }
        if let budget = maxErrors {
            try check(
                budget.isSound,
                "limit of error answers",
                "at least 0, or a percentage from 0 to 100",
                "\(budget)"
            )
        }
        if let length = options.maxLength {
            try check(length, in: TaskOptions.lengths, "limit of tokens")
        }
        if let count = options.topLabels {
            try check(count, in: TaskOptions.labelCounts, "number of labels")
        }
        if let fault = options.fault {
            throw .badJob(field: fault.name, expected: fault.expected, got: fault.got)
        }
    }

    private func check(
        _ value: Int,
        in range: ClosedRange<Int>,
        _ field: String
    ) throws(CoordinatorError) {
        let expected = "from \(range.lowerBound) to \(range.upperBound)"
        try check(range.contains(value), field, expected, "\(value)")
    }

    private func checkPath(_ path: String, _ field: String) throws(CoordinatorError) {
        let isUsable = path.hasPrefix("/") && !path.utf8.contains(0)
        try check(isUsable, field, "a path from the root", path.isEmpty ? "empty" : path)
    }

    /// Only its name in the state folder counts, and must be one.
    private func checkCopy(_ copy: Spool) throws(CoordinatorError) {
        let place = "\(StateDirectory.spoolFolder)/\(copy.name)"
        let isUsable =
            copy.path == place || copy.path.hasPrefix("/") && copy.path.hasSuffix("/\(place)")
        try check(
            isUsable && !["", ".", ".."].contains(copy.name) && !copy.path.utf8.contains(0),
            "plain copy",
            "a file of the folder \(StateDirectory.spoolFolder)",
            copy.path
        )
    }

    private func check(
        _ condition: Bool,
        _ field: String,
        _ expected: String,
        _ got: String
    ) throws(CoordinatorError) {
        guard condition else { throw .badJob(field: field, expected: expected, got: got) }
    }
}
