import CommandLine
import Doge
import Glibc
import Platform
import Records
import Worker

/// `kennel try`: one text, answered in this process, generated text as it comes.
struct TryCommand {
    static let specification = CommandSpecification(
        name: "try",
        summary: "Answer one text, shown as it comes.",
        discussion: """
            Opens the model in this process and answers one text by the same path as a job: a \
            generated text is shown token by token, labels with their probabilities, a vector by \
            its first numbers. How long it took is told on standard error.
            """,
        arguments: [
            ArgumentSpecification("TEXT", "The text; - reads it from standard input.")
        ],
        options: [
            .value("model", "DIR", section: "Job", "The folder of the model."),
            .value(
                "task",
                "TASK",
                default: .described("what the model is for"),
                section: "Job",
                "What to do: classify, generate, embed or score."
            ),
            .flag("json", section: "Job", "Show the answer as the line that a job would write."),
        ] + JobOptions.answers + JobOptions.generation + JobOptions.engine
            + EngineOptions.specifications(threads: "all cores"),
        examples: [
            .init("kennel try --model DIR \"Once upon a time\"", "Continue a text."),
            .init(
                "kennel try --model DIR --choices ' yes, no' \"Is it a dog? Answer:\"",
                "Ask which of two answers the model expects."
            ),
        ]
    )

    private let model: String
    private let options: TaskOptions
    private let text: [UInt8]
    private let engine: EngineOptions
    private let asJSON: Bool

    init(_ command: ParsedCommand) throws(CommandFailure) {
        do throws(UsageError) {
            model = try command.require("model", command.string("model"))
            engine = try EngineOptions(command, cores: EngineOptions.cores)
        } catch {
            throw CommandFailure(error)
        }
        let usual: TaskOptions.Task
        let dtype: NumberTypeWish
        do throws(ModelError) {
            usual = TaskOptions.Task(try ModelCheck(directory: model, task: .embed).usualTask)
        } catch {
            throw CommandFailure(error)
        }
        do throws(UsageError) {
            let asked = try command.choice("task", as: TaskOptions.Task.self)
            let task = asked ?? (command.isGiven("choices") ? .classify : usual)
            options = try JobOptions.answerOptions(command, task)
            dtype = try JobOptions.numberType(command)
        } catch {
            throw CommandFailure(error)
        }
        do throws(ModelError) {
            _ = try JobModel(directory: model, options)
        } catch {
            throw CommandFailure(error)
        }
        if let sentence = dtype.sentence { Console.complain("kennel try: \(sentence)") }
        asJSON = command.flag("json")
        text = try Self.text(command.arguments[0])
    }

    private static func text(_ argument: String) throws(CommandFailure) -> [UInt8] {
        guard argument == "-" else { return Array(argument.utf8) }
        let most = TaskOptions.lineBytes.upperBound
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                let reason = String(cString: strerror(errno))
                throw .usage("standard input cannot be read: \(reason); name the text itself")
            }
            if count == 0 { break }
            bytes += buffer[..<count]
            guard bytes.count <= most else {
                throw .usage(
                    "the text on standard input has more than \(most) bytes; put it into a file "
                        + "of records and use kennel run"
                )
            }
        }
        let invalid = bytes.withUnsafeBufferPointer { UTF8Check.firstInvalidByte($0) }
        if let invalid {
            throw .usage(
                "the text on standard input is not UTF-8 at byte \(invalid + 1); convert it"
            )
        }
        return bytes
    }

    func run() throws(CommandFailure) -> Int32 {
        let began = MonotonicClock.nanoseconds()
        let streams = options.task == .generate && !asJSON && (options.generation.n ?? 1) == 1
        do throws(LoadFailure) {
            let trial = try Trial(
                model: model,
                options.dtype,
                layout: engine.layout,
                cacheMiB: EngineMemory.usualCacheMiB(),
                pinning: engine.pinning
            )
            if let failure = trial.placementFailure {
                Console.complain("kennel try: \(failure)")
            }
            let loaded = Double(MonotonicClock.nanoseconds() - began) / 1e9
            let answer = try trial.answer(text, options) { piece in
                if streams { Self.show(piece) }
            }
            if let failure = answer.failure {
                if asJSON { Self.show(String(decoding: answer.line, as: UTF8.self)) }
                Console.complain("kennel try: \(failure)")
                return ExitCode.doneWithFailures
            }
            if streams {
                Self.show("\n")
            } else {
                let page = AnswerPage(line: answer.line)
                Self.show(asJSON ? String(decoding: answer.line, as: UTF8.self) : page.text)
            }
            Console.complain(Self.timing(answer, loaded))
            return ExitCode.done
        } catch {
            throw .usage(error.description)
        }
    }

    private static func show(_ text: String) {
        let bytes = Array(text.utf8)
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes {
                write(STDOUT_FILENO, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EPIPE { exit(ExitCode.done) }  // nobody reads any more
            guard count > 0 else {
                let reason = String(cString: strerror(errno))
                Console.complain("kennel try: standard output cannot be written: \(reason)")
                exit(ExitCode.storage)
            }
            done += count
        }
    }

    /// A line such as "[model 0.21 s; 15 tokens read in 0.01 s; 64 made in 0.10 s, 640 tokens/s]".
    private static func timing(_ answer: Trial.Answer, _ loaded: Double) -> String {
        let read = "\(answer.promptTokens) tokens read in \(seconds(answer.firstSeconds))"
        guard answer.madeTokens > 0 else { return "[model \(seconds(loaded)); \(read)]" }
        let rest = answer.seconds - answer.firstSeconds
        let rate =
            answer.madeTokens > 1 && rest > 0
            ? ", \(Int(Double(answer.madeTokens - 1) / rest)) tokens/s" : ""
        return "[model \(seconds(loaded)); \(read); \(answer.madeTokens) made in "
            + "\(seconds(rest))\(rate)]"
    }

    private static func seconds(_ value: Double) -> String {
        let milliseconds = Int((value * 1000).rounded())
        let rest = String(1000 + milliseconds % 1000).dropFirst()
        return "\(milliseconds / 1000).\(rest) s"
    }
}

extension TaskOptions.Task {
    /// The task of a job that asks a model for that.
    fileprivate init(_ task: ModelTask) {
        self =
            switch task {
            case .classify: .classify
            case .generate: .generate
            case .score: .score
            case .embed: .embed
            }
    }
}
