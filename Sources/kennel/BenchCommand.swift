import CommandLine
import Doge
import Glibc

/// `kennel bench`: what this machine can do at most, and what a model reaches of it.
struct BenchCommand {
    static let specification = CommandSpecification(
        name: "bench",
        summary: "Measure a model on this machine.",
        discussion: "",
        options: [
            .value("model", "DIR", section: "Model", "The folder of the model."),
            .value("dtype", "TYPES", default: .value("f32,bf16,int8"), section: "Model", "Types."),
            .value("batch", "N", default: .value("32"), section: "Model", "Texts."),
            .value("length", "N", default: .value("128"), section: "Model", "Tokens."),
            .value("threads", "N", default: .described("all cores"), section: "Model", "Threads."),
        ]
    )
    let command: ParsedCommand
    init(_ command: ParsedCommand) { self.command = command }

    func run() throws(CommandFailure) -> Int32 {
        do {
            let threads =
                try command.int("threads", in: 1...1024) ?? sysconf(Int32(_SC_NPROCESSORS_ONLN))
            let types = (command.string("dtype") ?? "f32,bf16,int8").split(separator: ",")
                .compactMap { DataType(rawValue: String($0)) }
            let batch = try command.int("batch", in: 1...100000) ?? 32
            let length = try command.int("length", in: 1...1000000) ?? 128
            for type in types {
                let limit = try MachineLimit.operationsPerSecond(type, threads: threads)
                let model = try DogeModel(directory: command.string("model") ?? "", dataType: type)
                let engine = try Engine(model: model, threads: threads)
                let rate = try engine.passRate(batch: batch, length: length, seconds: 2)
                print("\(type.rawValue) limit \(Int(limit / 1e9)) GFLOP/s; \(Int(rate)) tokens/s")
            }
        } catch { throw CommandFailure.usage("\(error)") }
        return 0
    }
}
