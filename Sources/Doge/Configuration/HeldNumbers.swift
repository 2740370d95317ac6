/// Numbers of a model's weights, by what the engine holds them in.
struct HeldNumbers {
    /// Of matrices, which are multiplied by in the engine's own type.
    private var matrices = 0
    /// Outputs of these matrices: in int8 each has a scale and a sum.
    private var outputs = 0
    /// Of routers and experts, which are never narrower than bf16.
    private var fine = 0
    /// Of all others, which stay f32.
    private var plain = 0

    private static let linear: Set<Substring> = [
        "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "lm_head",
    ]
    private static let narrowed: Set<Substring> = ["router_gate", "down_embed", "up_embed"]

    /// Counts a tensor; `isTable` where it is looked up by tokens, whatever its name.
    mutating func add(_ name: String, _ shape: [Int], isTable: Bool = false) {
        let count = shape.reduce(1, *)
        let parts = name.split(separator: ".")
        let owner = parts.dropLast().last ?? ""
        if isTable || parts.last != "weight" {
            plain += count
        } else if Self.linear.contains(owner) {
            matrices += count
            // Of a tensor without numbers a header may say any number of rows.
            outputs += count > 0 ? shape.first ?? 0 : 0
        } else if Self.narrowed.contains(owner) {
            fine += count
        } else {
            plain += count
        }
    }

    /// What they take, without the padding of packed matrices.
    func bytes(_ type: DataType) -> Int {
        switch type {
        case .f32: 4 * (matrices + fine + plain)
        case .bf16: 2 * (matrices + fine) + 4 * plain
        case .int8: matrices + 8 * outputs + 2 * fine + 4 * plain
        }
    }
}
