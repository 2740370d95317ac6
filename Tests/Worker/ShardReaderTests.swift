import Doge
import Platform
import Records
import TestSupport
import Testing
import Tokenization

@testable import Worker

@Suite("Records that become prompts", .serialized, .timeLimit(.minutes(10)))
struct ShardReaderTests {
    private static let checkpoints: String = {
        let tests = Files.directory(of: Files.directory(of: #filePath))
        return "\(tests)/Reference/checkpoints"
    }()
    /// As many tokens as there are words, for either tokenizer.
    private static let words = "dog dog dog dog dog dog dog dog dog dog dog dog"

    /// What a text becomes: its tokens, or the failure that it gets.
    private func read(
        _ text: String,
        model name: String = "causal",
        _ change: (inout TaskOptions) -> Void
    ) throws -> ShardSlot {
        let path = "\(Self.checkpoints)/\(name)"
        let files = try ModelText(path: path, digest: nil)
        var options = TaskOptions()
        options.task = .generate
        change(&options)
        let texts =
            options.isContinuing ? try ContinuationMaker(text: files, options: options) : nil
        let reader = ShardReader(text: files, options: options, texts: texts)
        return try #require(reader.read(Array(#"{"text":"\#(text)"}"#.utf8), firstLine: 0).first)
    }

    @Test("a text that fits is left whole where longer ones may be cut, and its answer ends sooner")
    func fitting() async throws {
        try await onThread {
            for truncate in [nil, TaskOptions.Truncation.left, .right] {
                let slot = try read(Self.words) {
                    $0.maxLength = 20
                    $0.truncate = truncate
                    $0.generation.maxNewTokens = 500
                }
                let encoding = try #require(slot.encoding)
                #expect(encoding.ids.count == 13 && !encoding.isTruncated)
            }
        }
    }

    @Test("a text that is cut leaves room for the answer asked for, up to half the limit")
    func cutting() async throws {
        try await onThread {
            let text = "the \(Self.words) sleeps"
            let uncut = try read(text) { _ in }
            let whole = try #require(uncut.encoding).ids
            for (most, kept) in [(1, 9), (3, 7), (500, 5)] {
                for truncate in [TaskOptions.Truncation.left, .right] {
                    let slot = try read(text) {
                        $0.maxLength = 10
                        $0.truncate = truncate
                        $0.generation.maxNewTokens = most
                    }
                    let encoding = try #require(slot.encoding)
                    let body =
                        truncate == .left
                        ? Array(whole.suffix(kept - 1)) : Array(whole.dropFirst().prefix(kept - 1))
                    #expect(encoding.ids == [whole[0]] + body, "the begin token stays")
                    #expect(encoding.isTruncated)
                }
            }
        }
    }

    @Test("a text that is too long is told its own length, and to be cut only where that helps")
    func tooLong() async throws {
        try await onThread {
            let long = try read(Self.words) { $0.maxLength = 13 }
            let strict = try #require(long.failure)
            #expect(strict.code == .tooLong && strict.message.contains("13 tokens"))
            #expect(strict.message.contains("limit is 13, of which 1 must be left"))
            #expect(strict.message.contains("--truncate"))
            let fits = try read(Self.words) { $0.maxLength = 14 }
            #expect(fits.failure == nil)
            // The second model has no begin token that would be left of a text.
            for name in ["causal", "causal-untied"] {
                let slot = try read(Self.words, model: name) {
                    ($0.maxLength, $0.truncate) = (3, .right)
                    $0.task = .classify
                    $0.choices = [" dog dog dog", " in"]
                }
                let failure = try #require(slot.failure)
                #expect(failure.code == .tooLong, "\(failure.message)")
                #expect(failure.message.contains("of which 3 must be left"))
                #expect(!failure.message.contains("--truncate"), "\(failure.message)")
            }
        }
    }

    @Test("a text without a token is empty only where the model adds none") func empty()
        async throws
    {
        try await onThread {
            let begun = try read("") { _ in }
            #expect(begun.encoding?.ids.count == 1)
            let bare = try read("", model: "causal-untied") { _ in }
            #expect(bare.failure?.code == .empty)
        }
    }

    @Test("the longest choice must have room behind a text") func choices() async throws {
        try await onThread {
            for (limit, isCut) in [(16, false), (15, true)] {
                let slot = try read(Self.words) {
                    ($0.maxLength, $0.truncate) = (limit, .left)
                    $0.task = .classify
                    $0.choices = [" dog dog dog", " in"]
                }
                let encoding = try #require(slot.encoding)
                #expect(encoding.isTruncated == isCut)
                #expect(encoding.ids.count == limit - 3)
            }
        }
    }
}

extension ShardSlot {
    fileprivate var encoding: Encoding? {
        if case .ready(_, let encoding) = self { encoding } else { nil }
    }

    fileprivate var failure: RecordFailure? {
        if case .failed(let failure) = self { failure } else { nil }
    }
}
