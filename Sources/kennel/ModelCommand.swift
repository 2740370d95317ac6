import CommandLine
import Coordinator
import Doge

/// `kennel model inspect`: what a model is, before anything is computed with it.
struct ModelCommand {
    static let specification = CommandSpecification(
        name: "model",
        summary: "Look at models.",
        subcommands: [
            CommandSpecification(
                name: "inspect",
                summary: "Say what a model is and what it will need.",
                discussion: """
                    Reads the configuration, the headers of the weights and the tokenizer, and \
                    tells the tasks that the model can do, its sizes, its parameters and the \
                    memory that it will take. No weight is converted; the digest, by which hosts \
                    tell whether they have the same model, reads every byte once.
                    """,
                arguments: [ArgumentSpecification("DIR", "The folder of the model.")],
                options: [.flag("json", "Print JSON.")],
                examples: [.init("kennel model inspect DIR", "Look before a long night.")]
            )
        ]
    )

    private let directory: String
    private let asJSON: Bool

    init(_ command: ParsedCommand) {
        directory = command.arguments[0]
        asJSON = command.flag("json")
    }

    func run() throws(CommandFailure) -> Int32 {
        let known = try UserCache.digests()
        try Signals.interruptibly { () throws(CommandFailure) in
            do throws(ModelError) {
                let facts = try ModelFacts(directory: directory, known: known)
                print(asJSON ? CanonicalJSON.encode(facts) : ModelPage(facts).text)
            } catch {
                throw CommandFailure(error)
            }
        }
        return ExitCode.done
    }
}
