import Platform

/// A small corpus, a small model, and a place for what comes of them.
struct Corpus {
    let folder: String
    let input: String
    static let model: String = {
        let tests = Files.directory(of: Files.directory(of: #filePath))
        return "\(tests)/Reference/checkpoints/moe"
    }()

    /// Records of different lengths, and every kind of line that gets an error answer.
    init(records: Int = 1500) throws {
        folder = try Folder.make()
        input = "\(folder)/corpus.jsonl"
        var lines: [String] = []
        for number in 0..<records {
            let words = (0..<(number * 7919 % 90) + 1).map { "word\(($0 * number) % 97)" }
            lines.append(#"{"id": \#(number), "text": "\#(words.joined(separator: " "))"}"#)
        }
        lines.insert("this is no JSON", at: 10)
        lines.insert("", at: 20)
        lines.insert(#"{"id": "no text"}"#, at: 30)
        lines.insert(#"{"id": "wrong", "text": 5}"#, at: 40)
        lines.insert(
            #"{"id": "long", "text": ""# + String(repeating: "x", count: 9000) + #""}"#,
            at: 50
        )
        var bytes = Array(lines.joined(separator: "\n").utf8)
        bytes += Array("\n{\"id\": \"bytes\", \"text\": \"".utf8) + [0xFF] + Array("\"}".utf8)
        try Folder.write(bytes, to: input)
    }

    /// The command for this corpus; answers go to `name` in its folder.
    func command(_ name: String, _ more: [String] = []) -> [String] {
        ["run", input, "--model", Self.model, "--output", output(name)]
            + ["--max-line-bytes", "8000"] + more
    }

    func output(_ name: String) -> String { "\(folder)/\(name)" }

    /// The answers of an undisturbed run with one worker and one thread.
    func undisturbed() throws -> [UInt8] {
        let outcome = try Program.run(command("undisturbed", ["--threads", "1"]))
        guard outcome.code == 1 else {
            throw SystemCallError("run undisturbed (\(outcome.errors))", input, code: outcome.code)
        }
        return Folder.bytes(output("undisturbed"))
    }
}
