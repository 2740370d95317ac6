import CommandLine
import Doge

/// What `kennel bench` was asked for, checked.
struct BenchPlan {
    /// What is measured.
    enum Subject {
        case passes(model: String, batch: Int, length: Int)
        case streams(model: String, streams: Int, prompt: Int, new: Int)
        case experts(LookupRate.Shape)
        case tokenizer(model: String, input: String, textField: String?)
    }

    let subject: Subject
    let types: [DataType]
    /// Each has all threads.
    let layouts: [EngineLayout]
    let wish: EngineLayout.Wish
    let pinning: Pinning
    let seconds: Double
    let hasProfile: Bool
    /// Nil: those that this process takes by itself.
    let kernels: InstructionSet?

    /// Of an engine, all replicas together.
    var threads: Int { wish.threads }

    /// Tokens of all texts of one call, or pairs of a token and an expert: some 2 GiB of them.
    private static let most = 1 << 28

    init(_ command: ParsedCommand) throws(UsageError) {
        try Self.checkUse(command)
        types = try Self.types(
            command.string("dtype"),
            of: Self.named(command) == "experts" ? [.f32, .bf16] : DataType.allCases
        )
        let engine = try EngineOptions(command, cores: EngineOptions.cores)
        wish = engine.layout
        pinning = engine.pinning
        layouts = wish.layouts
        seconds = try command.double("seconds", in: 0.01...3600) ?? 2
        hasProfile = command.flag("profile")
        kernels = try Self.kernels(command.string("kernels"))
        subject = try Self.subject(command)
    }

    /// The options that change something of a measurement, beside what names it; nil: a pass.
    private static let uses: [(named: String?, options: [String])] = [
        ("experts", ["width", "per-token", "tokens", "dtype", "threads", "kernels"]),
        ("tokenizer", ["model", "input", "text-field"]),
        ("streams", ["model", "prompt", "new"] + ofEngine),
        (nil, ["model", "batch", "length", "profile"] + ofEngine),
    ]
    private static let ofEngine = [
        "dtype", "kernels", "threads", "replicas", "tensor-parallel", "pin", "no-pin",
    ]

    /// What is to be measured, by the option that names it; nil: a pass.
    private static func named(_ command: ParsedCommand) -> String? {
        uses.compactMap(\.named).first(where: command.isGiven)
    }

    /// Refuses options that would change nothing: whoever gives one expects something of it.
    private static func checkUse(_ command: ParsedCommand) throws(UsageError) {
        let named = named(command)
        let useful = uses.filter { $0.named == named }.flatMap(\.options)
        for use in uses where use.named != named {
            let options = use.options + (use.named.map { [$0] } ?? [])
            let idle = options.first { command.isGiven($0) && !useful.contains($0) }
            guard let option = idle else { continue }
            let owners = uses.filter { $0.options.contains(option) }.map(\.named)
            let owner = owners.count == 1 ? owners[0] : nil
            let advice =
                switch (owner, named) {
                case (let owner?, let named?): "say --\(owner) in place of --\(named)"
                case (let owner?, nil): "say --\(owner)"
                case (nil, let named): "leave out --\(named ?? "")"
                }
            throw .idleOption(
                "--\(option)",
                beside: named.map { "beside --\($0)" } ?? "here",
                advice: advice
            )
        }
    }

    private static func subject(_ command: ParsedCommand) throws(UsageError) -> Subject {
        func number(_ name: String, _ usual: Int, most: Int) throws(UsageError) -> Int {
            try command.int(name, in: 1...most) ?? usual
        }
        if named(command) == "experts" {
            let experts = try number("experts", 0, most: 1 << 24)
            let perToken = try number("per-token", min(32, experts), most: min(256, experts))
            return .experts(
                LookupRate.Shape(
                    experts: experts,
                    width: try number("width", 1024, most: 1 << 16),
                    perToken: perToken,
                    tokens: try number("tokens", 4096, most: most / perToken)
                )
            )
        }
        let model = try command.require("model", command.string("model"))
        switch named(command) {
        case "tokenizer":
            let input = try command.require("input", command.string("input"))
            let field = command.string("text-field")
            return .tokenizer(model: model, input: input, textField: field)
        case "streams":
            let streams = try number("streams", 1, most: 1 << 16)
            let prompt = try number("prompt", 16, most: most / streams)
            return .streams(
                model: model,
                streams: streams,
                prompt: prompt,
                new: try number("new", 64, most: 1 << 20)
            )
        default:
            let batch = try number("batch", 32, most: 1 << 20)
            return .passes(
                model: model,
                batch: batch,
                length: try number("length", 128, most: most / batch)
            )
        }
    }

    private static func kernels(_ name: String?) throws(UsageError) -> InstructionSet? {
        guard let name else { return nil }
        guard let set = InstructionSet.here.first(where: { $0.rawValue == name }) else {
            let names = InstructionSet.here.map(\.rawValue).joined(separator: ", ")
            throw .invalidValue(
                option: "--kernels",
                expected: "one of those that this processor has, which are \(names)",
                got: name
            )
        }
        return set
    }

    /// The types that are named, or all that there are of what is measured.
    private static func types(
        _ text: String?,
        of known: [DataType]
    ) throws(UsageError) -> [DataType] {
        guard let text else { return known }
        var types: [DataType] = []
        for name in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let type = DataType(rawValue: String(name)), known.contains(type) else {
                let names = known.map(\.rawValue).joined(separator: ", ")
                throw .invalidValue(
                    option: "--dtype",
                    expected: "some of \(names) with commas between",
                    got: text
                )
            }
            types.append(type)
        }
        return types
    }
}
