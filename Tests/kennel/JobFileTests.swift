import CommandLine
import Glibc
import Platform
import Records
import Testing

@testable import kennel

@Suite("Job files") struct JobFileTests {
    /// The options of a job file that holds these fields besides its input, under these words.
    static func options(_ fields: String, _ words: [String] = []) throws -> TaskOptions {
        let path = "\(Files.temporaryFolder)/kennel-\(Entropy.identifier()).json"
        let file = try FileDescriptor(opening: path, flags: O_WRONLY | O_CREAT)
        defer { try? Files.remove(path) }
        try Array(#"{"input": "in", \#(fields)}"#.utf8).withUnsafeBytes {
            try file.write($0, at: 0)
        }
        guard
            case .command(let command) = try JobOptionsTests.program.parse(["run", path] + words)
        else { throw JobOptionsTests.NoCommand() }
        return try JobOptions.taskOptions(
            try JobFile.expand(command, RunCommand.specification)
        )
    }

    @Test("a list keeps its commas and spaces, and a text is read as on the command line")
    func lists() throws {
        #expect(try Self.options(#""choices": [" a, b", "c"]"#).choices == [" a, b", "c"])
        #expect(try Self.options(#""choices": " a, b""#).choices == [" a", " b"])
        let stops = try Self.options(#""task": "generate", "stop": ["a,b", "--n"]"#)
        #expect(stops.generation.stop == ["a,b", "--n"])
        let stop = try Self.options(#""task": "generate", "stop": "a,b""#)
        #expect(stop.generation.stop == ["a,b"])
        #expect(try Self.options(#""carry": ["a", "b"]"#).carry == ["a", "b"])
    }

    @Test("a pipe is refused as a job file, and nobody is waited for") func pipe() throws {
        let path = "\(Files.temporaryFolder)/kennel-\(Entropy.identifier()).json"
        #expect(mkfifo(path, 0o600) == 0)
        defer { try? Files.remove(path) }
        guard case .command(let command) = try JobOptionsTests.program.parse(["run", path])
        else { throw JobOptionsTests.NoCommand() }
        let failure = #expect(throws: CommandFailure.self) {
            _ = try JobFile.expand(command, RunCommand.specification)
        }
        #expect(failure?.message == "cannot open \(path): it is not a regular file")
    }

    @Test("numbers arrive as they were written") func numbers() throws {
        let options = try Self.options(
            #""task": "generate", "seed": 18446744073709551615, "temperature": 0.7, "n": 2"#
        )
        #expect(options.seed == .max)
        #expect(options.generation.temperature == 0.7)
        #expect(options.generation.n == 2)
    }

    @Test("what stands on the command line counts more") func commandLine() throws {
        let words = ["--choices", "x,y", "--choices", "z"]
        #expect(try Self.options(#""choices": ["a", "b"]"#, words).choices == ["x", "y", "z"])
    }

    @Test(
        "lists are checked like everything else",
        arguments: [
            (#""choices": ["a,b"]"#, "got only one"), (#""choices": ["a", ""]"#, "an empty one"),
            (#""choices": ["a", "b", "a"]"#, "one of them twice"),
            (#""task": "generate", "stop": [""]"#, "a text of 0 bytes"),
            (#""task": "embed", "choices": ["a", "b"]"#, "means nothing for the task embed"),
        ]
    )
    func refused(fields: String, hint: String) {
        let error = #expect(throws: UsageError.self) { try Self.options(fields) }
        #expect(error?.description.contains(hint) == true, "\(String(describing: error))")
    }
}
