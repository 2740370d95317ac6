import Glibc
import Platform
import Testing

@Suite("What kennel refuses, and how it says so", .serialized, .timeLimit(.minutes(10)))
struct RefusalTests {
    let corpus: Corpus

    init() throws {
        corpus = try Corpus(records: 60)
    }

    @Test("an output that is not this job's is never touched") func foreignOutput() throws {
        try Folder.write(Array("mine".utf8), to: corpus.output("out"))
        let outcome = try Program.run(corpus.command("out"))
        #expect(outcome.code == 2)
        #expect(outcome.errors.contains("--force"))
        #expect(Folder.text(corpus.output("out")) == "mine")
        #expect(try Program.run(corpus.command("out", ["--force"])).code == 1)
        #expect(Folder.text(corpus.output("out")) != "mine")
    }

    @Test("too few descriptors, and output that is lost, have a sentence and a code of their own")
    func surroundings() throws {
        func shell(_ script: String) throws -> Program.Outcome {
            try Program.start(["timeout", "20", "sh", "-c", script, Program.path]).wait()
        }
        let few = try shell("ulimit -n 16; exec \"$0\" status --state /nowhere")
        #expect(few.code == 78)
        #expect(few.errors.contains("only 16 files may be open at once, and 64 are needed"))
        // A process may raise its own soft limit, and kennel does.
        #expect(try shell("ulimit -S -n 16; exec \"$0\" --version").code == 0)
        let full = try shell("exec \"$0\" --help > /dev/full")
        #expect(full.code == 74)
        #expect(full.errors.contains("standard output did not take all that was printed"))
        #expect(try shell("\"$0\" --help | true").code == 0)
    }

    @Test("neither answers nor rejects ever replace an input, a folder or each other")
    func dangerousTargets() throws {
        let before = Folder.bytes(corpus.input)
        #expect(symlink("/nowhere/at/all", corpus.output("link")) == 0)
        let cases: [([String], String)] = [
            (["--output", corpus.input, "--force"], "is an input of the job"),
            (["--output", corpus.folder, "--force"], "is no regular file"),
            (["--output", "/dev/null", "--force"], "is no regular file"),
            (["--output", corpus.output("link")], "is a link to nothing"),
            (["--output", corpus.output(String(repeating: "n", count: 300))], "longer than 255"),
            (["--output", ""], "got an empty text"),
            (["--output", corpus.output("a"), "--carry", "k,k"], "names k twice"),
            (["--output", corpus.output("a"), "--rejects", corpus.output("a")], "both name"),
            (["--output", corpus.output("a"), "--rejects", corpus.input], "is an input"),
            (["--output", "\(Corpus.model)/answers", "--force"], "is in the model's folder"),
            (
                ["--output", corpus.output("a"), "--rejects", "\(Corpus.model)/config.json"],
                "is in the model's folder"
            ),
            (
                ["--output", corpus.output("ledger.sqlite-wal"), "--state", corpus.folder],
                "is kept by the coordinator itself"
            ),
        ]
        for (words, hint) in cases {
            let outcome = try Program.run(["run", corpus.input, "--model", Corpus.model] + words)
            #expect(outcome.code == 2)
            #expect(outcome.errors.contains(hint), "\(outcome.errors)")
        }
        #expect(Folder.bytes(corpus.input) == before)
        try Folder.write(Array("mine".utf8), to: corpus.output("rejects"))
        let rejects = ["--rejects", corpus.output("rejects")]
        #expect(try Program.run(corpus.command("out", rejects)).code == 2)
        #expect(Folder.text(corpus.output("rejects")) == "mine")
        #expect(try Program.run(corpus.command("out", rejects + ["--force"])).code == 1)
        #expect(Folder.text(corpus.output("rejects")).contains("this is no JSON"))
    }

    @Test("a state folder of another job is refused, naming what differs") func otherJob() throws {
        #expect(try Program.run(corpus.command("out")).code == 1)
        let options = try Program.run(corpus.command("out", ["--top-labels", "1"]))
        #expect(options.code == 2)
        #expect(options.errors.contains("the task's options are others"))
        try Folder.write(Array(#"{"text": "new"}"#.utf8), to: corpus.input)
        let changed = try Program.run(corpus.command("out"))
        #expect(changed.code == 2)
        #expect(changed.errors.contains("corpus.jsonl has changed"))
    }

    @Test("a worker refuses an address without a port and a name that fits into no message")
    func workerOptions() throws {
        let short = try Program.run([
            "worker", "--coordinator", "tcp://127.0.0.1:9", "--walltime=36", "--drain-seconds=30",
        ])
        #expect(short.code == 2 && short.errors.contains("--walltime expects"), "\(short.errors)")
        let noPort = try Program.run(["worker", "--coordinator", "tcp://localhost"])
        #expect(noPort.code == 78)
        #expect(noPort.errors.contains("expected tcp://HOST:PORT"))
        let name = String(repeating: "n", count: 5_000)
        let longName = try Program.run(
            ["worker", "--coordinator", "tcp://127.0.0.1:9", "--instance", name],
            killedAfter: 20
        )
        #expect(longName.code == 2)
        #expect(longName.errors.contains("--instance"))
    }

    @Test("two runs never share a state folder") func lockedState() throws {
        let path = "\(corpus.output("out")).kennel/data"
        try Files.makeDirectory(path)
        let lock = try FileDescriptor(opening: "\(path)/lock", flags: O_RDWR | O_CREAT)
        #expect(flock(lock.raw, LOCK_EX) == 0)
        let outcome = try Program.run(corpus.command("out"))
        #expect(outcome.code == 73)
        #expect(outcome.errors.contains("another kennel works in the state folder"))
    }

    @Test(
        "bad command lines are sentences with exit code 2",
        arguments: [
            (["run"], "--model"),
            (["run", "--model", "x", "--output", "/tmp/y"], "no input"),
            (["run", "/nowhere.jsonl", "--model", "x", "--output", "/tmp/y"], "/nowhere.jsonl"),
            (["run", "a", "--model", "x", "--output", "/nowhere/y"], "a"),
            (["rnu"], "run"),
            (["run", "--modle", "x"], "--model"),
            (["run", "a", "--model", "x", "--output", "y", "--truncate", "up"], "--truncate"),
            (["run", "a", "--model", "x", "--output", "y", "--carry", "label"], "--carry label"),
            (
                ["run", "a", "--model", "x", "--output", "y", "--task=embed", "--top-labels", "1"],
                "--top-labels means nothing for the task embed"
            ),
            (["run", "a", "--model", "x", "--output", "y", "--choices", "a"], "got only one"),
        ]
    )
    func badCommandLines(words: [String], hint: String) throws {
        let outcome = try Program.run(words)
        #expect(outcome.code == 2)
        #expect(outcome.errors.contains(hint), "\(outcome.errors)")
        #expect(outcome.errors.split(separator: "\n").count == 1, "one sentence")
    }

    @Test("where no coordinator answers, trying again later may help") func noCoordinator() throws {
        let outcome = try Program.run(["status", "--state", "/nowhere"])
        #expect(outcome.code == 75)
        #expect(outcome.errors.contains("kennel coordinator"))
    }

    @Test("a checkpoint that cannot classify is refused before anything is started")
    func notAClassifier() throws {
        let folder = corpus.output("model")
        let copy = ["cp", "-r", Corpus.model, folder]
        #expect(try Program.start(copy).wait().code == 0)
        var bytes = Folder.bytes("\(folder)/model.safetensors")
        let name = Array("score.weight".utf8)
        let start = try #require(bytes.firstRange(of: name)).lowerBound
        bytes.replaceSubrange(start..<start + name.count, with: Array("scare.weight".utf8))
        try Folder.write(bytes, to: "\(folder)/model.safetensors")
        let words = ["run", corpus.input, "--model", folder, "--output", corpus.output("out")]
        let outcome = try Program.run(words)
        #expect(outcome.code == 2)
        #expect(outcome.errors.contains("score.weight"), "\(outcome.errors)")
    }

    @Test("a model that no worker can open ends a run at once, with the worker's words")
    func unreadableModel() throws {
        let folder = corpus.output("model")
        #expect(try Program.start(["cp", "-r", Corpus.model, folder]).wait().code == 0)
        try Folder.write(Array("{}".utf8), to: "\(folder)/tokenizer.json")
        let words = ["run", corpus.input, "--model", folder, "--output", corpus.output("out")]
        let start = ContinuousClock.now
        let outcome = try Program.run(words)
        #expect(outcome.code == 3)
        #expect(outcome.errors.contains("tokenizer.json"), "\(outcome.errors)")
        // Others, of a cluster, would have a minute to come.
        #expect(ContinuousClock.now - start < .seconds(50))
    }

    @Test("a coordinator without keys listens on this machine only") func loopbackOnly() throws {
        let state = try Folder.make()
        let outcome = try Program.run([
            "coordinator", "--state", state, "--listen", "tcp://0.0.0.0:5750",
        ])
        #expect(outcome.code == 78)
        #expect(outcome.errors.contains("tcp://127.0.0.1:5750"))
    }

    @Test("a model that is not there is named") func missingModel() throws {
        let outcome = try Program.run([
            "run", corpus.input, "--model", "/nowhere", "--output", corpus.output("out"),
        ])
        #expect(outcome.code == 2)
        #expect(outcome.errors.contains("/nowhere"))
    }

    @Test(
        "each command explains itself",
        arguments: [[], ["run"], ["coordinator"], ["worker"], ["submit"], ["status"]]
    )
    func help(command: [String]) throws {
        let outcome = try Program.run(command + ["--help"])
        #expect(outcome.code == 0)
        #expect(outcome.output.contains("Usage:"))
    }

    @Test("the version is told") func version() throws {
        let outcome = try Program.run(["--version"])
        #expect(outcome.code == 0)
        #expect(outcome.output.hasPrefix("kennel 0."))
    }
}
