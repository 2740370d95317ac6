import Testing

@testable import Doge

@Suite("What is told of a model") struct ModelSummaryTests {
    private func summary(_ name: String) throws -> ModelSummary {
        try ModelSummary(directory: Golden.checkpoint(name))
    }

    /// Counts of transformers' `num_parameters()`.
    @Test(
        "parameters are counted as transformers counts them",
        arguments: [
            ("causal-untied", 94_020), ("causal-xielu", 54_470), ("body", 54_882),
            ("causal-moe", 66_596), ("older-names", 66_596),
        ]
    )
    func parameters(name: String, count: Int) throws {
        #expect(try summary(name).parameters == count)
    }

    @Test("experts that a token does not consult are not active")
    func active() throws {
        let dense = try summary("causal")
        #expect(dense.activeParameters == dense.parameters && dense.experts == nil)
        let sparse = try summary("causal-moe")
        let experts = try #require(sparse.experts)
        #expect(experts.reachable == 64 && experts.count == 70, "a square of the keys")
        let idle = 2 * sparse.layers * (experts.count - experts.perToken)
        let width = sparse.configuration.hiddenSize
        #expect(sparse.activeParameters == sparse.parameters - idle * width)
    }

    @Test("tasks follow from what stands on top of the layers")
    func tasks() throws {
        #expect(try summary("dense").tasks == [.classify, .embed])
        #expect(try summary("causal").tasks == [.generate, .score, .embed])
        #expect(try summary("causal-untied").tasks == [.generate, .score, .embed])
        #expect(try summary("body").tasks == [.embed])
    }

    @Test("memory counts the head beside embeddings that it is tied to, and whole pages")
    func memory() throws {
        let tied = try summary("causal")
        let c = tied.configuration
        let head = c.vocabularySize * c.hiddenSize
        #expect(tied.weightBytes == 4 * (tied.parameters + head))
        let untied = try summary("causal-untied")
        #expect(untied.weightBytes == 4 * untied.parameters)
        let window = try summary("causal-window")
        #expect(window.cacheBytesPerText == 64 * window.cacheBytesPerToken, "one page is enough")
        #expect(tied.fileBytes > 2 * tied.parameters)
    }

    @Test("rotary types and activations are called as configurations call them")
    func names() throws {
        #expect(try summary("yarn").rotary == "yarn" && summary("longrope").rotary == "longrope")
        #expect(try summary("causal-dynamic").rotary == "dynamic")
        #expect(try summary("linear").rotaryFactor != nil)
        #expect(try summary("causal").activation == "silu")
        #expect(try summary("causal-xielu").activation == "xielu")
    }
}
