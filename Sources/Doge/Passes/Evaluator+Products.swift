import CDogeKernels

/// The products of a pass: each rank computes some columns of every row.
extension Evaluator {
    /// Some rows of an operand.
    static func rows(_ operand: ck_operand, from first: Int) -> ck_operand {
        var rows = operand
        rows.words += first * operand.stride
        if let scales = operand.scales { rows.scales = scales + first }
        return rows
    }

    /// out (rows, outputs) = x matrix'.
    func multiply(
        _ matrix: PackedMatrix,
        _ x: ck_operand,
        into out: UnsafeMutablePointer<Float>,
        rows: Int,
        _ rank: Rank
    ) {
        run(matrix, x, rows, rank, finish: CK_STORE, out: out)
    }

    /// out (rows, outputs) = residual * out + x matrix'.
    func addProduct(
        _ matrix: PackedMatrix,
        _ x: ck_operand,
        to out: UnsafeMutablePointer<Float>,
        residual: FloatTensor,
        rows: Int,
        _ rank: Rank
    ) {
        run(matrix, x, rows, rank, finish: CK_RESIDUAL, out: out, residual: residual.floats)
    }

    /// out (rows, outputs) = act(gate) * up, of gates and what they act on side by side.
    func multiplyGated(
        _ matrix: PackedMatrix,
        _ x: ck_operand,
        into out: ck_operand,
        activation: ck_activation,
        rows: Int,
        _ rank: Rank
    ) {
        run(matrix, x, rows, rank, finish: CK_GATE, gated: out, activation: activation)
    }

    private func run(
        _ matrix: PackedMatrix,
        _ x: ck_operand,
        _ rows: Int,
        _ rank: Rank,
        finish: ck_finish,
        out: UnsafeMutablePointer<Float>? = nil,
        residual: UnsafePointer<Float>? = nil,
        gated: ck_operand? = nil,
        activation: ck_activation = ck_activation()
    ) {
        let panels = rank.share(of: matrix.panelCount)
        var product = ck_product(
            matrix: matrix.matrix,
            x: x,
            rows: rows,
            first: panels.lowerBound,
            end: panels.upperBound,
            finish: finish,
            out: out,
            out_stride: matrix.panelCount * Int(CK_PANEL),
            residual: residual,
            gated: gated ?? x,
            activation: activation
        )
        kernels.pointee.multiply(&product)
    }
}
