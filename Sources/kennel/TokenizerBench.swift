import FoundationEssentials
import Platform
import Records
import Tokenization

/// Measures a tokenizer alone, on one thread.
struct TokenizerBench {
    let model: String
    let input: String
    let textField: String?
    let seconds: Double

    func run() throws(CommandFailure) -> BenchFacts {
        let texts = try texts()
        let tokenizer: Tokenizer
        do throws(TokenizerError) {
            tokenizer = try Tokenizer(directory: model)
        } catch {
            throw .usage(error.description)
        }
        let bytes = texts.reduce(0) { $0 + $1.count }
        guard bytes > 0 else { throw .usage("\(input) holds no text; name a file of records") }
        var times: [Double] = []
        var tokens = 0
        let began = MonotonicClock.nanoseconds()
        do throws(TokenizerError) {
            repeat {
                let scratch = tokenizer.makeScratch()  // nothing is known from the run before
                let start = MonotonicClock.nanoseconds()
                tokens = 0
                for text in texts {
                    tokens += try tokenizer.encode(text, scratch: scratch).ids.count
                }
                times.append(Double(MonotonicClock.nanoseconds() - start) / 1e9)
            } while Double(MonotonicClock.nanoseconds() - began) / 1e9 < seconds
        } catch {
            throw .usage(error.description)
        }
        times.sort()
        let time = times[times.count / 2]
        var facts = BenchFacts()
        facts.megabytesPerSecond = Double(bytes) / time / 1e6
        facts.tokensPerSecond = Double(tokens) / time
        return facts
    }

    /// The texts of the records.
    private func texts() throws(CommandFailure) -> [[UInt8]] {
        guard let data = FileManager.default.contents(atPath: input) else {
            throw .usage("\(input) cannot be read; name a file of records with --input")
        }
        let bytes = Array(data)
        var options = TaskOptions()
        options.textField = textField ?? options.textField
        let parser = RecordParser(options)
        return try bytes.withUnsafeBufferPointer { buffer throws(CommandFailure) in
            var texts: [[UInt8]] = []
            var lines = LineIterator(buffer, firstLine: 0)
            while let line = lines.next() {
                do throws(RecordFailure) {
                    let text = UnsafeBufferPointer(rebasing: buffer[line.range])
                    texts.append(try parser.parse(text, index: line.index).text)
                } catch {
                    throw .usage("\(input), line \(line.index + 1): \(error.message)")
                }
            }
            return texts
        }
    }
}
