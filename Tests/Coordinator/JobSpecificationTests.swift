import Records
import Testing

@testable import Coordinator

@Suite("What makes a job the same") struct JobSpecificationTests {
    private static let input = JobSpecification.Input(
        path: "/in/été \"a\".jsonl",
        byteCount: 5,
        modificationTime: .max,
        spool: nil
    )

    private static var job: JobSpecification {
        JobSpecification(
            inputs: [
                input,
                JobSpecification.Input(
                    path: "-",
                    byteCount: 0,
                    modificationTime: -1,
                    spool: JobSpecification.Spool(name: "copy", byteCount: 70, digest: "ab")
                ),
            ],
            modelPath: "/models/one",
            modelDigest: "0123",
            options: TaskOptions(),
            output: "/out/answers",
            rejects: nil,
            replacesOutput: false
        )
    }

    private func differences(_ change: (inout JobSpecification) -> Void) -> [String] {
        var other = Self.job
        change(&other)
        return other.identity.differences(from: Self.job.identity)
    }

    @Test("how a job is carried out does not make it another one") func sameJob() {
        let same = differences { job in
            job.modelPath = "/elsewhere"
            job.rejects = "/rejects"
            job.replacesOutput = true
            job.inputs[0].spool = JobSpecification.Spool(name: "b", byteCount: 9, digest: nil)
        }
        #expect(same == [])
    }

    @Test("each thing that makes it another one is named") func otherJob() {
        #expect(differences { $0.inputs.removeLast() } == ["the input files are others"])
        #expect(differences { $0.inputs.swapAt(0, 1) } == ["the input files are others"])
        let changed = ["\(Self.input.path) has changed"]
        #expect(differences { $0.inputs[0].byteCount += 1 } == changed)
        #expect(differences { $0.inputs[0].modificationTime -= 1 } == changed)
        #expect(differences { $0.modelDigest = "4" } == ["the model's files are others"])
        #expect(differences { $0.options.topLabels = 1 } == ["the task's options are others"])
        let dtype = "the dtype was to be f32"
        #expect(differences { $0.options.dtype = .bf16 } == [dtype])
        let both = differences { job in
            job.options.dtype = .int8
            job.options.seed = 1
        }
        #expect(both == [dtype, "the task's options are others"])
        #expect(
            differences { $0.output = "/other" } == ["the output was to be /out/answers"]
        )
        let all = differences { job in
            job.inputs = []
            job.modelDigest = ""
            job.options.carry = ["a"]
            job.output = ""
        }
        #expect(all.count == 4)
    }

    @Test("every option that changes answers makes it another job") func options() {
        let changes: [(inout TaskOptions) -> Void] = [
            { $0.textField = "body" }, { $0.idField = "key" }, { $0.carry = ["lang"] },
            { $0.maxLength = 5 }, { $0.truncate = .left }, { $0.topLabels = 2 },
            { $0.tokenIDs = true }, { $0.maxLineBytes = 64 }, { $0.task = .score },
            { $0.choices = ["a", "b"] }, { $0.choiceScore = .mean }, { $0.pooling = .mean },
            { $0.seed = 1 }, { $0.generation.maxNewTokens = 1 }, { $0.generation.topK = 0 },
            { $0.generation.temperature = 0 }, { $0.generation.topP = 1 },
            { $0.generation.minP = 0 }, { $0.generation.repetitionPenalty = 1 },
            { $0.generation.stop = [] }, { $0.generation.n = 1 }, { $0.generation.logprobs = 0 },
        ]
        for change in changes {
            #expect(differences { change(&$0.options) } == ["the task's options are others"])
        }
    }

    @Test("the size of a job's input is that of what is read") func inputBytes() {
        #expect(Self.job.inputBytes == 75)
    }

    @Test("a specification goes through the ledger's text unchanged") func roundTrip() throws {
        let text = CanonicalJSON.encode(Self.job)
        #expect(!text.contains("\n"))
        #expect(try CanonicalJSON.decode(JobSpecification.self, from: text) == Self.job)
        let identity = CanonicalJSON.encode(Self.job.identity)
        #expect(try CanonicalJSON.decode(JobIdentity.self, from: identity) == Self.job.identity)
    }

    @Test("a copy lies where the state folder is now, also one that was written down from the root")
    func movedCopy() throws {
        let now = JobSpecification.Spool(name: "a.jsonl", byteCount: 7, digest: "ab")
        #expect(now.path == "data/in/a.jsonl")
        #expect(now.path(in: "/new") == "/new/data/in/a.jsonl")
        let text = #"{"path": "/old/state/data/in/b.jsonl", "byteCount": 7}"#
        let older = try CanonicalJSON.decode(JobSpecification.Spool.self, from: text)
        #expect(older.path(in: "/new") == "/new/data/in/b.jsonl")
        #expect(older.digest == nil)
    }

    @Test("equal values are equal text: sorted keys, plain slashes") func canonical() {
        let one = ["b": "/x/y", "a": "é", "c": "\"\n"]
        let text = #"{"a":"é","b":"/x/y","c":"\"\n"}"#
        #expect(CanonicalJSON.encode(one) == text)
        #expect(CanonicalJSON.encode(Self.job) == CanonicalJSON.encode(Self.job))
    }

    @Test("a text that is no specification is an error", arguments: ["", "{", "[]", "{}", "null"])
    func notASpecification(text: String) {
        #expect(throws: (any Error).self) {
            _ = try CanonicalJSON.decode(JobSpecification.self, from: text)
        }
    }
}
