import CommandLine

/// The options that every run, submission and job file share.
enum JobOptions {
    static let arguments = [
        ArgumentSpecification(
            "INPUT",
            count: .zeroOrMore,
            "JSONL files, one record a line; or one job file, a .json with the same fields."
        )
    ]

    static let specifications = job + records + answers + generation + engine

    private static let job: [OptionSpecification] = [
        .value("model", "DIR", section: "Job", "The folder of the model."),
        .value(
            "task",
            "TASK",
            default: .value("classify"),
            section: "Job",
            "What to do with each record: classify, generate, embed or score."
        ),
        .value("output", "FILE", section: "Job", "Where the answers shall stand."),
        .value("rejects", "FILE", section: "Job", "Where input lines that failed are copied."),
        .value(
            "state",
            "DIR",
            default: .described("OUTPUT.kennel"),
            section: "Job",
            "Where progress is kept."
        ),
        .flag("force", section: "Job", "Replace an output that exists."),
        .value(
            "shard-records",
            "N",
            default: .described("up to 1024, by the job's size"),
            section: "Job",
            "Most records that a worker is sent at once."
        ),
        maxErrors,
    ]

    static let maxErrors = OptionSpecification.value(
        "max-errors",
        "N|P%",
        default: .described("any number"),
        section: "Job",
        "Pause the job when more records, or more of a hundred, have error answers."
    )

    private static let records: [OptionSpecification] = [
        .value(
            "text-field",
            "NAME",
            default: .described("text; to generate, prompt or else text"),
            section: "Records",
            "The field with the text."
        ),
        .value(
            "id-field",
            "NAME",
            default: .value("id"),
            section: "Records",
            "The field with the id."
        ),
        .value(
            "carry",
            "NAMES",
            section: "Records",
            "Fields copied into the answer, with commas between."
        ),
        .value(
            "max-line-bytes",
            "N",
            default: .value("4194304"),
            section: "Records",
            "The longest line; a longer one gets an error answer."
        ),
    ]

    static let answers: [OptionSpecification] = [
        .value(
            "max-length",
            "N",
            default: .described("the model's limit"),
            section: "Answers",
            "The most tokens of a record."
        ),
        .value(
            "truncate",
            "SIDE",
            section: "Answers",
            "Cut longer records at this side, left or right; else they get an error answer."
        ),
        .value(
            "top-labels",
            "N",
            default: .described("all"),
            section: "Answers",
            "Labels named in an answer."
        ),
        .list(
            "choices",
            "TEXTS",
            separator: ",",
            section: "Answers",
            "Classify by which of these a causal model expects next, with commas between."
        ),
        .value(
            "choice-score",
            "HOW",
            default: .value("sum"),
            section: "Answers",
            "Weigh a choice by the sum or the mean of its tokens' log-probabilities."
        ),
        .value(
            "pooling",
            "HOW",
            default: .value("last"),
            section: "Answers",
            "Embed a record by its last token or by the mean of all."
        ),
        .flag(
            "token-ids",
            section: "Answers",
            "Add the ids of the input's tokens; to generate, of the answer's."
        ),
    ]

    /// The record's own field of the same name counts less than the option.
    static let generation: [OptionSpecification] = [
        .value(
            "max-new-tokens",
            "N",
            default: .described("the record's, else the model's"),
            section: "Generation",
            "The most tokens of an answer."
        ),
        .value(
            "temperature",
            "NUMBER",
            default: .described("the likeliest token; 1 beside a filter"),
            section: "Generation",
            "Flatten the odds of tokens above 1, sharpen them below; 0 takes the likeliest."
        ),
        .value(
            "top-k",
            "N",
            default: .described("50 where tokens are drawn"),
            section: "Generation",
            "Draw from the N likeliest tokens; 0 for all."
        ),
        .value(
            "top-p",
            "SHARE",
            section: "Generation",
            "Draw from the likeliest tokens that have this share of the probability."
        ),
        .value(
            "min-p",
            "SHARE",
            section: "Generation",
            "Draw from tokens at least this share as likely as the likeliest."
        ),
        .value(
            "repetition-penalty",
            "NUMBER",
            section: "Generation",
            "Make tokens that stood before less likely, above 1."
        ),
        .list("stop", "TEXT", section: "Generation", "End an answer in front of this text."),
        .value(
            "seed",
            "N",
            default: .value("0"),
            section: "Generation",
            "What random numbers begin with; the same seed gives the same answers."
        ),
        .value("n", "N", section: "Generation", "Answers for each record."),
        .value(
            "logprobs",
            "N",
            section: "Generation",
            "Add log-probabilities: of each token and of the N likeliest in its place."
        ),
    ]

    static let engine: [OptionSpecification] = [
        .value(
            "dtype",
            "TYPE",
            default: .value("f32"),
            section: "Engine",
            "The engine's numbers: f32, bf16, int8, or auto for what this machine does best."
        )
    ]
}
