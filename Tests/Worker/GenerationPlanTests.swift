import Doge
import FoundationEssentials
import Records
import Testing

@testable import Worker

@Suite("How a record's texts are made") struct GenerationPlanTests {
    /// The plan for flags, a record's own fields and a generation_config.json.
    private func plan(
        flags: (inout GenerationOptions) -> Void = { _ in },
        record fields: (inout GenerationOptions) -> Void = { _ in },
        file: String = "{}",
        promptTokens: Int = 10,
        limit: Int = 1000
    ) throws -> GenerationPlan {
        var options = TaskOptions()
        options.task = .generate
        options.seed = 9
        flags(&options.generation)
        var record = Record(index: 7, id: [], text: [], carried: [])
        fields(&record.generation)
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("kennel-plan-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("generation_config.json")
        try Data(file.utf8).write(to: path)
        return GenerationPlan(
            options,
            record: record,
            promptTokens: promptTokens,
            limit: limit,
            defaults: try GenerationDefaults(directory: folder.path),
            endTokens: [1]
        )
    }

    @Test("where nobody says anything, the likeliest tokens are taken, 256 at most")
    func greedy() throws {
        let choosing = try plan().choosing
        #expect(choosing.parameters == SamplingParameters())
        #expect(choosing.tokensMax == 256 && choosing.samples == 1)
        #expect(choosing.alternatives == nil && choosing.endTokens == [1])
        #expect(choosing.seed == 9 && choosing.record == 7)
    }

    @Test("a flag counts, else the record's own field, else the model's file")
    func order() throws {
        let file = #"{"do_sample":true,"temperature":0.5,"top_p":0.7,"repetition_penalty":1.5}"#
        let parameters = try plan(
            flags: { $0.temperature = 2 },
            record: {
                $0.temperature = 3
                $0.topP = 0.8
            },
            file: file
        ).choosing.parameters
        #expect(parameters.temperature == 2)
        #expect(parameters.topP == 0.8)
        #expect(parameters.repetitionPenalty == 1.5)
        #expect(parameters.topK == 50, "transformers' own default")
    }

    @Test("the file's numbers draw tokens only where it says so, its penalty counts always")
    func fileAlone() throws {
        let quiet = #"{"temperature":0.5,"top_k":7,"repetition_penalty":1.5}"#
        let greedy = try plan(file: quiet).choosing.parameters
        #expect(greedy.temperature == 0 && greedy.repetitionPenalty == 1.5)
        let asked = try plan(flags: { $0.topP = 0.9 }, file: quiet).choosing.parameters
        #expect(asked.temperature == 0.5 && asked.topK == 7 && asked.topP == 0.9)
    }

    @Test("who names a filter asks for sampling; a temperature of 0 takes it back")
    func filters() throws {
        for set: (inout GenerationOptions) -> Void in [
            { $0.topK = 3 }, { $0.topP = 0.5 }, { $0.minP = 0.1 },
        ] {
            #expect(try plan(record: set).choosing.parameters.temperature == 1)
        }
        let zero = try plan(flags: { $0.temperature = 0 }, record: { $0.topK = 3 })
        #expect(zero.choosing.parameters.temperature == 0)
        #expect(
            try plan(flags: { ($0.topK, $0.temperature) = (0, 1) }).choosing.parameters.topK == 0
        )
    }

    @Test("answers have the tokens asked for, as far as the limit leaves room")
    func lengths() throws {
        #expect(try plan(flags: { $0.maxNewTokens = 5 }).choosing.tokensMax == 5)
        let cut = try plan(flags: { $0.maxNewTokens = 50 }, promptTokens: 90, limit: 100)
        #expect(cut.choosing.tokensMax == 10)
        #expect(try plan(file: #"{"max_new_tokens":33}"#).choosing.tokensMax == 33)
        #expect(try plan(file: #"{"max_length":33}"#).choosing.tokensMax == 23)
        #expect(try plan(file: #"{"max_length":8}"#).choosing.tokensMax == 1)
    }

    @Test("stop texts of the record replace the file's, an empty list too")
    func stops() throws {
        let file = #"{"stop_strings":["x"]}"#
        #expect(try plan(file: file).stops == ["x"])
        #expect(try plan(record: { $0.stop = ["y", "z"] }, file: file).stops == ["y", "z"])
        #expect(try plan(record: { $0.stop = [] }, file: file).stops.isEmpty)
    }
}
