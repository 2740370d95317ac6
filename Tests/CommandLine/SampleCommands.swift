import CommandLine

/// A small program that has one of everything.
enum Sample {
    static let run = CommandSpecification(
        name: "run",
        summary: "Runs a job on this machine, and goes on with it where it stopped.",
        discussion: """
            The job's state lies beside the output. Run the same line again after a crash:
            what is done is not done again.

              corpus.jsonl  ->  labels.jsonl
            """,
        section: "One machine",
        arguments: [
            ArgumentSpecification("INPUT", count: .oneOrMore, "A JSONL file, or - for stdin.")
        ],
        options: [
            .value("model", "DIR", short: "m", "The model's folder."),
            .value("workers", "N", short: "w", default: .value("2"), "Worker processes to start."),
            .value("max-length", "N", default: .described("the model's"), "Tokens of a record."),
            .flag("token-ids", "Adds the ids of the tokens to each answer."),
            .flag("force", short: "f", "Replaces an output that is not this job's."),
            .flag("verbose", short: "v", "Tells more."),
            .value("chaos", "SEED", isHidden: true, "Kills workers at random."),
            .list("names", "NAMES", separator: ",", isHidden: true, "Names, parted by commas."),
            .value("temperature", "T", section: "Generation", "How much to vary; 0 is greedy."),
            .list("stop", "TEXT", section: "Generation", "Text that ends an answer."),
            .value("task", "TASK", section: "Generation", "What to do with each record."),
        ],
        examples: [.init("kennel run corpus.jsonl --model DIR", "Labels each line of a corpus.")]
    )

    static let model = CommandSpecification(
        name: "model",
        summary: "Keeps models.",
        section: "A cluster",
        subcommands: [
            CommandSpecification(
                name: "add",
                summary: "Adds a folder.",
                arguments: [
                    ArgumentSpecification("DIR", "The folder."),
                    ArgumentSpecification("NAME", count: .optional, "Its name."),
                ]
            ),
            CommandSpecification(name: "list", summary: "Lists the models."),
        ]
    )

    static let kennel = CommandSpecification(
        name: "kennel",
        summary: "Runs Doge language models over whole corpora.",
        subcommands: [
            run,
            CommandSpecification(
                name: "coordinator",
                summary: "Leads a cluster: takes jobs, hands their shards to workers, and gathers "
                    + "one answer for each record.",
                section: "A cluster"
            ),
            CommandSpecification(name: "status", summary: "Tells of a job.", section: "A cluster"),
            CommandSpecification(name: "torture", summary: "For tests.", isHidden: true),
            model,
        ],
        exitCodes: [.init(0, "All done."), .init(130, "Interrupted; run again to go on.")],
        version: "0.1"
    )

    /// Parses a line, parted at spaces, that names a command.
    static func parse(_ line: String) throws -> ParsedCommand {
        let words = line.split(separator: " ").map(String.init)
        guard case .command(let command) = try kennel.parse(words) else { throw NoCommand() }
        return command
    }

    /// Parses a line that asks for help.
    static func help(_ line: String, width: Int = 80) throws -> String {
        let words = line.split(separator: " ").map(String.init)
        guard case .help(let page) = try kennel.parse(words) else { throw NoCommand() }
        return page.text(width: width)
    }

    struct NoCommand: Error {}
}
