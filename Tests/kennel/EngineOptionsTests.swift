import CommandLine
import Doge
import Platform
import Records
import Testing

@testable import kennel

@Suite("How an engine's threads are asked for") struct EngineOptionsTests {
    private static func options(_ words: [String], cores: Int = 8) throws -> EngineOptions {
        try EngineOptions(try JobOptionsTests.command(words), cores: cores)
    }

    @Test("the model decides where nothing is said; auto says the same")
    func usual() throws {
        for words in [[], ["--replicas", "auto"], ["--tensor-parallel=auto", "--threads=8"]] {
            let layout = try Self.options(words).layout
            #expect(layout.threads == 8 && layout.replicas == nil && layout.ranks == nil)
            #expect(layout.cacheBytes > 0)
        }
    }

    @Test("one number shares the cores out, both count alone, more than there are cores included")
    func numbers() throws {
        for (words, threads, replicas, ranks) in [
            (["--replicas=3"], 6, 3, nil), (["--tensor-parallel=5"], 5, nil, 5),
            (["--replicas=2", "--tensor-parallel=3"], 6, 2, 3), (["--replicas=9"], 9, 9, nil),
            (["--replicas=2", "--threads=10"], 10, 2, nil),
            (["--replicas=16", "--tensor-parallel=64"], 1024, 16, 64),
        ] as [([String], Int, Int?, Int?)] {
            let layout = try Self.options(words).layout
            #expect(layout.threads == threads && layout.replicas == replicas, "\(words)")
            #expect(layout.ranks == ranks)
        }
    }

    @Test("the words for a worker process mean the same there")
    func words() throws {
        for words in [[], ["--replicas=3"], ["--tensor-parallel=5"], ["--threads=7"]] {
            let options = try Self.options(words)
            #expect(try Self.options(options.words, cores: 1).layout == options.layout)
        }
        let free = try Self.options(["--no-pin"])
        #expect(free.words == ["--threads", "8", "--no-pin"])
        let kept = try Self.options(["--pin"])
        #expect(kept.words == ["--threads", "8", "--pin"])
        let both = try Self.options(["--replicas=2", "--tensor-parallel=3"])
        #expect(
            both.words == ["--threads", "6", "--replicas", "2", "--tensor-parallel", "3"]
        )
    }

    @Test("threads may be pinned unless somebody says no, or other workers share the cores")
    func pinning() throws {
        guard case .usual(let machine) = try Self.options([]).pinning,
            case .on = try Self.options(["--pin"]).pinning
        else {
            Issue.record("the cores of this machine can be read")
            return
        }
        #expect(machine.topology.hardwareThreads.count == EngineOptions.cores)
        for (words, isAlone, isAsked) in [
            (["--no-pin"], true, true), (["--no-pin"], false, true), ([], false, false),
        ] {
            let command = try JobOptionsTests.command(words)
            let options = try EngineOptions(command, cores: 2, isAlone: isAlone)
            guard case .off(let objection) = options.pinning else {
                Issue.record("\(words), \(isAlone)")
                continue
            }
            #expect((objection == .asked) == isAsked)
            #expect(options.words.last == "--no-pin")
        }
        let command = try JobOptionsTests.command(["--pin"])
        let error = #expect(throws: UsageError.self) {
            try EngineOptions(command, cores: 2, isAlone: false)
        }
        #expect(
            error?.description == "--pin means nothing where several workers share the cores; "
                + "leave it out, or say --workers 1"
        )
    }

    @Test(
        "what does not go together is refused in one sentence",
        arguments: [
            (
                ["--replicas=x"],
                #"--replicas expects auto or a whole number from 1 to 1024, got "x""#
            ),
            (["--threads=0"], #"--threads expects a whole number from 1 to 1024, got "0""#),
            (
                ["--replicas=1024", "--tensor-parallel=1024"],
                "--replicas expects at most 1024 threads in all teams together, got 1048576"
            ),
            (
                ["--tensor-parallel=2", "--threads=5"],
                "--threads expects a multiple of --tensor-parallel, which is 2, got 5"
            ),
            (
                ["--pin", "--no-pin"],
                "--pin means nothing beside --no-pin; leave it out, or leave out --no-pin"
            ),
            (
                ["--replicas=2", "--tensor-parallel=2", "--threads=8"],
                "--threads expects the product of --replicas and --tensor-parallel, which is 4, "
                    + "got 8"
            ),
        ]
    )
    func refused(words: [String], sentence: String) {
        let error = #expect(throws: UsageError.self) { try Self.options(words) }
        #expect(error?.description == sentence)
    }

    @Test("auto never rounds to whole numbers, and says what it chose")
    func numberTypes() throws {
        for (words, type) in [([], "f32"), (["--dtype=bf16"], "bf16"), (["--dtype=int8"], "int8")] {
            #expect(try JobOptionsTests.options(words).dtype.rawValue == type)
            #expect(try JobOptions.numberType(JobOptionsTests.command(words)).sentence == nil)
        }
        let auto = try JobOptions.numberType(try JobOptionsTests.command(["--dtype", "auto"]))
        #expect(auto.type == (InstructionSet.multipliesBF16 ? .bf16 : .f32))
        #expect(auto.sentence?.hasPrefix("dtype auto is \(auto.type.rawValue) here: ") == true)
    }
}
