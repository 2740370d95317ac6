import FoundationEssentials
import Records
import Testing

@Suite("Options of a task") struct TaskOptionsTests {
    @Test("options come back from JSON as they were") func roundTrip() throws {
        var options = TaskOptions()
        for _ in 0..<2 {
            let text = String(decoding: try JSONEncoder().encode(options), as: UTF8.self)
            #expect(try TaskOptions.decode(text) == options)
            options.textField = "a\"é"
            options.idField = ""
            options.carry = ["b", "a"]
            options.maxLength = 9
            options.truncate = .left
            options.topLabels = 2
            options.tokenIDs = true
            options.maxLineBytes = 1
        }
    }

    @Test("a line may have 4 MiB unless another limit is asked for") func lineLimit() {
        #expect(TaskOptions().maxLineBytes == 4_194_304)
    }

    @Test(
        "options of another shape are refused",
        arguments: ["", "[]", "{}", "{\"task\":\"dance\"}"]
    )
    func refused(text: String) {
        #expect(throws: DecodingError.self) { try TaskOptions.decode(text) }
    }
}
