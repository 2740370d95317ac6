import FoundationEssentials
import Testing

@testable import Records

@Suite("Options of a task") struct TaskOptionsTests {
    @Test("options come back from JSON as they were") func roundTrip() throws {
        var options = TaskOptions()
        for _ in 0..<2 {
            let text = String(decoding: try JSONEncoder().encode(options), as: UTF8.self)
            #expect(try TaskOptions.decode(text) == options)
            options.dtype = .int8
            options.textField = "a\"é"
            options.idField = ""
            options.carry = ["b", "a"]
            options.maxLength = 9
            options.truncate = .left
            options.topLabels = 2
            options.tokenIDs = true
            options.maxLineBytes = 1
            options.task = .generate
            options.choices = [" a,b", "é"]
            options.choiceScore = .mean
            options.pooling = .mean
            options.seed = .max
            options.generation.temperature = 0.7
            options.generation.stop = ["\n", ","]
        }
    }

    @Test("options of a version that knew nothing but classify are read, and written the same")
    func earlierVersion() throws {
        let text =
            #"{"carry":["a"],"dtype":"f32","idField":"id","maxLineBytes":4194304,"#
            + #""task":"classify","textField":"text","tokenIDs":false,"topLabels":2}"#
        var expected = TaskOptions()
        expected.carry = ["a"]
        expected.textField = "text"
        expected.topLabels = 2
        let options = try TaskOptions.decode(text)
        #expect(options == expected)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(String(decoding: try encoder.encode(options), as: UTF8.self) == text)
        #expect(try TaskOptions.decode("{}") == TaskOptions())
    }

    @Test("a field of a later version is refused by name, as is one inside generation")
    func laterVersion() throws {
        for text in [#"{"beams":4}"#, #"{"generation":{"beams":4}}"#] {
            let error = try #require(throws: DecodingError.self) { try TaskOptions.decode(text) }
            guard case .dataCorrupted(let context) = error else {
                Issue.record("\(error)")
                continue
            }
            let expected =
                "the field beams is not known to this version; use the same Kennel on every host"
            #expect(context.debugDescription == expected)
        }
    }

    @Test(
        "choices are none, or two and more that differ",
        arguments: [
            ([], nil), (["a", "b"], nil), ([" a", "a", ","], nil), (["\u{e9}", "e\u{301}"], nil),
            (["a"], "only one"), (["a", ""], "an empty one"), ([""], "an empty one"),
            (["a", "b", "a"], "one of them twice"),
        ] as [([String], String?)]
    )
    func choices(choices: [String], got: String?) {
        var options = TaskOptions()
        options.choices = choices
        let fault = got.map {
            OptionFault(name: "choices", expected: "two or more texts that differ", got: $0)
        }
        #expect(options.fault == fault)
    }

    @Test("a line may have 4 MiB unless another limit is asked for") func lineLimit() {
        #expect(TaskOptions().maxLineBytes == 4_194_304)
    }

    @Test(
        "options of another shape are refused",
        arguments: [
            "", "[]", "{\"task\":\"dance\"}", "{\"seed\":-1}", "{\"pooling\":\"first\"}",
            "{\"generation\":{\"topK\":0.5}}", "{\"generation\":{\"stop\":\"a\"}}",
        ]
    )
    func refused(text: String) {
        #expect(throws: DecodingError.self) { try TaskOptions.decode(text) }
    }
}
