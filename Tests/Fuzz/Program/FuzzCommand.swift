import Glibc
import TestFuzz

/// What is wrong with the command line.
struct FuzzUsage: Error {
    let message: String
}

/// A command line that was read.
struct FuzzCommand {
    let target: FuzzTarget
    var runs: Int?
    var seconds: Int?
    var seed: UInt64 = 1
    /// Where inputs are kept that reached new code.
    var corpus: String?
    /// Where inputs are put that were wrong.
    var findings = "."
    var inputs: [String] = []

    static let usage = """
        usage: kennel-fuzz TARGET [--runs N] [--seconds N] [--seed S] [--corpus DIR]
                                  [--findings DIR] [INPUT...]
        targets: \(FuzzTarget.all.map(\.name).joined(separator: " "))
        """

    init(_ arguments: ArraySlice<String>) throws(FuzzUsage) {
        guard let name = arguments.first else { throw FuzzUsage(message: "no target is named") }
        guard let target = FuzzTarget.named(name) else {
            throw FuzzUsage(message: "there is no target \(name)")
        }
        self.target = target
        var rest = arguments.dropFirst()
        while let word = rest.popFirst() {
            guard word.hasPrefix("--") else {
                inputs.append(word)
                continue
            }
            guard let value = rest.popFirst() else {
                throw FuzzUsage(message: "\(word) lacks its value")
            }
            switch word {
            case "--runs": runs = try Self.number(word, value)
            case "--seconds": seconds = try Self.number(word, value)
            case "--seed": seed = UInt64(try Self.number(word, value))
            case "--corpus": corpus = value
            case "--findings": findings = value
            default: throw FuzzUsage(message: "\(word) is not known")
            }
        }
    }

    private static func number(_ word: String, _ value: String) throws(FuzzUsage) -> Int {
        guard let number = Int(value), number >= 0 else {
            throw FuzzUsage(message: "\(word) takes a whole number, got \(value)")
        }
        return number
    }

    /// Writes to standard error.
    static func complain(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    /// Reads each input once and says what became of it; 1 where one is wrong.
    func replay() -> CInt {
        var status: CInt = 0
        for path in inputs {
            guard let bytes = FuzzFolder.bytes(path) else {
                print("\(path): it cannot be read")
                status = 1
                continue
            }
            let outcome = target.run(bytes)
            print("\(path): \(outcome)")
            if case .wrong = outcome { status = 1 }
        }
        return status
    }

    #if !LIBFUZZER
    /// Reads mutated inputs one after another, with no eye on what they reach.
    func fuzz() -> CInt {
        let seeds =
            FuzzFolder.kept(target) + FuzzFolder.paths(corpus ?? "").compactMap(FuzzFolder.bytes)
        var mutator = Mutator(target, seed: seed)
        let end = time(nil) + (seconds ?? .max / 2)
        var done = 0
        while done < runs ?? .max, done % 64 != 0 || time(nil) < end {
            let input = mutator.next(from: seeds)
            done += 1
            if case .wrong(let what) = target.run(input) {
                print("run \(done) of seed \(seed): \(what)")
                return 1
            }
        }
        print("\(done) executions, none of them wrong")
        return 0
    }
    #endif
}
