import Testing

@testable import CommandLine

@Suite("Help") struct HelpTests {
    @Test("the topmost page lists commands under their headings, aligned and wrapped")
    func top() throws {
        let expected = """
            Runs Doge language models over whole corpora.

            Usage: kennel COMMAND [OPTION...]

            One machine:
              run  Runs a job on this machine, and goes on with it where it stopped.

            A cluster:
              coordinator  Leads a cluster: takes jobs, hands their shards to workers, and
                           gathers one answer for each record.
              status       Tells of a job.
              model        Keeps models.

            Options:
              -h, --help     Print this help.
                  --version  Print the version.

            kennel COMMAND --help tells more of a command.

            """
        #expect(try Sample.help("--help") == expected)
        #expect(try Sample.help("") == expected)
        #expect(try Sample.help("help") == expected)
    }

    @Test("a command's page shows usage, arguments, options by section, examples and exit codes")
    func command() throws {
        let expected = """
            Runs a job on this machine, and goes on with it where it stopped.

            Usage: kennel run INPUT... [OPTION...]

            The job's state lies beside the output. Run the same line again after a crash:
            what is done is not done again.

              corpus.jsonl  ->  labels.jsonl

            Arguments:
              INPUT...  A JSONL file, or - for stdin.

            Options:
              -m, --model DIR     The model's folder.
              -w, --workers N     Worker processes to start. (default: 2)
                  --max-length N  Tokens of a record. (default: the model's)
                  --token-ids     Adds the ids of the tokens to each answer.
              -f, --force         Replaces an output that is not this job's.
              -v, --verbose       Tells more.
              -h, --help          Print this help.

            Generation:
                  --temperature T  How much to vary; 0 is greedy.
                  --stop TEXT...   Text that ends an answer.
                  --task TASK      What to do with each record.

            Examples:
              kennel run corpus.jsonl --model DIR
                  Labels each line of a corpus.

            Exit codes:
              0    All done.
              130  Interrupted; run again to go on.

            """
        for line in ["run --help", "run in -vh", "help run"] {
            #expect(try Sample.help(line) == expected, "\(line)")
        }
    }

    @Test("no line is wider than the terminal, however narrow", arguments: [40, 57, 80, 200])
    func widths(width: Int) throws {
        for line in try Sample.help("run --help", width: width).split(separator: "\n") {
            #expect(line.count <= width, "\(line)")
        }
    }

    @Test("a term too long for its column has a line of its own")
    func longTerm() {
        let rows = [
            TextLayout.Row(left: "--short", right: "One."),
            TextLayout.Row(left: "--an-option-of-great-length N", right: "Two."),
        ]
        let expected = """
            Options:
              --short  One.
              --an-option-of-great-length N
                       Two.

            """
        #expect(TextLayout(width: 80).table("Options", rows) == expected)
    }

    @Test(
        "distances count swaps of neighbours as one edit",
        arguments: [
            ("", "abc", 3), ("stauts", "status", 1), ("kitten", "sitting", 3), ("a", "a", 0),
        ]
    )
    func distance(from: String, to: String, edits: Int) {
        #expect(Spelling.distance(from: from, to: to) == edits)
        #expect(Spelling.distance(from: to, to: from) == edits)
    }
}
