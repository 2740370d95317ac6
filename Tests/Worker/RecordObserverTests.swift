import FoundationEssentials
import Records
import Synchronization
import Testing
import Tokenization

@testable import Doge
@testable import Worker

@Suite("A record's texts as they grow") struct RecordObserverTests {
    private static let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Reference/checkpoints/causal").path

    /// What an observer was told and told itself.
    private struct Heard {
        var pieces: [String] = []
        var outcome: Outcome?
        var wentOn: [Bool] = []

        var sample: GeneratedSample? {
            guard case .samples(let samples) = outcome else { return nil }
            return samples.first
        }
    }

    /// Feeds the tokens of `text`, then `more`, to an observer, until it wants no more.
    private func hear(
        _ text: String,
        more: [Int32] = [],
        stops: [String] = [],
        end: GenerationEnd = .length,
        hasLogprobs: Bool = false
    ) throws -> Heard {
        let tokenizer = try Tokenizer(directory: Self.path)
        let scratch = tokenizer.makeScratch()
        let ids = try tokenizer.encode(
            Array(text.utf8),
            addsSpecialTokens: false,
            scratch: scratch
        ).ids
        let pieces = Mutex<[String]>([])
        let outcome = Mutex<Outcome?>(nil)
        let observer = RecordObserver(
            samples: 1,
            decoder: try tokenizer.decoder(),
            stops: try StopStrings(stops.map { Array($0.utf8) }),
            hasLogprobs: hasLogprobs,
            wanted: { true },
            heard: { piece in pieces.withLock { $0.append(piece) } },
            finished: { made in outcome.withLock { $0 = made } }
        )
        var heard = Heard()
        for id in ids + more {
            let token = GeneratedToken(token: id, logProbability: -1, alternatives: [])
            heard.wentOn.append(observer.took(token, sample: 0))
            if heard.wentOn.last == false { break }
        }
        observer.ended(heard.wentOn.last == false ? .stopped : end, sample: 0)
        heard.pieces = pieces.withLock { $0 }
        heard.outcome = outcome.withLock { $0 }
        return heard
    }

    private func endToken() throws -> Int32 {
        try DogeConfiguration(directory: Self.path).endTokenIDs[0]
    }

    @Test("the pieces that are heard make up the text")
    func pieces() throws {
        let text = "The dog sleeps, Straße 狼 🐕 and so on"
        let heard = try hear(text)
        #expect(heard.sample?.text == Array(text.utf8))
        #expect(heard.pieces.joined() == text && heard.pieces.count > 5)
        #expect(heard.sample?.finishReason == .length)
        #expect(!heard.pieces.contains { $0.contains("\u{FFFD}") }, "no part of a character")
    }

    @Test("a stop text ends the answer in front of it, though it spans tokens")
    func stops() throws {
        let heard = try hear("one two three four", stops: ["zzz", "o thr"])
        #expect(heard.sample?.text == Array("one tw".utf8))
        #expect(heard.pieces.joined() == "one tw", "nothing of it is heard")
        #expect(heard.sample?.finishReason == .stop)
        #expect(heard.wentOn.last == false && heard.wentOn.dropLast().allSatisfy(\.self))
        let unfinished = try hear("one two", stops: ["two three"])
        #expect(unfinished.sample?.text == Array("one two".utf8), "what was held back comes")
        #expect(unfinished.sample?.finishReason == .length)
    }

    @Test("the token that ends a text is counted, and no part of it")
    func endOfText() throws {
        let end = try endToken()
        let heard = try hear("a dog", more: [end], end: .endToken)
        #expect(heard.sample?.text == Array("a dog".utf8))
        #expect(heard.sample?.tokenIDs.last == end)
        #expect(heard.sample?.finishReason == .stop)
    }

    @Test("only the first sample is heard, and all have their own texts and ends")
    func samples() throws {
        let tokenizer = try Tokenizer(directory: Self.path)
        let scratch = tokenizer.makeScratch()
        let pieces = Mutex<[String]>([])
        let outcome = Mutex<Outcome?>(nil)
        let observer = RecordObserver(
            samples: 2,
            decoder: try tokenizer.decoder(),
            stops: try StopStrings([Array("cat".utf8)]),
            hasLogprobs: false,
            wanted: { true },
            heard: { piece in pieces.withLock { $0.append(piece) } },
            finished: { made in outcome.withLock { $0 = made } }
        )
        // The second one reaches its stop text with its last token, the first one an end token.
        for (sample, text, end) in [(1, "a cat", GenerationEnd.length), (0, "a dog", .endToken)] {
            let ids = try tokenizer.encode(
                Array(text.utf8),
                addsSpecialTokens: false,
                scratch: scratch
            ).ids
            for id in ids {
                let token = GeneratedToken(token: id, logProbability: nil, alternatives: [])
                _ = observer.took(token, sample: sample)
            }
            observer.ended(end, sample: sample)
        }
        guard case .samples(let made) = outcome.withLock({ $0 }) else {
            Issue.record("no texts came")
            return
        }
        #expect(made.map(\.text) == [Array("a dog".utf8), Array("a ".utf8)])
        #expect(made.map(\.finishReason) == [.stop, .stop])
        #expect(pieces.withLock { $0.joined() } == "a dog")
    }

    @Test("a text that ends inside a character says so, and the character is not held for ever")
    func partOfCharacter() throws {
        let tokenizer = try Tokenizer(directory: Self.path)
        let wolf = try tokenizer.encode(
            Array("狼".utf8),
            addsSpecialTokens: false,
            scratch: tokenizer.makeScratch()
        ).ids
        try #require(wolf.count > 1, "the character is several tokens")
        let heard = try hear("a", more: Array(wolf.dropLast()))
        let text = String(decoding: try #require(heard.sample).text, as: UTF8.self)
        #expect(text.hasPrefix("a\u{FFFD}") && heard.pieces.joined() == text)
        #expect(heard.sample?.tokenIDs.count == heard.wentOn.count)
    }

    @Test("log-probabilities have a step for each token, with its bytes")
    func steps() throws {
        #expect(try hear("a dog").sample?.logprobs == nil)
        let heard = try hear("Straße 狼", hasLogprobs: true)
        let steps = try #require(heard.sample?.logprobs)
        #expect(steps.count == heard.sample?.tokenIDs.count)
        #expect(steps.flatMap(\.chosen.bytes) == Array("Straße 狼".utf8))
        #expect(steps.allSatisfy { $0.chosen.logprob == -1 && $0.best.isEmpty })
    }

    @Test("a record has its outcome when its last sample has ended, and choices have sums")
    func choices() throws {
        let outcome = Mutex<[Outcome]>([])
        let observer = RecordObserver(
            samples: 2,
            decoder: nil,
            stops: try StopStrings([]),
            hasLogprobs: false,
            wanted: { true },
            finished: { made in outcome.withLock { $0.append(made) } }
        )
        for (sample, values) in [[-1, -2.5], [-3]].enumerated() {
            #expect(outcome.withLock { $0.isEmpty })
            for value in values {
                let token = GeneratedToken(
                    token: 5,
                    logProbability: Float(value),
                    alternatives: []
                )
                #expect(observer.took(token, sample: sample))
            }
            observer.ended(.length, sample: sample)
        }
        guard case .choices(let sums) = outcome.withLock({ $0.first }) else {
            Issue.record("no choices came")
            return
        }
        #expect(sums.map(\.logprob) == [-3.5, -3] && sums.map(\.tokens) == [2, 1])
        #expect(outcome.withLock { $0.count } == 1)
    }
}
