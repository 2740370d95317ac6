import FoundationEssentials
package import Records
package import Scheduling

/// All that was asked for in one job, as it is kept in the ledger.
package struct JobSpecification: Codable, Equatable, Sendable {
    /// One input file as it was when the job was submitted.
    package struct Input: Codable, Equatable, Sendable {
        /// Absolute path of what the user named; "-" for standard input.
        package var path: String
        /// Size of the file that the user named, bytes.
        package var byteCount: Int
        /// Its modification time, nanoseconds since 1970.
        package var modificationTime: Int64
        /// The plain copy that is read instead, where the input was compressed or a stream.
        package var spool: Spool?

        /// An input as it was found; the file is not looked at here.
        package init(path: String, byteCount: Int, modificationTime: Int64, spool: Spool?) {
            self.path = path
            self.byteCount = byteCount
            self.modificationTime = modificationTime
            self.spool = spool
        }

        /// The file to read lines from, for a coordinator with this state folder.
        func readablePath(in state: String) -> String { spool?.path(in: state) ?? path }

        /// How many bytes that file must have.
        var readableBytes: Int { spool?.byteCount ?? byteCount }
    }

    /// A plain copy of an input, inside the state folder.
    package struct Spool: Codable, Equatable, Sendable {
        /// Path of the copy from the state folder on; from the root in older jobs.
        ///
        /// Only its last part counts, as the state folder may be moved.
        package private(set) var path: String
        /// Plain bytes in the copy; a copy of another size is refused later.
        package var byteCount: Int
        /// XXH3-128 of these bytes in hexadecimal; nil in older jobs.
        package var digest: String?

        /// A copy of this name in the folder of copies that is whole and synced already.
        package init(name: String, byteCount: Int, digest: String?) {
            path = "\(StateDirectory.spoolFolder)/\(name)"
            self.byteCount = byteCount
            self.digest = digest
        }

        /// The copy's name in the folder of copies.
        var name: String { path.split(separator: "/").last.map(String.init) ?? "" }

        /// Where the copy lies, if it does, in a state folder.
        package func path(in state: String) -> String {
            "\(StateDirectory.spools(state))/\(name)"
        }
    }

    /// In the order in which their answers stand in the output.
    package var inputs: [Input]
    /// Folder of the model, absolute.
    package var modelPath: String
    /// SHA-256 over the model's files, hexadecimal.
    package var modelDigest: String
    /// What is asked of every record; part of the job's identity.
    package var options: TaskOptions
    /// The most records of a shard, where their answers are large; nil for the scheduler's own.
    package var shardRecordsMax: Int?
    /// Where the answers shall stand, absolute.
    package var output: String
    /// Where input lines with an error answer are copied, absolute.
    package var rejects: String?
    /// Whether an output that stands there already is replaced.
    package var replacesOutput: Bool
    /// How many error answers the job may have before it is paused; nil where that is no matter.
    package var maxErrors: ErrorBudget?

    /// Takes paths as they are: the caller has made them absolute and checked them.
    package init(
        inputs: [Input],
        modelPath: String,
        modelDigest: String,
        options: TaskOptions,
        output: String,
        rejects: String?,
        replacesOutput: Bool
    ) {
        self.inputs = inputs
        self.modelPath = modelPath
        self.modelDigest = modelDigest
        self.options = options
        self.output = output
        self.rejects = rejects
        self.replacesOutput = replacesOutput
    }

    /// Bytes of all inputs, as they are read.
    package var inputBytes: Int { inputs.reduce(0) { $0 + $1.readableBytes } }

    /// What makes two submissions the same job: inputs, model and answer-changing options.
    package var identity: JobIdentity {
        JobIdentity(
            inputs: inputs.map {
                JobIdentity.Input(
                    path: $0.path,
                    byteCount: $0.byteCount,
                    modificationTime: $0.modificationTime
                )
            },
            modelDigest: modelDigest,
            options: options,
            output: output
        )
    }
}

/// What makes two submissions the same job.
package struct JobIdentity: Codable, Equatable, Sendable {
    /// An input as the user named it; a plain copy of it does not count.
    package struct Input: Codable, Equatable, Sendable {
        /// Absolute path, or "-" for standard input.
        package let path: String
        /// Size of the file that the user named, bytes; of all that came on standard input.
        package let byteCount: Int
        /// Nanoseconds since 1970; of standard input, bits of its digest instead.
        package let modificationTime: Int64
    }

    /// In their order: the same files in another order are another job.
    package let inputs: [Input]
    /// SHA-256 over the model's files, hexadecimal; the folder's path does not count.
    package let modelDigest: String
    /// Task, fields and limits; all of them change answers.
    package let options: TaskOptions
    /// Absolute path of the answers.
    package let output: String

    /// Names what differs, as phrases for a sentence; empty where nothing does.
    package func differences(from other: JobIdentity) -> [String] {
        var phrases: [String] = []
        if inputs.map(\.path) != other.inputs.map(\.path) {
            phrases.append("the input files are others")
        } else {
            for (mine, theirs) in zip(inputs, other.inputs) where mine != theirs {
                phrases.append("\(mine.path) has changed")
            }
        }
        if modelDigest != other.modelDigest { phrases.append("the model's files are others") }
        var options = options
        if options.dtype != other.options.dtype {
            phrases.append("the dtype was to be \(other.options.dtype.rawValue)")
            options.dtype = other.options.dtype
        }
        if options != other.options { phrases.append("the task's options are others") }
        if output != other.output { phrases.append("the output was to be \(other.output)") }
        return phrases
    }
}

/// JSON as the ledger and the control plane keep it: keys sorted, so equal values are equal text.
package enum CanonicalJSON {
    /// The value as one line of text.
    package static func encode(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else {
            preconditionFailure("values of our own with strings and finite numbers always encode")
        }
        return String(decoding: data, as: UTF8.self)
    }

    /// The value that a text holds; throws Foundation's `DecodingError`.
    package static func decode<Value: Decodable>(
        _ type: Value.Type,
        from text: String
    ) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}
