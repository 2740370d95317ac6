import CZstd
import FoundationEssentials
import Glibc
import Platform
import Testing

@Suite("kennel run, as a user runs it", .serialized, .timeLimit(.minutes(10))) struct RunTests {
    struct Answer: Decodable {
        struct Problem: Decodable { let code: String }
        let index: Int
        let label: String?
        let scores: [String: Double]?
        let error: Problem?
    }

    @Test("every line has one answer in its place, bad lines an error with its code")
    func answersInOrder() throws {
        let corpus = try Corpus()
        let outcome = try Program.run(
            corpus.command("out", ["--rejects", corpus.output("rejects")])
        )
        #expect(outcome.code == 1, "done, with errors: \(outcome.errors)")
        let answers = try Folder.bytes(corpus.output("out")).split(separator: 0x0A).map {
            try JSONDecoder().decode(Answer.self, from: Data($0))
        }
        #expect(answers.count == 1505)
        #expect(answers.map(\.index) == (0...1505).filter { $0 != 20 }, "a blank line has none")
        let errors = answers.filter { $0.error != nil }
        #expect(errors.map(\.index) == [10, 30, 40, 50, 1505])
        #expect(
            errors.compactMap(\.error?.code)
                == ["bad_json", "missing_field", "wrong_type", "line_too_large", "bad_utf8"]
        )
        for answer in answers {
            guard let scores = answer.scores else { continue }
            let sum = scores.values.reduce(0, +)
            #expect(abs(sum - 1) < 1e-5)
            #expect(scores.max { $0.value < $1.value }?.key == answer.label)
        }
        let rejects = Folder.bytes(corpus.output("rejects")).split(separator: 0x0A)
        #expect(rejects.count == 5)
        #expect(rejects.first.map { String(decoding: $0, as: UTF8.self) } == "this is no JSON")
    }

    @Test("the bytes are the same for any number of workers and threads")
    func sameBytes() throws {
        let corpus = try Corpus()
        let expected = try corpus.undisturbed()
        for (workers, threads) in [(1, 2), (3, 1)] {
            let name = "out-\(workers)-\(threads)"
            let more = ["--workers", "\(workers)", "--threads", "\(threads)"]
            #expect(try Program.run(corpus.command(name, more)).code == 1)
            #expect(Folder.bytes(corpus.output(name)) == expected)
        }
    }

    @Test("killed at any moment and run again, the output has the same bytes")
    func killedRuns() throws {
        let corpus = try Corpus()
        let expected = try corpus.undisturbed()
        var kills = 0
        var code: Int32 = 137
        while code == 137 {
            // Each life is a little longer, so that the job ends in the end.
            let seconds = 0.05 + 0.05 * Double(kills)
            code = try Program.run(corpus.command("out", ["--workers", "2"]), killedAfter: seconds)
                .code
            kills += code == 137 ? 1 : 0
        }
        #expect(code == 1)
        #expect(kills > 1, "the job must have been killed on its way")
        #expect(Folder.bytes(corpus.output("out")) == expected)
    }

    @Test("a worker makes no report of a crash that would outlive it, unless that is asked for")
    func backtraces() throws {
        for wish in [nil, "enable=yes"] {
            let corpus = try Corpus(records: 4_000)
            let settings =
                wish.map { ["env", "SWIFT_BACKTRACE=\($0)"] } ?? ["env", "-u", "SWIFT_BACKTRACE"]
            let run = try Program.start(settings + [Program.path] + corpus.command("out"))
            defer { ClusterTests.killAll(run) }
            while run.workers.isEmpty, !run.isZombie {}
            let worker = try #require(run.workers.first)
            let said = Folder.text("/proc/\(worker)/environ").split(separator: "\0")
                .filter { $0.hasPrefix("SWIFT_BACKTRACE=") }
            #expect(said.first == "SWIFT_BACKTRACE=\(wish ?? "enable=no")")
        }
    }

    @Test("workers that are killed are started again, and nothing is lost")
    func killedWorkers() throws {
        let corpus = try Corpus(records: 4000)
        let expected = try corpus.undisturbed()
        let run = try Program.start([Program.path] + corpus.command("out", ["--workers", "2"]))
        var killed: Set<pid_t> = []
        let segment = "\(corpus.output("out")).kennel/data/out"
        while killed.count < 4, kill(run.process, 0) == 0, !run.isZombie {
            // Only workers that have begun: once answers are durable, all have.
            guard (try? Files.names(in: segment))?.isEmpty == false else { continue }
            for child in run.children.prefix(1) where !killed.contains(child) {
                kill(child, SIGKILL)
                killed.insert(child)
            }
        }
        let outcome = run.wait()
        #expect(outcome.code == 1, "\(outcome.errors)")
        #expect(!killed.isEmpty)
        #expect(Folder.bytes(corpus.output("out")) == expected)
    }

    @Test("a run that is killed leaves no worker behind, stopped ones included", arguments: 1...5)
    func noOrphans(round: Int) throws {
        let corpus = try Corpus(records: 4000)
        let run = try Program.start([Program.path] + corpus.command("out", ["--workers", "2"]))
        while run.workers.count < 2, !run.isZombie {}
        let workers = run.workers
        #expect(workers.count == 2)
        // Stopped as early as can be, they cannot notice anything: the kernel must end them.
        for worker in workers { kill(worker, SIGSTOP) }
        kill(run.process, SIGKILL)
        #expect(run.wait().code == 137)
        let deadline = ContinuousClock.now + .seconds(10)
        while !workers.allSatisfy(Program.hasEnded), ContinuousClock.now < deadline {}
        #expect(workers.allSatisfy(Program.hasEnded))
    }

    @Test("an interrupted run says how to go on, and goes on") func interruption() throws {
        let corpus = try Corpus(records: 4000)
        let expected = try corpus.undisturbed()
        let run = try Program.start([Program.path] + corpus.command("out"))
        while run.children.isEmpty, !run.isZombie {}
        kill(run.process, SIGINT)
        let outcome = run.wait()
        #expect(outcome.code == 130)
        #expect(outcome.errors.contains("run the same command again"))
        #expect(try Program.run(corpus.command("out")).code == 1)
        #expect(Folder.bytes(corpus.output("out")) == expected)
    }

    @Test("compressed input, a folder of it, and a pipe give the answers of the plain file")
    func compressedInput() throws {
        let corpus = try Corpus(records: 300)
        #expect(try Program.run(corpus.command("plain")).code == 1)
        let expected = Folder.bytes(corpus.output("plain"))
        let folder = corpus.output("folder")
        try Files.makeDirectory(folder)
        try Folder.write(compress(Folder.bytes(corpus.input)), to: "\(folder)/corpus.jsonl.zst")
        let gzip = ["sh", "-c", "gzip -c \"$0\" > \"$0\".gz", corpus.input]
        #expect(try Program.start(gzip).wait().code == 0)
        let pipe = [
            "sh", "-c", "gzip -c \"$0\" | \"$@\"", corpus.input, Program.path, "run", "-",
            "--model",
            Corpus.model, "--output", corpus.output("pipe"), "--max-line-bytes", "8000",
        ]
        #expect(try Program.start(pipe).wait().code == 1)
        #expect(Folder.bytes(corpus.output("pipe")) == expected)
        for (name, input) in [("gzip", "\(corpus.input).gz"), ("zstd", folder)] {
            let words = ["run", input, "--model", Corpus.model, "--output", corpus.output(name)]
            let outcome = try Program.run(words + ["--max-line-bytes", "8000"])
            #expect(outcome.code == 1, "\(outcome.errors)")
            #expect(Folder.bytes(corpus.output(name)) == expected)
            let spools = "\(corpus.output(name)).kennel/data/in"
            #expect(try Files.names(in: spools).isEmpty, "copies stay no longer than their job")
        }
    }

    @Test("a run with compressed input goes on where its state folder was moved, or its copy lost")
    func movedState() throws {
        let corpus = try Corpus(records: 4000)
        let expected = try corpus.undisturbed()
        let input = "\(corpus.input).zst"
        try Folder.write(compress(Folder.bytes(corpus.input)), to: input)
        let (state, moved) = (corpus.output("state"), corpus.output("moved"))
        func words(_ state: String) -> [String] {
            [
                "run", input, "--model", Corpus.model, "--output", corpus.output("out"),
                "--max-line-bytes", "8000", "--shard-records", "50", "--state", state,
            ]
        }
        func killed(_ state: String) throws {
            let segments = "\(state)/data/out"
            let run = try Program.start([Program.path] + words(state))
            while (try? Files.names(in: segments))?.isEmpty != false, !run.isZombie {}
            kill(run.process, SIGKILL)
            #expect(run.wait().code == 137)
        }
        try killed(state)
        try Files.rename(state, to: moved)
        try killed(moved)
        for name in try Files.names(in: "\(moved)/data/in") {
            try Files.remove("\(moved)/data/in/\(name)")
        }
        let last = try Program.run(words(moved))
        #expect(last.code == 1, "\(last.errors)")
        #expect(Folder.bytes(corpus.output("out")) == expected)
        #expect(try Files.names(in: "\(moved)/data/in").isEmpty)
    }

    private func compress(_ bytes: [UInt8]) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
        let count = ZSTD_compress(&output, output.count, bytes, bytes.count, 3)
        return Array(output.prefix(count))
    }

    @Test("Ctrl-C ends a run that waits for its input, and the next run clears up after it")
    func interruptedInput() throws {
        let corpus = try Corpus(records: 60)
        let pipe = corpus.output("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        let writer = try FileDescriptor(opening: pipe, flags: O_RDWR)
        let script = "exec \"$@\" <'\(pipe)'"
        let words = ["run", "-", "--model", Corpus.model, "--output", corpus.output("out")]
        let run = try Program.start(["sh", "-c", script, "sh", Program.path] + words)
        let spools = "\(corpus.output("out")).kennel/data/in"
        while (try? Files.names(in: spools))?.isEmpty != false, !run.isZombie {}
        kill(run.process, SIGINT)
        #expect(run.wait().code == 128 + SIGINT)
        _ = consume writer
        #expect(try Files.names(in: spools).count == 1)
        let again = ["sh", "-c", "exec \"$@\" <'\(corpus.input)'", "sh", Program.path] + words
        #expect(try Program.start(again).wait().code == 1)
        #expect(try Files.names(in: spools).isEmpty, "the job is done")
    }

    @Test("a run that goes on takes the model's new place and the rejects it is asked for now")
    func changedPaths() throws {
        let corpus = try Corpus(records: 4000)
        let expected = try corpus.undisturbed()
        let model = corpus.output("model")
        #expect(try Program.start(["cp", "-r", Corpus.model, model]).wait().code == 0)
        let words = [
            "run", corpus.input, "--output", corpus.output("out"), "--max-line-bytes", "8000",
            "--model",
        ]
        let run = try Program.start([Program.path] + words + [model])
        let segments = "\(corpus.output("out")).kennel/data/out"
        while (try? Files.names(in: segments))?.isEmpty != false, !run.isZombie {}
        kill(run.process, SIGKILL)
        #expect(run.wait().code == 137)
        #expect(rename(model, "\(model)-2") == 0)
        let mine = corpus.output("mine")
        try Folder.write(Array("mine".utf8), to: mine)
        let refused = try Program.run(words + ["\(model)-2", "--rejects", mine])
        #expect(refused.code == 2, "before any work")
        #expect(Folder.text(mine) == "mine")
        let rejects = corpus.output("rejects")
        let again = try Program.run(words + ["\(model)-2", "--rejects", rejects])
        #expect(again.code == 1, "\(again.errors)")
        #expect(Folder.bytes(corpus.output("out")) == expected)
        #expect(Folder.bytes(rejects).split(separator: 0x0A).count == 5)
        let other = try Program.run(words + ["\(model)-2", "--rejects", "\(rejects)-2"])
        #expect(other.code == 2)
        #expect(other.errors.contains("these --rejects were not asked for then"))
    }

    @Test("what is done is not done again") func alreadyDone() throws {
        let corpus = try Corpus(records: 60)
        #expect(try Program.run(corpus.command("out")).code == 1)
        let outcome = try Program.run(corpus.command("out"))
        #expect(outcome.code == 1)
        #expect(outcome.output.hasPrefix("already done: "))
    }
}

extension Program.Running {
    /// Whether the process has ended and waits to be asked for.
    var isZombie: Bool { Program.hasEnded(process) }
}

extension Program {
    /// Whether a process is gone, or has ended and waits for its parent to ask.
    static func hasEnded(_ process: pid_t) -> Bool {
        let state = Folder.text("/proc/\(process)/stat")
        return state.isEmpty || state.contains(") Z ")
    }
}
