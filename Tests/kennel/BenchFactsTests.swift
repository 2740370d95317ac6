import Testing

@testable import kennel

@Suite("What a measurement tells") struct BenchFactsTests {
    private func facts(_ operations: Double, of limit: Double) -> BenchFacts {
        var run = BenchFacts.Run(dtype: "f32", tokensPerSecond: 1_000)
        run.setShare(operations, of: limit)
        return BenchFacts(limits: ["f32": limit], runs: [run])
    }

    @Test("a figure below the machine's limit is told as its share")
    func share() {
        let facts = facts(50, of: 80)
        #expect(BenchPage(facts).text.hasSuffix("f32, 1 x 1: 1000 tokens/s, 63 % of the limit"))
        #expect(facts.json.contains(#""limitShare":0.625"#) && !facts.json.contains("OverLimit"))
    }

    @Test("a figure above it is no share, and is told as what it is")
    func over() {
        let facts = facts(90, of: 80)
        #expect(BenchPage(facts).text.contains("more than was seen in registers"))
        #expect(!BenchPage(facts).text.contains("%"))
        #expect(facts.json.contains(#""isOverLimit":true"#) && !facts.json.contains("limitShare"))
    }
}
