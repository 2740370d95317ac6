import CDogeKernels
import Glibc
import TestSupport

@testable import Doge

/// The instruction sets of this processor.
let instructionSets: [ck_isa] = [CK_GENERIC, CK_AVX2, CK_AVX512, CK_AVX512_BF16].filter {
    ck_kernels_for($0) != nil
}

/// Those that have a twin in plain loops to be compared with.
let vectorSets = instructionSets.filter { $0 != CK_GENERIC }

/// Rows of an operand in memory of their own, full of what is no number before they are written.
final class OperandRows {
    let operand: ck_operand
    let width: Int
    private let words: UnsafeMutablePointer<UInt32>
    private let scales: UnsafeMutablePointer<Float>

    init(_ format: ck_format, rows: Int, width: Int) {
        let stride = ck_stride(format, width)
        words = .allocate(capacity: rows * stride)
        words.initialize(repeating: 0x7FFF_FFFF, count: rows * stride)
        scales = .allocate(capacity: rows)
        scales.initialize(repeating: .nan, count: rows)
        operand = ck_operand(format: format, words: words, scales: scales, stride: stride)
        self.width = width
    }

    /// Rows of x (rows, width), converted by a table's kernel.
    convenience init(_ format: ck_format, _ x: [Float], width: Int, by table: ck_kernels) {
        self.init(format, rows: x.count / width, width: width)
        table.convert(
            Self.padded(x, width),
            ck_stride(CK_F32, width),
            width,
            x.count / width,
            operand
        )
    }

    deinit {
        words.deallocate()
        scales.deallocate()
    }

    /// Rows with zeros behind them, as the kernels want them.
    static func padded(_ x: [Float], _ width: Int) -> [Float] {
        stride(from: 0, to: x.count, by: width).flatMap { start in
            x[start..<start + width]
                + [Float](repeating: 0, count: ck_stride(CK_F32, width) - width)
        }
    }

    /// What the words say: (rows, stride in numbers), padding as well.
    func numbers(row: Int) -> [Float] {
        let stride = ck_stride(CK_F32, width)
        let words = words + row * operand.stride
        return (0..<stride).map { i in
            switch operand.format {
            case CK_F32: return Float(bitPattern: words[i])
            case CK_BF16:
                let half = words[i / 2] >> UInt32(i % 2 * 16)
                return Float(bitPattern: half << 16)
            default:
                let byte = (words[i / 4] >> UInt32(i % 4 * 8)) & 255
                return (Float(byte) - 128) * scales[row]
            }
        }
    }
}

extension FloatTensor {
    /// A tensor of these numbers.
    convenience init(_ numbers: [Float]) {
        self.init(count: numbers.count) { numbers[$0] }!
    }
}

/// act(gates) * ups, by the kernel of products: one input of 1 and a weight for each number.
func gated(
    _ table: ck_kernels,
    _ gates: [Float],
    _ ups: [Float],
    _ activation: ck_activation
) throws -> [Float] {
    let matrix = try PackedMatrix(
        [FloatTensor(gates), FloatTensor(ups)],
        biases: [],
        inputs: 1,
        as: .gated,
        format: CK_F32
    )
    let x = OperandRows(CK_F32, [1], width: 1, by: table)
    let out = OperandRows(CK_F32, rows: 1, width: gates.count)
    var product = ck_product(
        matrix: matrix.matrix,
        x: x.operand,
        rows: 1,
        first: 0,
        end: matrix.panelCount,
        finish: CK_GATE,
        out: nil,
        out_stride: 0,
        residual: nil,
        gated: out.operand,
        activation: activation
    )
    table.multiply(&product)
    return withExtendedLifetime(matrix) { Array(out.numbers(row: 0).prefix(gates.count)) }
}

/// Numbers at a fixed place, for structures that only point to them.
final class Held<Number> {
    let base: UnsafeMutablePointer<Number>
    let count: Int

    init(_ numbers: [Number]) {
        count = numbers.count
        base = .allocate(capacity: max(1, numbers.count))
        base.initialize(from: numbers, count: numbers.count)
    }

    deinit { base.deallocate() }

    var numbers: [Number] { Array(UnsafeBufferPointer(start: base, count: count)) }
}

/// Runs work on a thread with a stack of so many bytes, and waits for it.
func onThread(stackBytes: Int, _ work: @escaping () -> Void) {
    final class Box {
        let work: () -> Void
        init(_ work: @escaping () -> Void) { self.work = work }
    }
    var (attributes, thread) = (pthread_attr_t(), pthread_t())
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    let box = Unmanaged.passRetained(Box(work)).toOpaque()
    guard pthread_attr_setstacksize(&attributes, stackBytes) == 0,
        pthread_create(
            &thread,
            &attributes,
            { box in
                Unmanaged<Box>.fromOpaque(box!).takeRetainedValue().work()
                return nil
            },
            box
        ) == 0
    else { preconditionFailure("there is no thread with a stack of \(stackBytes) bytes") }
    pthread_join(thread, nil)
}
