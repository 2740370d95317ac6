import Testing

@testable import Records

@Suite("How texts are generated") struct GenerationOptionsTests {
    static var full: GenerationOptions {
        var options = GenerationOptions()
        options.maxNewTokens = 5
        options.temperature = 0.5
        options.topK = 4
        options.topP = 0.9
        options.minP = 0.1
        options.repetitionPenalty = 1.1
        options.stop = ["a"]
        options.n = 2
        options.logprobs = 3
        return options
    }

    @Test("what counts more stands, and where it is silent the other speaks") func merged() {
        #expect(GenerationOptions().merged(over: Self.full) == Self.full)
        #expect(Self.full.merged(over: GenerationOptions()) == Self.full)
        var other = Self.full
        for parameter in GenerationOptions.Parameter.allCases { other[parameter] = 1 }
        other.stop = []
        #expect(other.merged(over: Self.full) == other)
        #expect(Self.full.merged(over: other) == Self.full)
        var mine = GenerationOptions()
        mine.temperature = 0
        let merged = mine.merged(over: Self.full)
        #expect(merged.temperature == 0)
        #expect(merged.topK == 4 && merged.stop == ["a"])
    }

    @Test(
        "each number has its limits",
        arguments: [
            ("max_new_tokens", [1, 256, 1_048_576], [0, -1, 1.5, 1_048_577, .infinity, .nan]),
            ("temperature", [0, 0.7, 100], [-0.01, 100.5, .infinity, .nan]),
            ("top_k", [0, 50, 1_048_576], [-1, 0.5, 1e300]),
            ("top_p", [1e-9, 0.5, 1], [0, -1, 1.001, .nan]),
            ("min_p", [0, 0.5, 1], [-0.1, 1.1, .nan]),
            ("repetition_penalty", [0.01, 1, 100], [0, -1, 101, .infinity]),
            ("n", [1, 64], [0, 65, 1.5]),
            ("logprobs", [0, 20], [-1, 21, 0.1]),
        ] as [(String, [Double], [Double])]
    )
    func limits(name: String, allowed: [Double], refused: [Double]) throws {
        let parameter = try #require(GenerationOptions.Parameter(rawValue: name))
        for number in allowed {
            #expect(parameter.allows(number), "\(number)")
            var options = GenerationOptions()
            options[parameter] = number
            #expect(options[parameter] == number)
            #expect(options.fault == nil)
            #expect(options != GenerationOptions())
        }
        for number in refused { #expect(!parameter.allows(number), "\(number)") }
    }

    @Test("a number is refused with its name and its limits") func fault() {
        var options = Self.full
        #expect(options.fault == nil)
        options.topP = 0
        let expected = "a number above 0, at most 1"
        #expect(options.fault == OptionFault(name: "top_p", expected: expected, got: "0.0"))
    }

    @Test(
        "stop texts are few and short, and none is empty",
        arguments: [
            ([], nil), ([" "], nil), (Array(repeating: "a", count: 16), nil),
            ([String(repeating: "é", count: 512)], nil), ([""], "a text of 0 bytes"),
            (["a", String(repeating: "é", count: 513)], "a text of 1026 bytes"),
            (Array(repeating: "a", count: 17), "17 texts"),
        ] as [([String], String?)]
    )
    func stop(texts: [String], got: String?) {
        let fault = got.map {
            let expected = "at most 16 texts of 1 to 1024 bytes"
            return OptionFault(name: "stop", expected: expected, got: $0)
        }
        #expect(GenerationOptions.fault(ofStop: texts) == fault)
    }
}
