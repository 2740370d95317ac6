import CommandLine
import Testing

@Suite("Parsing command lines") struct ParsingTests {
    @Test("a value may follow its option, be joined by =, or by the short letter")
    func valueForms() throws {
        for line in ["--model d", "--model=d", "-m d", "-md"] {
            let command = try Sample.parse("run in \(line)")
            #expect(command.string("model") == "d", "\(line)")
            #expect(command.arguments == ["in"], "\(line)")
            #expect(command.isGiven("model"))
        }
        #expect(try Sample.parse("run in --model=a=b").string("model") == "a=b")
    }

    @Test("flags stand alone or in a cluster of short letters, whose last may take a value")
    func flags() throws {
        let command = try Sample.parse("run in -fvm d --token-ids --token-ids")
        #expect(command.flag("force") && command.flag("verbose") && command.flag("token-ids"))
        #expect(command.string("model") == "d")
        #expect(!(try Sample.parse("run in -v").flag("force")))
    }

    @Test("a repeatable option keeps every value in order")
    func lists() throws {
        #expect(try Sample.parse("run in --stop a --stop=b").strings("stop") == ["a", "b"])
        #expect(try Sample.parse("run in").strings("stop") == [])
        #expect(try Sample.parse("run in --stop a,b").strings("stop") == ["a,b"])
    }

    @Test("a separator parts values of a list, but not of one that is set") func separators() throws
    {
        let command = try Sample.parse("run in --names a,b --names=c")
        #expect(command.strings("names") == ["a", "b", "c"])
        let changed = command.setting("names", to: ["d,e"]).setting("stop", to: [])
        #expect(changed.strings("names") == ["d,e"])
        #expect(changed.isGiven("stop") && !command.isGiven("stop"))
        #expect(changed.arguments == ["in"])
        for line in ["run in --names a,,b", "run in --names ,a", "run in --names a,"] {
            let error = #expect(throws: UsageError.self) { try Sample.parse(line) }
            #expect(error?.description == "--names expects NAMES after it, got an empty text")
        }
    }

    @Test("-- ends the options, and a dash alone or a negative number is no option")
    func argumentsLikeOptions() throws {
        let command = try Sample.parse("run - -5 -.5 --force -- --model -- -x")
        #expect(command.arguments == ["-", "-5", "-.5", "--model", "--", "-x"])
        #expect(command.flag("force"))
        #expect(!command.isGiven("model"))
        #expect(try Sample.parse("run in --model -").string("model") == "-")
        #expect(try Sample.parse("run in --temperature -1").string("temperature") == "-1")
        #expect(try Sample.parse("run in --stop=--force").strings("stop") == ["--force"])
    }

    @Test("a command below another is found by its path, and its arguments are counted")
    func nested() throws {
        let command = try Sample.parse("model add dir name")
        #expect(command.path == ["model", "add"])
        #expect(command.name == "kennel model add")
        #expect(command.arguments == ["dir", "name"])
        #expect(try Sample.parse("model add dir").arguments == ["dir"])
        #expect(try Sample.parse("torture").path == ["torture"])
    }

    @Test("a declared default is what the getter returns, and a described one is nil")
    func defaults() throws {
        let command = try Sample.parse("run in")
        #expect(try command.int("workers", in: 1...8) == 2)
        #expect(!command.isGiven("workers"))
        #expect(try command.int("max-length", in: 1...8) == nil)
    }

    @Test("numbers, choices and enums come out as their types")
    func typed() throws {
        let command = try Sample.parse(
            "run in --workers 8 --temperature 1.5e-1 --task score --chaos 7"
        )
        #expect(try command.int("workers", in: 1...8) == 8)
        #expect(try command.int("chaos", in: 0...Int.max) == 7)
        #expect(try command.double("temperature", in: 0...2) == 0.15)
        #expect(try command.choice("task", among: ["embed", "score"]) == "score")
        #expect(try command.choice("task", as: Task.self) == .score)
        #expect(try command.require("task", command.string("task")) == "score")
    }

    @Test("the version is asked for at the top and nowhere else")
    func version() throws {
        #expect(try Sample.kennel.parse(["--version"]) == .version("kennel 0.1"))
        #expect(throws: UsageError.self) { try Sample.kennel.parse(["run", "--version"]) }
    }

    @Test("a getter for an option that was never declared is a trap")
    func undeclaredGetter() async {
        await #expect(processExitsWith: .failure) {
            _ = try Sample.parse("run in").string("modle")
        }
    }

    @Test("declarations that contradict each other are a trap")
    func contradictions() async {
        await #expect(processExitsWith: .failure) {
            let twice = CommandSpecification(
                name: "twice",
                summary: "",
                options: [.flag("a", short: "x", ""), .flag("b", short: "x", "")]
            )
            _ = try twice.parse([])
        }
        await #expect(processExitsWith: .failure) {
            let greedy = CommandSpecification(
                name: "greedy",
                summary: "",
                arguments: [.init("A", count: .zeroOrMore, ""), .init("B", "")]
            )
            _ = try greedy.parse(["a", "b"])
        }
    }

    enum Task: String, CaseIterable { case embed, score }
}
