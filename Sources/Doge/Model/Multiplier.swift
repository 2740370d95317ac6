import COneDNN

/// One thread's means to multiply by the model's matrices; makes nothing while it runs.
final class Multiplier {
    /// Handles for one height of one plan.
    private struct TileHandles {
        let rows: Int
        let primitive: dnnl_primitive_t
        let source: MemoryHandle
        let destination: MemoryHandle
        let scratchpad: MemoryHandle
    }

    private struct MatrixHandles {
        let tiles: [TileHandles]
        let weights: MemoryHandle
        let bias: MemoryHandle?
    }

    private let stream: Stream
    private let scratch: AlignedBuffer
    private let matrices: [MatrixHandles]
    private let arguments: UnsafeMutablePointer<dnnl_exec_arg_t>

    /// `matrices` are all of the model's, in order of their index.
    init(_ matrices: [PackedMatrix], library: MatrixLibrary) throws(ModelError) {
        stream = try Stream(library)
        let scratchBytes = matrices.map(\.plan.scratchByteCount).max() ?? 0
        guard let scratch = AlignedBuffer(capacity: scratchBytes / 4 + 16) else {
            throw .outOfMemory(what: "a thread's product scratch", byteCount: scratchBytes)
        }
        var tiles: [ObjectIdentifier: [TileHandles]] = [:]
        var handles: [MatrixHandles] = []
        for matrix in matrices {
            let plan = ObjectIdentifier(matrix.plan)
            if tiles[plan] == nil {
                tiles[plan] = try Multiplier.handles(matrix.plan, library, scratch.floats)
            }
            var bias: MemoryHandle?
            if let tensor = matrix.bias {
                let data = UnsafeMutableRawPointer(mutating: tensor.floats)  // only read
                bias = try MemoryHandle(matrix.plan.bias, library: library, data: data)
            }
            let weights = try matrix.weightsHandle(library: library)
            handles.append(MatrixHandles(tiles: tiles[plan] ?? [], weights: weights, bias: bias))
        }
        self.matrices = handles
        self.scratch = scratch
        arguments = .allocate(capacity: 5)
        arguments.initialize(repeating: dnnl_exec_arg_t(), count: 5)
    }

    deinit { arguments.deallocate() }

    private static func handles(
        _ plan: ProductPlan,
        _ library: MatrixLibrary,
        _ scratch: UnsafeMutablePointer<Float>
    ) throws(ModelError) -> [TileHandles] {
        try plan.tiles.map { tile throws(ModelError) in
            TileHandles(
                rows: tile.rows,
                primitive: tile.primitive,
                source: try MemoryHandle(tile.source, library: library, data: scratch),
                destination: try MemoryHandle(tile.destination, library: library, data: scratch),
                scratchpad: try MemoryHandle(tile.scratchpad, library: library, data: scratch)
            )
        }
    }

    /// Multiplies rows by a matrix: out (rows, outputs) = x (rows, inputs) matrix' + bias.
    ///
    /// Both buffers hold rows rounded up to `ProductPlan.rowStep`; the surplus rows of `out` are
    /// overwritten with what the surplus rows of `x` give.
    func multiply(
        _ matrix: PackedMatrix,
        _ x: UnsafePointer<Float>,
        _ out: UnsafeMutablePointer<Float>,
        rows: Int
    ) throws(PassFailure) {
        let shape = matrix.plan.shape
        let handles = matrices[matrix.index]
        var row = 0
        while row < rows {
            let left = rows - row
            let tile = handles.tiles.first { $0.rows <= left && ($0.rows > 1 || left == 1) }
            guard let tile = tile ?? handles.tiles.first(where: { $0.rows == ProductPlan.rowStep })
            else { preconditionFailure("every plan has a tile of rowStep rows") }
            try run(
                tile,
                handles,
                x + row * shape.inputs,
                out + row * shape.outputs
            )
            row += tile.rows
        }
    }

    private func run(
        _ tile: TileHandles,
        _ matrix: MatrixHandles,
        _ x: UnsafePointer<Float>,
        _ out: UnsafeMutablePointer<Float>
    ) throws(PassFailure) {
        // Neither layout has padding, so that setting a handle writes nothing.
        dnnl_memory_set_data_handle(tile.source.memory, UnsafeMutablePointer(mutating: x))
        dnnl_memory_set_data_handle(tile.destination.memory, out)
        arguments[0] = dnnl_exec_arg_t(arg: DNNL_ARG_SRC, memory: tile.source.memory)
        arguments[1] = dnnl_exec_arg_t(arg: DNNL_ARG_WEIGHTS, memory: matrix.weights.memory)
        arguments[2] = dnnl_exec_arg_t(arg: DNNL_ARG_DST, memory: tile.destination.memory)
        arguments[3] = dnnl_exec_arg_t(arg: DNNL_ARG_SCRATCHPAD, memory: tile.scratchpad.memory)
        var count: Int32 = 4
        if let bias = matrix.bias {
            arguments[4] = dnnl_exec_arg_t(arg: DNNL_ARG_BIAS, memory: bias.memory)
            count = 5
        }
        let status = dnnl_primitive_execute(tile.primitive, stream.stream, count, arguments)
        guard status == dnnl_success else {
            throw .library(operation: "dnnl_primitive_execute", status: Int(status.rawValue))
        }
    }
}
