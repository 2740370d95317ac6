import CDogeKernels
import Glibc

/// Chooses the table of kernels for this process.
package enum InstructionSet {
    /// Whether this process multiplies bf16 numbers by instructions that are made for it.
    package static var multipliesBF16: Bool {
        guard let native = ck_kernels_for(CK_AVX512_BF16) else { return false }
        return (try? kernels()) == native
    }

    static let names: [(name: String, isa: ck_isa)] = [
        ("avx512_bf16", CK_AVX512_BF16), ("avx512", CK_AVX512), ("avx2", CK_AVX2),
        ("generic", CK_GENERIC),
    ]

    /// The best that this processor has, or the one that KENNEL_ISA names.
    static func kernels() throws(ModelError) -> UnsafePointer<ck_kernels> {
        let wanted = getenv("KENNEL_ISA").map { String(cString: $0) } ?? ""
        for (name, isa) in names where wanted.isEmpty || wanted == name {
            if let table = ck_kernels_for(isa) { return table }
        }
        throw .noInstructionSet(wanted)
    }
}

extension UnsafePointer<ck_kernels> {
    /// Logarithm of the sum of e^x; no number where one of them is none.
    func logSumExp(_ x: UnsafeBufferPointer<Float>) -> Float {
        guard let base = x.baseAddress else { return -.infinity }
        return pointee.log_sum_exp(base, x.count)
    }
}
