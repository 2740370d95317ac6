import CDogeKernels
import Glibc

/// The instruction sets that the engine has kernels for, the best first.
package enum InstructionSet: String, Sendable, CaseIterable {
    /// AVX-512 with instructions for bf16 and int8.
    case avx512BF16 = "avx512_bf16"
    /// AVX-512 without these.
    case avx512
    /// AVX2 with fused multiplication and addition.
    case avx2
    /// Plain loops, as every processor runs them.
    case generic

    /// Those that this processor has.
    package static var here: [InstructionSet] { allCases.filter { $0.table != nil } }

    /// The best that this processor has, or the one that KENNEL_ISA names.
    package static func chosen() throws(ModelError) -> InstructionSet {
        let wanted = named
        guard let set = here.first(where: { wanted.isEmpty || $0.rawValue == wanted }) else {
            throw .noInstructionSet(wanted)
        }
        return set
    }

    /// Whether KENNEL_ISA names one.
    package static var isNamed: Bool { !named.isEmpty }

    private static var named: String { getenv("KENNEL_ISA").map { String(cString: $0) } ?? "" }

    /// Whether this process multiplies bf16 numbers by instructions that are made for it.
    package static var multipliesBF16: Bool { (try? chosen()) == .avx512BF16 }

    /// The kernels of a set that this processor has; those of the chosen one where none is named.
    static func kernels(
        _ set: InstructionSet? = nil
    ) throws(ModelError) -> UnsafePointer<ck_kernels> {
        let set = if let set { set } else { try chosen() }
        guard let table = set.table else { throw .noInstructionSet(set.rawValue) }
        return table
    }

    private var table: UnsafePointer<ck_kernels>? {
        switch self {
        case .avx512BF16: ck_kernels_for(CK_AVX512_BF16)
        case .avx512: ck_kernels_for(CK_AVX512)
        case .avx2: ck_kernels_for(CK_AVX2)
        case .generic: ck_kernels_for(CK_GENERIC)
        }
    }
}

extension UnsafePointer<ck_kernels> {
    /// Logarithm of the sum of e^x; no number where one of them is none.
    func logSumExp(_ x: UnsafeBufferPointer<Float>) -> Float {
        guard let base = x.baseAddress else { return -.infinity }
        return pointee.log_sum_exp(base, x.count)
    }
}
