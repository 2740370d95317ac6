#if LIBFUZZER
import Glibc
import TestFuzz

private typealias Callback = @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ callback: Callback
) -> CInt

@_silgen_name("LLVMFuzzerMutate")
private func libraryMutate(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ most: Int) -> Int

/// The target, for callbacks that carry nothing.
nonisolated(unsafe) private var current: FuzzTarget?  // set once, before the only thread runs

extension FuzzCommand {
    /// Hands over to libFuzzer, which keeps what reaches new code and ends at the first fault.
    func fuzz() -> CInt {
        current = target
        var words = [
            "kennel-fuzz", "-seed=\(seed)", "-max_len=\(target.byteCountMax)", "-timeout=5",
            "-report_slow_units=1", "-rss_limit_mb=1024", "-malloc_limit_mb=256",
            "-print_final_stats=1",
            "-artifact_prefix=\(findings)/",
        ]
        if let runs { words.append("-runs=\(runs)") }
        if let seconds { words.append("-max_total_time=\(seconds)") }
        if let corpus { words.append(corpus) }
        for folder in ["corpus", "regressions"] {
            let path = "\(FuzzFolder.root)/\(folder)/\(target.name)"
            if !FuzzFolder.paths(path).isEmpty { words.append(path) }
        }
        var count = CInt(words.count)
        let copies = words.map { strdup($0) } + [nil]
        let arguments = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
            .allocate(capacity: copies.count)
        arguments.initialize(from: copies, count: copies.count)
        var list = arguments
        return runDriver(&count, &list) { bytes, byteCount in
            let input = UnsafeBufferPointer(start: bytes, count: byteCount)
            guard case .wrong(let what) = current?.run(input) else { return 0 }
            FuzzCommand.complain("wrong: \(what)\n")
            abort()
        }
    }
}

/// Half of the time libFuzzer's own mutations, half of the time ours that know the format.
@_cdecl("LLVMFuzzerCustomMutator")
func customMutator(
    _ data: UnsafeMutablePointer<UInt8>,
    _ size: Int,
    _ most: Int,
    _ seed: CUnsignedInt
) -> Int {
    guard seed & 1 == 0, let target = current else { return libraryMutate(data, size, most) }
    var mutator = Mutator(target, seed: UInt64(seed))
    let input = Array(UnsafeBufferPointer(start: data, count: size))
    let changed = mutator.next(from: [input]).prefix(most)
    _ = UnsafeMutableBufferPointer(start: data, count: changed.count).update(from: changed)
    return changed.count
}
#endif
