import CommandLine
import Doge
import Glibc

/// `kennel bench`: what this machine can do at most, and what a model reaches of it.
struct BenchCommand {
    static let specification = CommandSpecification(
        name: "bench",
        summary: "Measure a model on this machine.",
        discussion: """
            Measures first what the processor's cores can multiply and add at most, all data in \
            registers, and then the model in each type and layout: passes over whole texts, or \
            with --streams texts that grow. Tokens are drawn, so that no tokenizer is needed. \
            Where neither replicas nor ranks are named, each layout of the threads is measured. \
            Every figure is the median of runs of about --seconds in all; keep the machine idle.
            """,
        options: [
            .value("model", "DIR", section: "What", "The folder of the model."),
            .value(
                "batch",
                "N",
                default: .value("32"),
                section: "What",
                "Texts of a pass."
            ),
            .value(
                "length",
                "N",
                default: .value("128"),
                section: "What",
                "Tokens of each text."
            ),
            .value("streams", "N", section: "What", "Texts that grow at once, instead of passes."),
            .value(
                "prompt",
                "N",
                default: .value("16"),
                section: "What",
                "Tokens that each stream begins with."
            ),
            .value("new", "N", default: .value("64"), section: "What", "Tokens that each makes."),
            .flag("tokenizer", section: "What", "Measure the tokenizer alone, on --input."),
            .value("input", "FILE", section: "What", "JSONL records whose texts are tokenized."),
            .value(
                "text-field",
                "NAME",
                default: .value("text"),
                section: "What",
                "The field with the text."
            ),
            .value("experts", "N", section: "What", "Measure the lookup of so many drawn experts."),
            .value(
                "width",
                "N",
                default: .value("1024"),
                section: "What",
                "Numbers of an expert's row."
            ),
            .value(
                "per-token",
                "N",
                default: .value("32"),
                section: "What",
                "Experts that a token consults."
            ),
            .value(
                "tokens",
                "N",
                default: .value("4096"),
                section: "What",
                "Tokens of a lookup."
            ),
            .value(
                "dtype",
                "TYPES",
                default: .described("all"),
                section: "How",
                "Types to measure, with commas between: f32, bf16, int8."
            ),
            .value(
                "kernels",
                "SET",
                default: .described("the best here"),
                section: "How",
                "Kernels to measure: avx512_bf16, avx512, avx2 or generic."
            ),
            .value(
                "seconds",
                "N",
                default: .value("2"),
                section: "How",
                "Time that each figure may take."
            ),
            .flag("profile", section: "How", "Show where the time of a layer goes."),
            .flag("json", section: "How", "Print JSON."),
        ] + EngineOptions.specifications(threads: "all cores", section: "How"),
        examples: [
            .init("kennel bench --model DIR", "What is to be expected of this machine?"),
            .init(
                "kennel bench --model DIR --streams 32 --dtype bf16",
                "How fast do 32 texts grow at once?"
            ),
            .init(
                "kennel bench --experts 16384 --width 1024",
                "How fast are experts looked up?"
            ),
        ]
    )

    private let plan: BenchPlan
    private let asJSON: Bool

    init(_ command: ParsedCommand) throws(CommandFailure) {
        do throws(UsageError) {
            plan = try BenchPlan(command)
        } catch {
            throw CommandFailure(error)
        }
        asJSON = command.flag("json")
    }

    func run() throws(CommandFailure) -> Int32 {
        let facts: BenchFacts
        switch plan.subject {
        case .tokenizer(let model, let input, let textField):
            facts = try TokenizerBench(
                model: model,
                input: input,
                textField: textField,
                seconds: plan.seconds
            ).run()
        case .experts(let shape): facts = try EngineBench(plan).experts(shape)
        case .passes(let model, let batch, let length):
            facts = try EngineBench(plan).passes(model: model, batch: batch, length: length)
        case .streams(let model, let streams, let prompt, let new):
            facts = try EngineBench(plan)
                .streams(model: model, streams: streams, prompt: prompt, new: new)
        }
        print(asJSON ? facts.json : BenchPage(facts).text)
        return ExitCode.done
    }
}
