import COneDNN

/// The matrix library's view of this processor; outlives all that is made with it.
final class MatrixLibrary: @unchecked Sendable {  // oneDNN engines may be used from any thread
    let engine: dnnl_engine_t

    init() throws(ModelError) {
        var engine: dnnl_engine_t?
        try check("dnnl_engine_create", dnnl_engine_create(&engine, dnnl_cpu, 0))
        guard let engine else { throw .library(operation: "dnnl_engine_create", status: 0) }
        self.engine = engine
    }

    deinit { dnnl_engine_destroy(engine) }
}

/// Turns a status of oneDNN into an error.
func check(_ operation: String, _ status: dnnl_status_t) throws(ModelError) {
    guard status == dnnl_success else {
        throw .library(operation: operation, status: Int(status.rawValue))
    }
}

/// Numbers that tell one shape of product from another.
struct ProductShape: Hashable {
    let inputs: Int
    let outputs: Int
    let hasBias: Bool
}

/// Compiled products of one shape: out (rows, outputs) = x (rows, inputs) W' + bias.
///
/// Row counts are fixed when the code is made: a count known only at run time would fall back to
/// unpacked weights. A row's result is the same bits in a tile of any height; a test holds that.
final class ProductPlan: @unchecked Sendable {  // primitives are immutable and re-entrant
    /// One compiled height.
    struct Tile {
        let rows: Int
        let primitive: dnnl_primitive_t
        let source: dnnl_memory_desc_t
        let destination: dnnl_memory_desc_t
        let scratchpad: dnnl_memory_desc_t
        let weights: dnnl_memory_desc_t
    }

    static let heights = [256, 64, 16, 1]
    /// Rows that buffers are rounded up to: what does not fill a tile runs in one of this height.
    static let rowStep = 16

    let shape: ProductShape
    /// Tiles that share one packed layout, tallest first; that of `rowStep` rows always.
    let tiles: [Tile]
    let weights: dnnl_memory_desc_t
    let plainWeights: dnnl_memory_desc_t
    let bias: dnnl_memory_desc_t
    let scratchByteCount: Int
    private let library: MatrixLibrary

    init(_ shape: ProductShape, library: MatrixLibrary) throws(ModelError) {
        self.shape = shape
        self.library = library
        plainWeights = try matrix(shape.outputs, shape.inputs)
        bias = try vector(shape.outputs)
        var all: [Tile] = []
        for rows in ProductPlan.heights {
            all.append(try ProductPlan.tile(shape, rows: rows, bias: bias, library: library))
        }
        guard let base = all.first(where: { $0.rows == ProductPlan.rowStep }) else {
            preconditionFailure("heights hold rowStep")
        }
        weights = base.weights
        tiles = all.filter { tile in
            let same = withUnsafePointer(to: base.weights) { wanted in
                withUnsafePointer(to: tile.weights) { dnnl_memory_desc_equal(wanted, $0) }
            }
            if same == 0 { dnnl_primitive_destroy(tile.primitive) }
            return same != 0
        }
        scratchByteCount =
            tiles.map { tile in
                withUnsafePointer(to: tile.scratchpad) { dnnl_memory_desc_get_size($0) }
            }.max() ?? 0
    }

    deinit {
        for tile in tiles { dnnl_primitive_destroy(tile.primitive) }
    }

    private static func tile(
        _ shape: ProductShape,
        rows: Int,
        bias: dnnl_memory_desc_t,
        library: MatrixLibrary
    ) throws(ModelError) -> Tile {
        var source = try matrix(rows, shape.inputs)
        var destination = try matrix(rows, shape.outputs)
        var packed = try matrix(shape.outputs, shape.inputs, dnnl_format_tag_any)
        var bias = bias
        var product = dnnl_inner_product_desc_t()
        let initialized =
            shape.hasBias
            ? dnnl_inner_product_forward_desc_init(
                &product,
                dnnl_forward_inference,
                &source,
                &packed,
                &bias,
                &destination
            )
            : dnnl_inner_product_forward_desc_init(
                &product,
                dnnl_forward_inference,
                &source,
                &packed,
                nil,
                &destination
            )
        try check("dnnl_inner_product_forward_desc_init", initialized)
        var attributes: dnnl_primitive_attr_t?
        try check("dnnl_primitive_attr_create", dnnl_primitive_attr_create(&attributes))
        defer { dnnl_primitive_attr_destroy(attributes) }
        try check(
            "dnnl_primitive_attr_set_scratchpad_mode",
            dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user)
        )
        var description: dnnl_primitive_desc_t?
        try check(
            "dnnl_primitive_desc_create",
            dnnl_primitive_desc_create(&description, &product, attributes, library.engine, nil)
        )
        defer { dnnl_primitive_desc_destroy(description) }
        var primitive: dnnl_primitive_t?
        try check("dnnl_primitive_create", dnnl_primitive_create(&primitive, description))
        guard let primitive,
            let weights = dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0),
            let scratchpad = dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0)
        else { throw .library(operation: "dnnl_primitive_desc_query_md", status: 0) }
        return Tile(
            rows: rows,
            primitive: primitive,
            source: source,
            destination: destination,
            scratchpad: scratchpad.pointee,
            weights: weights.pointee
        )
    }
}

/// Description of a row-major matrix, or of one in a layout of the library's choice.
private func matrix(
    _ rows: Int,
    _ columns: Int,
    _ tag: dnnl_format_tag_t = dnnl_ab
) throws(ModelError) -> dnnl_memory_desc_t {
    var description = dnnl_memory_desc_t()
    try check(
        "dnnl_memory_desc_init_by_tag",
        dnnl_memory_desc_init_by_tag(
            &description,
            2,
            [Int64(rows), Int64(columns)],
            dnnl_f32,
            tag
        )
    )
    return description
}

private func vector(_ count: Int) throws(ModelError) -> dnnl_memory_desc_t {
    var description = dnnl_memory_desc_t()
    try check(
        "dnnl_memory_desc_init_by_tag",
        dnnl_memory_desc_init_by_tag(&description, 1, [Int64(count)], dnnl_f32, dnnl_a)
    )
    return description
}
