/// What became of one input.
package enum FuzzOutcome: Equatable, Sendable {
    /// It was read.
    case taken
    /// It was refused, with this sentence.
    case refused(String)
    /// A promise does not hold: what was expected and what came.
    case wrong(String)
}

/// A parser that meets bytes from outside, and what must hold of it whatever these are.
package struct FuzzTarget: Sendable {
    /// The name on the command line and of its folders.
    package let name: String
    /// The longest input that is made.
    package let byteCountMax: Int
    /// Mutations that a second has room for even where machines are slow; how many a test makes.
    package let testRuns: Int
    /// Words of the format.
    package let dictionary: [String]
    private let body: @Sendable (UnsafeBufferPointer<UInt8>) -> FuzzOutcome

    init(
        _ name: String,
        byteCountMax: Int = 4096,
        testRuns: Int = 3000,
        dictionary: [String],
        _ body: @escaping @Sendable (UnsafeBufferPointer<UInt8>) -> FuzzOutcome
    ) {
        self.name = name
        self.byteCountMax = byteCountMax
        self.testRuns = testRuns
        self.dictionary = dictionary
        self.body = body
    }

    /// All targets, in the order of their names.
    package static let all: [FuzzTarget] = [
        compressed, config, frames, generation, http, job, ledger, lines, records, safetensors,
        tokenizer,
    ]

    /// The target of a name; nil where there is none.
    package static func named(_ name: String) -> FuzzTarget? {
        all.first { $0.name == name }
    }

    /// Reads one input; a refusal that is no sentence is wrong too.
    package func run(_ input: UnsafeBufferPointer<UInt8>) -> FuzzOutcome {
        let outcome = body(input)
        if case .refused(let sentence) = outcome, !Self.isSentence(sentence) {
            return .wrong("the refusal is no sentence: \(sentence)")
        }
        return outcome
    }

    /// The same for bytes in an array; nothing is known of what lies behind their end.
    package func run(_ input: [UInt8]) -> FuzzOutcome {
        input.withUnsafeBufferPointer(run)
    }

    /// Whether it has words, and none of what is printed where nobody wrote a sentence.
    private static func isSentence(_ text: String) -> Bool {
        let leftovers = ["DecodingError", "Error Domain=", "CodingKeys(", "Optional("]
        let isPlain = leftovers.allSatisfy { !contains(text, $0) }
        return isPlain && text.utf8.count { $0 == UInt8(ascii: " ") } >= 2
    }

    private static func contains(_ text: String, _ part: String) -> Bool {
        let (text, part) = (Array(text.utf8.prefix(500)), Array(part.utf8))
        guard text.count >= part.count else { return false }
        return (0...text.count - part.count).contains { text[$0...].starts(with: part) }
    }
}
