import Testing
import Wire

@Suite("Limits of a message") struct LimitTests {
    @Test(
        "a long reason of a failure is cut between two characters",
        arguments: ["x", "é", "秋", "🐕"]
    )
    func longFailure(character: String) throws {
        let text = "y" + String(repeating: character, count: 10_000)
        let message = WorkerMessage.fail(lease: 1, .engine, record: -1, text: text)
        let frames = message.encode(Sample.envelope)
        guard case .fail(_, _, _, let cut) = try WorkerMessage.decode(frames).1 else {
            Issue.record("a failure became another message")
            return
        }
        #expect(text.hasPrefix(cut))
        let most = WireLimits.textBytesMax
        #expect((most - 3...most).contains(cut.utf8.count))
    }

    @Test("a long reason of a refusal is cut") func longRefusal() throws {
        let text = String(repeating: "z", count: 10_000)
        let frames = CoordinatorMessage.refuse(.full, retryAfterMilliseconds: 1, text: text)
            .encode(Sample.envelope)
        guard case .refuse(_, _, let cut) = try CoordinatorMessage.decode(frames).1 else {
            Issue.record("a refusal became another message")
            return
        }
        #expect(cut.utf8.count == WireLimits.textBytesMax)
    }

    @Test("the longest names and all leases of a list fit into a greeting") func greeting() {
        let name = String(repeating: "n", count: WireLimits.nameBytesMax)
        let hello = Hello(
            build: name,
            machineID: name,
            bootID: name,
            instance: name,
            cores: .max,
            memoryMiB: .max,
            models: [],
            slots: .max,
            held: Sample.leases.map { HeldLease(lease: $0, isDone: true) }
        )
        let frames = WorkerMessage.hello(hello).encode(Sample.envelope)
        #expect(frames.header.count <= WireLimits.headerBytesMax)
    }

    @Test("the longest model path and options fit into an assignment") func assignment() {
        var assign = CoordinatorMessage.assign(text: "", number: .max, bytes: Sample.full)
        assign.job = String(repeating: "j", count: 26)
        assign.modelDigest = String(repeating: "d", count: 64)
        assign.modelPath = String(repeating: "/", count: 1000)
        assign.options = String(repeating: "o", count: WireLimits.taskBytesMax - 1000)
        let frames = CoordinatorMessage.assign(assign).encode(Sample.envelope)
        #expect(frames.header.count <= WireLimits.headerBytesMax)
        #expect(frames.header.count > WireLimits.headerBytesMax - 100, "no room is given away")
    }
}
