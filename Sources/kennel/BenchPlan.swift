import CommandLine
import Doge
import Glibc

/// What `kennel bench` was asked for, checked.
struct BenchPlan {
    enum Subject {
        case passes(model: String, batch: Int, length: Int)
        case streams(model: String, streams: Int, prompt: Int, new: Int)
        case experts(LookupRate.Shape)
        case tokenizer(model: String, input: String)
    }

    let subject: Subject
    let types: [DataType]
    let layouts: [EngineLayout]
    /// Threads of the largest layout.
    let threads: Int
    let seconds: Double
    let hasProfile: Bool

    init(_ command: ParsedCommand) throws(UsageError) {
        types = try Self.types(command.string("dtype"))
        threads =
            try command.int("threads", in: 1...1024)
            ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        layouts = Self.layouts(
            threads,
            replicas: try command.int("replicas", in: 1...1024),
            ranks: try command.int("tensor-parallel", in: 1...1024)
        )
        seconds = Double(try command.int("seconds", in: 1...3600) ?? 2)
        hasProfile = command.flag("profile")
        subject = try Self.subject(command)
    }

    private static func subject(_ command: ParsedCommand) throws(UsageError) -> Subject {
        func number(_ name: String, _ usual: Int, most: Int) throws(UsageError) -> Int {
            try command.int(name, in: 1...most) ?? usual
        }
        if command.isGiven("experts") {
            let experts = try number("experts", 0, most: 1 << 24)
            return .experts(
                LookupRate.Shape(
                    experts: experts,
                    width: try number("width", 1024, most: 1 << 16),
                    perToken: try number("per-token", min(32, experts), most: min(256, experts)),
                    tokens: try number("tokens", 4096, most: 1 << 20)
                )
            )
        }
        let model = try command.require("model", command.string("model"))
        if command.flag("tokenizer") {
            let input = try command.require("input", command.string("input"))
            return .tokenizer(model: model, input: input)
        }
        if command.isGiven("streams") {
            return .streams(
                model: model,
                streams: try number("streams", 1, most: 1 << 16),
                prompt: try number("prompt", 16, most: 1 << 20),
                new: try number("new", 64, most: 1 << 20)
            )
        }
        return .passes(
            model: model,
            batch: try number("batch", 32, most: 1 << 20),
            length: try number("length", 128, most: 1 << 20)
        )
    }

    private static func types(_ text: String?) throws(UsageError) -> [DataType] {
        guard let text else { return DataType.allCases }
        var types: [DataType] = []
        for name in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let type = DataType(rawValue: String(name)) else {
                throw .invalidValue(
                    option: "--dtype",
                    expected: "some of f32, bf16, int8 with commas between",
                    got: text
                )
            }
            types.append(type)
        }
        return types
    }

    /// The layout asked for, or all that use every thread.
    private static func layouts(_ threads: Int, replicas: Int?, ranks: Int?) -> [EngineLayout] {
        if replicas != nil || ranks != nil {
            let replicas = replicas ?? max(1, threads / (ranks ?? 1))
            return [EngineLayout(replicas: replicas, ranks: ranks ?? max(1, threads / replicas))]
        }
        return (1...threads).filter { threads % $0 == 0 }.map {
            EngineLayout(replicas: threads / $0, ranks: $0)
        }
    }
}
