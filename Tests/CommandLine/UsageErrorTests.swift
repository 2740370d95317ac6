import CommandLine
import Testing

@Suite("Usage errors") struct UsageErrorTests {
    @Test(
        "each fault is told in one sentence with its remedy",
        arguments: [
            ("stauts", #"kennel has no command "stauts"; did you mean status?"#),
            (
                "frobnicate",
                #"kennel has no command "frobnicate"; kennel --help lists its commands"#
            ),
            ("tortur", #"kennel has no command "tortur"; kennel --help lists its commands"#),
            ("model ad x", #"kennel model has no command "ad"; did you mean add?"#),
            ("help rnu", #"kennel has no command "rnu"; did you mean run?"#),
            ("run in --modle d", "kennel run has no option --modle; did you mean --model?"),
            ("run in --temp 1", "kennel run has no option --temp; did you mean --temperature?"),
            (
                "run in --colour",
                "kennel run has no option --colour; kennel run --help lists its options"
            ),
            ("run in -x", "kennel run has no option -x; kennel run --help lists its options"),
            (
                "run in --chaso 1",
                "kennel run has no option --chaso; kennel run --help lists its options"
            ),
            ("--model d run in", "--model belongs after the command, as in kennel run --model"),
            ("run in --model=", "--model expects DIR after it, got an empty text"),
            ("run in --model", "--model expects DIR after it, got the end of the line"),
            (
                "run in --model --force",
                "--model expects DIR after it, got --force; "
                    + "write --model=--force if that is its value"
            ),
            ("run in --force=yes", #"--force is a flag and takes no value, got "yes""#),
            ("run in --help=yes", #"--help is a flag and takes no value, got "yes""#),
            ("run in --model a -m b", #"--model may be given once, got "a" and "b""#),
            ("run", "kennel run expects INPUT..., got none; kennel run --help tells what it is"),
            ("status job", #"kennel status expects no arguments, got "job""#),
            ("model add a b c", #"kennel model add expects at most 2 arguments, got "c" besides"#),
        ]
    )
    func parsing(line: String, sentence: String) {
        let error = #expect(throws: UsageError.self) { try Sample.parse(line) }
        #expect(error?.description == sentence)
    }

    @Test(
        "a value out of place names what is expected and what was got",
        arguments: [
            ("--workers many", #"--workers expects a whole number from 1 to 8, got "many""#),
            ("--workers 9", #"--workers expects a whole number from 1 to 8, got "9""#),
            ("--workers 1.0", #"--workers expects a whole number from 1 to 8, got "1.0""#),
            ("--chaos -1", #"--chaos expects a whole number of 0 or more, got "-1""#),
            ("--temperature 3", #"--temperature expects a number from 0.0 to 2.0, got "3""#),
            ("--temperature nan", #"--temperature expects a number from 0.0 to 2.0, got "nan""#),
            ("--temperature 0x1", #"--temperature expects a number from 0.0 to 2.0, got "0x1""#),
            (
                "--task clasify",
                #"--task expects one of classify, score, got "clasify"; did you mean classify?"#
            ),
            ("--task paint", #"--task expects one of classify, score, got "paint""#),
            ("", "kennel run needs --model DIR; kennel run --help tells what it is"),
        ]
    )
    func values(options: String, sentence: String) throws {
        let command = try Sample.parse("run in \(options)")
        let error = #expect(throws: UsageError.self) {
            _ = try command.int("workers", in: 1...8)
            _ = try command.int("chaos", in: 0...Int.max)
            _ = try command.double("temperature", in: 0...2)
            _ = try command.choice("task", among: ["classify", "score"])
            _ = try command.require("model", command.string("model"))
        }
        #expect(error?.description == sentence)
    }
}
