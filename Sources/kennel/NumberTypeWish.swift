import Doge
import Records

/// What `--dtype` takes: a type, or that this machine chooses one.
///
/// The choice is made where a job is handed in, so that all its workers compute in the same type.
enum NumberTypeWish: String, CaseIterable {
    case f32, bf16, int8, auto

    /// The type in which the job is computed.
    var type: TaskOptions.NumberType {
        switch self {
        case .f32: .f32
        case .bf16: .bf16
        case .int8: .int8
        case .auto: InstructionSet.multipliesBF16 ? .bf16 : .f32
        }
    }

    /// What was chosen and why, for people; nil where nothing was.
    var sentence: String? {
        guard self == .auto else { return nil }
        let reason =
            type == .bf16
            ? "this processor multiplies bf16 numbers, two at a time"
            : InstructionSet.isNamed
                ? "KENNEL_ISA leaves out the instructions that multiply bf16 numbers"
                : "this processor has no instruction that multiplies bf16 numbers"
        return "dtype auto is \(type.rawValue) here: \(reason)"
    }
}
