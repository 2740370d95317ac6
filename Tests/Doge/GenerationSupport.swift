import CDogeKernels
import Synchronization
import Testing

@testable import Doge

/// An observer that keeps all it hears, may turn away, and notes what it should not have heard.
final class Witness: GenerationObserver {
    private struct State {
        var answers: [Listener.Answer]
        var failures: [EngineError] = []
        var tokens = 0
        /// Calls that came behind the end of a sample or of the text.
        var late = 0
    }

    private let state: Mutex<State>
    /// Tokens of all samples together after which nobody waits any more.
    private let leavesAfter: Int
    /// Tokens of a sample after which it is stopped.
    private let stopsAfter: Int

    init(samples: Int, leavesAfter: Int = .max, stopsAfter: Int = .max) {
        state = Mutex(State(answers: Array(repeating: .init(), count: samples)))
        self.leavesAfter = leavesAfter
        self.stopsAfter = stopsAfter
    }

    var answers: [Listener.Answer] { state.withLock { $0.answers } }
    var failures: [EngineError] { state.withLock { $0.failures } }
    var late: Int { state.withLock { $0.late } }
    var isWanted: Bool { state.withLock { $0.tokens < leavesAfter } }

    /// Whether every sample ended, and nothing else was heard.
    var isComplete: Bool {
        state.withLock { state in
            state.late == 0 && state.failures.isEmpty && state.answers.allSatisfy { $0.end != nil }
        }
    }

    /// All numbers of the answers, to the last bit.
    var bits: [[UInt32]] {
        answers.map { answer in
            answer.tokens.flatMap { token in
                [UInt32(token.token), (token.logProbability ?? 7).bitPattern]
                    + token.alternatives.flatMap {
                        [UInt32($0.token), $0.logProbability.bitPattern]
                    }
            }
        }
    }

    func took(_ token: GeneratedToken, sample: Int) -> Bool {
        state.withLock {
            if $0.answers[sample].end != nil || !$0.failures.isEmpty { $0.late += 1 }
            $0.tokens += 1
            $0.answers[sample].tokens.append(token)
            return $0.answers[sample].tokens.count < stopsAfter
        }
    }

    func ended(_ end: GenerationEnd, sample: Int) {
        state.withLock {
            if $0.answers[sample].end != nil || !$0.failures.isEmpty { $0.late += 1 }
            $0.answers[sample].end = end
        }
    }

    func failed(_ error: EngineError) { state.withLock { $0.failures.append(error) } }
}

/// Hands out texts now and then, so that they join others half-way.
final class Trickle: GenerationSource {
    private let state: Mutex<(tasks: [GenerationTask], asked: Int)>
    /// A thread that has other work gets a text at every so many questions.
    private let step: Int

    init(_ tasks: [GenerationTask], step: Int) {
        state = Mutex((tasks.reversed(), 0))
        self.step = step
    }

    func next(isIdle: Bool) -> GenerationTask? {
        state.withLock {
            $0.asked += 1
            return isIdle || $0.asked % step == 0 ? $0.tasks.popLast() : nil
        }
    }
}

extension GenerationTask {
    /// The witness of a task that `wish` made.
    var witness: Witness {
        guard let witness = observer as? Witness else {
            preconditionFailure("the observer is no witness")
        }
        return witness
    }
}

/// A text and what is asked of it, as often as it is needed.
struct Wish {
    let prompt: [Int32]
    let continuation: GenerationTask.Continuation

    init(_ prompt: [Int32], _ continuation: GenerationTask.Continuation) {
        self.prompt = prompt
        self.continuation = continuation
    }

    /// The best tokens.
    static func greedy(_ prompt: [Int32], _ count: Int) -> Wish {
        var choosing = GenerationTask.Choosing(tokensMax: count)
        choosing.alternatives = 2
        return Wish(prompt, .chosen(choosing))
    }

    func task(leavesAfter: Int = .max, stopsAfter: Int = .max) -> GenerationTask {
        let samples =
            switch continuation {
            case .chosen(let choosing): choosing.samples
            case .given(let texts): texts.count
            }
        let witness = Witness(samples: samples, leavesAfter: leavesAfter, stopsAfter: stopsAfter)
        return GenerationTask(prompt: prompt, continuation: continuation, observer: witness)
    }
}

extension PagePool {
    /// A pool that shares its store with no other.
    convenience init(_ c: DogeConfiguration, _ format: ck_format = CK_F32, byteBudget: Int = 0) {
        let store = Self.store(c, format, byteBudget: byteBudget, replicas: 1)
        self.init(c, format, store, replica: 0)
    }
}

extension Engine {
    /// The witness of a text that runs by itself.
    func alone(_ wish: Wish) throws -> Witness {
        let task = wish.task()
        try generate(from: TextList([task]))
        return task.witness
    }

    /// Pages that are held or set aside; none while nothing is generated.
    var pagesLeft: Int {
        let pages = Mutex(0)
        perform { evaluator in
            pages.withLock { $0 += evaluator.pool.used + evaluator.pool.reserved }
        }
        return pages.withLock { $0 }
    }
}
