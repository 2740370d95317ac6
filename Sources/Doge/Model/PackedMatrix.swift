import COneDNN

/// A weight matrix in the layout of its products, shared by all threads.
final class PackedMatrix: @unchecked Sendable {  // filled once, before it is shared
    let plan: ProductPlan
    let bias: FloatTensor?
    /// Number among the matrices of the model, by which threads find their handles.
    let index: Int
    private let packed: AlignedBuffer

    /// Packs (outputs, inputs) row-major `weights`, whose memory is not needed afterwards.
    init(
        _ weights: FloatTensor,
        bias: FloatTensor?,
        plan: ProductPlan,
        index: Int,
        library: MatrixLibrary
    ) throws(ModelError) {
        self.plan = plan
        self.bias = bias
        self.index = index
        let byteCount = withUnsafePointer(to: plan.weights) { dnnl_memory_desc_get_size($0) }
        guard let packed = AlignedBuffer(capacity: byteCount / 4 + 1) else {
            throw .outOfMemory(what: "a packed matrix", byteCount: byteCount)
        }
        let data = packed.floats
        self.packed = packed
        let source = UnsafeMutableRawPointer(mutating: weights.floats)  // only read
        defer { withExtendedLifetime(weights) {} }  // oneDNN knows them by `source` alone
        let from = try MemoryHandle(plan.plainWeights, library: library, data: source)
        let into = try MemoryHandle(plan.weights, library: library, data: data)
        var description: dnnl_primitive_desc_t?
        var plain = plan.plainWeights
        var target = plan.weights
        try check(
            "dnnl_reorder_primitive_desc_create",
            dnnl_reorder_primitive_desc_create(
                &description,
                &plain,
                library.engine,
                &target,
                library.engine,
                nil
            )
        )
        defer { dnnl_primitive_desc_destroy(description) }
        var primitive: dnnl_primitive_t?
        try check("dnnl_primitive_create", dnnl_primitive_create(&primitive, description))
        defer { dnnl_primitive_destroy(primitive) }
        let stream = try Stream(library)
        defer { withExtendedLifetime((from, into)) {} }  // `arguments` does not hold them
        let arguments = [
            dnnl_exec_arg_t(arg: DNNL_ARG_FROM, memory: from.memory),
            dnnl_exec_arg_t(arg: DNNL_ARG_TO, memory: into.memory),
        ]
        try check(
            "dnnl_primitive_execute (reorder)",
            dnnl_primitive_execute(primitive, stream.stream, 2, arguments)
        )
        try check("dnnl_stream_wait", dnnl_stream_wait(stream.stream))
    }

    /// A handle over the packed weights for one thread.
    func weightsHandle(library: MatrixLibrary) throws(ModelError) -> MemoryHandle {
        try MemoryHandle(plan.weights, library: library, data: packed.floats)
    }
}

/// A memory object of oneDNN; the data belongs to someone else and must outlive it.
final class MemoryHandle {
    let memory: dnnl_memory_t

    init(
        _ description: dnnl_memory_desc_t,
        library: MatrixLibrary,
        data: UnsafeMutableRawPointer?
    ) throws(ModelError) {
        var description = description
        var memory: dnnl_memory_t?
        try check(
            "dnnl_memory_create",
            dnnl_memory_create(&memory, &description, library.engine, data)
        )
        guard let memory else { throw .library(operation: "dnnl_memory_create", status: 0) }
        self.memory = memory
    }

    deinit { dnnl_memory_destroy(memory) }
}

/// An execution stream of oneDNN; used by one thread at a time.
final class Stream {
    let stream: dnnl_stream_t

    init(_ library: MatrixLibrary) throws(ModelError) {
        var stream: dnnl_stream_t?
        let flags = UInt32(dnnl_stream_in_order.rawValue)
        try check("dnnl_stream_create", dnnl_stream_create(&stream, library.engine, flags))
        guard let stream else { throw .library(operation: "dnnl_stream_create", status: 0) }
        self.stream = stream
    }

    deinit { dnnl_stream_destroy(stream) }
}
