import FoundationEssentials
import Testing

@testable import Doge

@Suite("Damaged weights files") struct SafetensorsTests {
    /// A header, the number of data bytes after it, and a word of the sentence that must come.
    static let headers: [(String, Int, String)] = [
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 7, "end at byte"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 9, "end at byte"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, 12, "should begin"),
        (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, "must take 12 bytes"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "from 8 to 0"),
        (#"{"a":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}}"#, 8, "unknown type F99"),
        (#"{"a":{"dtype":"F32","shape":[2]}}"#, 8, "lacks"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#, 8, "lacks"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"b":1}}"#, 8, "unknown field b"),
        (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8, "whole number"),
        (#"{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#, 8, "']' was expected"),
        (
            #"{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}}"#, 8,
            "8 numbers"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}"#, 8,
            "too large to count"
        ),
        (#"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}"#, 8, "large"),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}}"#, 8,
            "from 0 to"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
                + #""a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "stands twice"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
                + #""b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "should begin"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
                + #""b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#, 12, "should begin"
        ),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#, 8, "'}' was expected"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} x"#, 8, "goes on"),
        (#"{"a"#, 0, "was expected"),
        (#"{"\ud800":{}}"#, 0, "half a character"),
        (#"{"\ud83d\u0041":{}}"#, 0, "half a character"),
        (#"{"\x":{}}"#, 0, "escape"),
        ("[]      ", 0, "begin with '{'"),
        (#"{"__metadata__":{"format":1}}"#, 0, "was expected"),
    ]

    private func reason(of bytes: Data) throws -> String {
        try TinyModel.withFolder { folder in
            let path = folder.appendingPathComponent("model.safetensors").path
            try bytes.write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: ModelError.self) {
                let file = try MappedFile(path: path)
                _ = try SafetensorsHeader(file)
            }
            let text = error?.description ?? ""
            #expect(text.hasPrefix(path))
            return text
        }
    }

    @Test("a damaged header is refused in a sentence that says where", arguments: headers)
    func damagedHeader(header: String, dataCount: Int, word: String) throws {
        let reason = try reason(of: TinyModel.file(header: header, data: Data(count: dataCount)))
        #expect(reason.contains(word), "\(reason)")
    }

    @Test("escapes in names and metadata are read")
    func escapes() throws {
        let header =
            #"{"__metadata__":{"\ud83d\udc15":"\u00e9\n"},"#
            + #""\ud83d\udc15\t\"":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
        try TinyModel.withFolder { folder in
            let path = folder.appendingPathComponent("model.safetensors").path
            let bytes = TinyModel.file(header: header, data: Data(count: 1))
            try bytes.write(to: URL(fileURLWithPath: path))
            let file = try MappedFile(path: path)
            #expect(try SafetensorsHeader(file).entries.map(\.name) == ["\u{1F415}\t\""])
        }
    }

    @Test("lengths that cannot be are refused", arguments: [0, 1, 27, 1 << 24 + 1, 1 << 62, -1])
    func lengths(length: Int) throws {
        let bytes =
            withUnsafeBytes(of: length.littleEndian) { Data($0) } + Data(repeating: 123, count: 26)
        #expect(try reason(of: bytes).contains("should take"))
        for count in 0..<10 { #expect(try reason(of: bytes.prefix(count)).contains("fewer than")) }
    }

    @Test("too many tensors are refused")
    func count() throws {
        let names = (0...SafetensorsHeader.tensorCountMax).map { number in
            #""\#(number)":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#
        }
        let header = "{\(names.joined(separator: ","))}"
        #expect(try reason(of: TinyModel.file(header: header, data: Data())).contains("more than"))
    }

    @Test("a file cut anywhere is refused, never a crash")
    func truncation() throws {
        let whole = TinyModel.file(TinyModel().tensors)
        for count in stride(from: 0, to: whole.count, by: 97) {
            #expect(try !reason(of: whole.prefix(count)).isEmpty)
        }
    }

    @Test("any byte of the header changed gives an error or a header, never a crash")
    func mutation() throws {
        let whole = TinyModel.file(Array(TinyModel().tensors.prefix(3)))
        var refused = 0
        try TinyModel.withFolder { folder in
            let path = folder.appendingPathComponent("model.safetensors").path
            for index in 0..<200 {
                var bytes = whole
                bytes[bytes.startIndex + index] ^= 0x15
                try bytes.write(to: URL(fileURLWithPath: path))
                let file = try MappedFile(path: path)
                do { _ = try SafetensorsHeader(file) } catch { refused += 1 }
            }
        }
        #expect(refused > 100)
    }
}
