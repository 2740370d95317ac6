import Records
import Testing

@testable import kennel

@Suite("How many records a shard may have") struct AnswerEstimateTests {
    static func records(
        _ task: TaskOptions.Task,
        labels: [String] = [],
        width: Int = 4096,
        _ change: (inout TaskOptions) -> Void = { _ in }
    ) -> Int? {
        var options = TaskOptions()
        options.task = task
        change(&options)
        return AnswerEstimate(options, labels: labels, width: width).shardRecordsMax
    }

    @Test("short answers need no limit of their own") func short() {
        #expect(Self.records(.classify, labels: ["a", "b"]) == nil)
        #expect(Self.records(.score) == nil)
        #expect(Self.records(.embed, width: 256) == nil)
    }

    @Test("many labels make small shards, unless few of them are named") func labels() {
        let labels = (0..<10_000).map { "label \($0)" }
        let all = Self.records(.classify, labels: labels)
        #expect(all.map { (50...150).contains($0) } == true)
        #expect(Self.records(.classify, labels: labels) { $0.topLabels = 5 } == nil)
        // A choice has two numbers.
        let choices = Self.records(.classify, labels: labels) { $0.choices = labels }
        #expect(choices.map { $0 * 2 } == all.map { $0 / 2 * 2 })
    }

    @Test("vectors make shards as small as they are wide") func vectors() {
        #expect(Self.records(.embed) == 585)
        #expect(Self.records(.embed, width: 1 << 30) == 1)
    }

    @Test("texts come in small shards, smaller where much is asked for") func texts() {
        #expect(Self.records(.generate) == 128)
        #expect(Self.records(.generate) { $0.generation.maxNewTokens = 1 } == 128)
        let many = Self.records(.generate) { options in
            options.generation.n = 8
            options.generation.logprobs = 5
        }
        // 33,554,432 / (8 * 256 * (8 + 6 * 120))
        #expect(many == 22)
        let most = Self.records(.generate) { options in
            options.generation.n = 64
            options.generation.logprobs = 20
            options.generation.maxNewTokens = 1 << 20
            options.tokenIDs = true
        }
        #expect(most == 1)
    }
}
