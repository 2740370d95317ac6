import Records
import Testing

@Suite("Parsing records") struct RecordParserTests {
    static let parser = RecordParser(TaskOptions())

    static func parser(
        text: String = "text",
        id: String = "id",
        carry: [String] = [],
        maxLineBytes: Int = 4 << 20
    ) -> RecordParser {
        var options = TaskOptions()
        options.textField = text
        options.idField = id
        options.carry = carry
        options.maxLineBytes = maxLineBytes
        return RecordParser(options)
    }

    @Test("a record has its line's number, its id as it stood and its text in plain UTF-8")
    func whole() throws {
        let record = try Self.parser.record(#" {"id" : "a\u0062" , "n":1, "text":"x\n\u00e9😀"} "#)
        let expected = Record(
            index: 7,
            id: Array(#""a\u0062""#.utf8),
            text: Array("x\né😀".utf8),
            carried: []
        )
        #expect(record == expected)
    }

    @Test(
        "an id of any kind passes through byte for byte",
        arguments: [
            "1", "1.0", "-0", "1e400", "12345678901234567890", "0.10000000000000000555111512312578",
            "1E+2", "true", "null", "\"\"", #""\u0041\/\"""#, #""\ud83d\ude00😀""#,
            "[ 1,\t2 ]", "[]", #"{ "b" : {"id":1, "a":[ ]} }"#, "{}",
        ]
    )
    func ids(id: String) throws {
        #expect(try Self.parser.record("{\"id\":\(id),\"text\":\"\"}").id.text == id)
        #expect(try Self.parser.record("{\"text\":\"\",\"id\": \(id) }").id.text == id)
        // It also passes into the failure of a record that has no text.
        #expect(try Self.parser.failure(Array("{\"id\":\(id)}".utf8)).id.text == id)
    }

    @Test("an id that is lacking is null") func noID() throws {
        #expect(try Self.parser.record(#"{"text":"a"}"#).id.text == "null")
        let line = #"{"text":"a","ID":1,"i":2,"x":{"id":3}}"#
        #expect(try Self.parser.record(line).id.text == "null")
    }

    @Test("an empty text is a text") func emptyText() throws {
        #expect(try Self.parser.record(#"{"text":""}"#).text.isEmpty)
    }

    @Test("the fields have the names that were asked for") func fieldNames() throws {
        let parser = Self.parser(text: "body é", id: "a\"b")
        let record = try parser.record(#"{"text":"no","id":0,"body é":"yes","a\"b":1}"#)
        #expect(record.text.text == "yes")
        #expect(record.id.text == "1")
        // One field may serve as both, and be carried.
        let same = try Self.parser(text: "t", id: "t", carry: ["t"]).record(#"{"t":"\u0061"}"#)
        #expect(same.text.text == "a")
        #expect(same.id.text == #""\u0061""#)
        #expect(same.carried.map(\.value.text) == [#""\u0061""#])
        #expect(try Self.parser(text: "").record(#"{"":"a"}"#).text.text == "a")
    }

    @Test("a field's name may be spelled with escapes") func escapedNames() throws {
        let parser = Self.parser(carry: ["é/"])
        let line = #"{"\u0069d":1,"t\u0065xt":"a","\u00e9\/":2}"#
        let record = try parser.record(line)
        #expect(record.id.text == "1")
        #expect(record.text.text == "a")
        #expect(record.carried == [CarriedField(name: Array("\"é/\"".utf8), value: [0x32])])
        // Names are compared as bytes, so another spelling of an é is another name.
        #expect(try parser.record(#"{"text":"","e\u0301/":2}"#).carried.isEmpty)
    }

    @Test("fields are carried in the order asked for, as they stood, and left out where lacking")
    func carried() throws {
        let parser = Self.parser(carry: ["c", "lost", "a\n", "b"])
        let record = try parser.record(#"{"b":{ "x":1.0 },"a\n":"\u0041","text":"","c":null}"#)
        #expect(record.carried.map(\.name.text) == [#""c""#, #""a\n""#, #""b""#])
        #expect(record.carried.map(\.value.text) == ["null", #""\u0041""#, #"{ "x":1.0 }"#])
        let failure = try parser.failure(Array(#"{"b":2,"text":1,"id":4}"#.utf8))
        #expect(failure.carried.map(\.value.text) == ["2"])
    }

    @Test("of a field that stands more than once the last one counts, however it is spelled")
    func duplicates() throws {
        let parser = Self.parser(carry: ["k"])
        let line = #"{"id":1,"text":"a","k":1,"\u0069d":2,"text":3,"k":2,"tex\u0074":"b","k":[3]}"#
        let record = try parser.record(line)
        #expect(record.id.text == "2")
        #expect(record.text.text == "b")
        #expect(record.carried.map(\.value.text) == ["[3]"])
        #expect(try parser.failure(Array(#"{"text":"a","text":1}"#.utf8)).code == .wrongType)
    }

    @Test("only fields of the object itself count, not those of values") func nestedFields() throws
    {
        let failure = try Self.parser(carry: ["k"]).failure(
            Array(#"{"a":{"text":"x","id":1,"k":2},"b":[{"text":"y"}]}"#.utf8)
        )
        #expect(failure.code == .missingField)
        #expect(failure.id.text == "null")
        #expect(failure.carried.isEmpty)
    }

    @Test("a byte order mark, a carriage return and white space around the object are no harm")
    func decorations() throws {
        for (before, behind) in [("\u{FEFF}", ""), ("", "\r"), ("\u{FEFF}\t ", " \r")] {
            let line = before + "{\"text\":\"a\"}" + behind
            #expect(try Self.parser.record(line).text.text == "a")
        }
        // One that stands inside a text belongs to the text.
        #expect(try Self.parser.record("{\"text\":\"\u{FEFF}a\"}").text.text == "\u{FEFF}a")
    }

    @Test("every text is valid UTF-8, the escape of NUL included") func nulEscape() throws {
        let text = try Self.parser.record(#"{"text":"a\u0000\uffff\ud83d\ude00"}"#).text
        #expect(String(validating: text, as: UTF8.self) == "a\u{0}\u{FFFF}😀")
    }
}
