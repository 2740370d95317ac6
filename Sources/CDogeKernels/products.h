// Matrix products; see vector.h and ck_product.h.
//
// A tile of TILE_ROWS rows and TILE_VECTORS vectors of columns stays in registers while the words
// of the rows and of the panel stream by: each word of a row meets all columns of the tile.

enum {
    TILE_ROWS = CK_WIDTH == 16 ? 6 : 3,
    TILE_VECTORS = 4,
    TILE_COLUMNS = TILE_VECTORS * CK_WIDTH,
};

_Static_assert(CK_PANEL % TILE_COLUMNS == 0, "no tile crosses the end of a panel");
_Static_assert(16 % CK_WIDTH == 0 && TILE_COLUMNS % 32 == 0,
               "gates and what they act on, 16 of each in turn, meet in one tile");

typedef vi tile_sums[TILE_ROWS][TILE_VECTORS];

/// sums (rows, vectors) = begin (vectors) + x (rows, steps) times w (steps, vectors); all but
/// pointers, strides and steps are constants where this is called. `begin` null: zero. `fetch`: a
/// line that is asked for in the first step, `fetch_stride` words further on in each next one.
INLINE void accumulate(ck_format format, size_t rows, size_t vectors, const uint32_t *x,
                       size_t x_stride, const uint32_t *w, size_t w_stride, size_t steps,
                       const int32_t *begin, const uint32_t *fetch, size_t fetch_stride,
                       tile_sums out) {
    tile_sums sums;  // a variable of its own, or the sums would be stored in every step
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
        const vi first = begin ? load_words((const uint32_t *)begin + v * CK_WIDTH) : (vi)(0);
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) sums[r][v] = first;
    }
    for (size_t k = 0; k < steps; k++, w += w_stride) {
        vi columns[TILE_VECTORS];
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v++) columns[v] = load_words(w + v * CK_WIDTH);
        if (fetch) __builtin_prefetch(fetch + k * fetch_stride, 0, 2);
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) {
            const vi word = (vi)((int32_t)x[r * x_stride + k]);
#pragma clang loop unroll(full)
            for (size_t v = 0; v < vectors; v++)
                sums[r][v] = multiply_add(format, sums[r][v], word, columns[v]);
        }
    }
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v++) out[r][v] = sums[r][v];
}

/// The products of one vector of columns for all rows of a tile, from their sums.
INLINE void finish_column(ck_format format, const ck_product *p, size_t row, size_t column,
                          size_t rows, size_t v, tile_sums sums, vf *values) {
    const ck_matrix *m = p->matrix;
    const size_t at = column + v * CK_WIDTH;
    const vf scale = format == CK_INT8 ? load(m->scales + at) : splat(1.0f);
    const vf bias = m->bias ? load(m->bias + at) : splat(0.0f);
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) {
        vf value = (vf)sums[r][v];
        if (format == CK_INT8)
            value = __builtin_convertvector(sums[r][v], vf) * (splat(p->x.scales[row + r]) * scale);
        values[r] = m->bias ? value + bias : value;
    }
}

/// Writes what has come of one vector of gates and what they act on.
INLINE void write_gated(const ck_product *p, size_t row, size_t unit, size_t rows,
                        const vf *gates, const vf *ups) {
    for (size_t r = 0; r < rows; r++)
        write_f32_or_bf16(p->gated.format, p->gated.words + (row + r) * p->gated.stride, unit,
                          activate_v(gates[r], p->activation) * ups[r]);
}

/// Writes a tile whose columns are gates and, half of them, what these act on.
INLINE void gate_tile(ck_format format, const ck_product *p, size_t row, size_t column,
                      size_t rows, tile_sums sums) {
    enum { GATES = 16 / CK_WIDTH };
#pragma clang loop unroll(full)
    for (size_t v = 0; v < TILE_VECTORS; v += 2 * GATES)
#pragma clang loop unroll(full)
        for (size_t g = 0; g < GATES; g++) {
            const size_t unit = (column + v * CK_WIDTH) / 2 + g * CK_WIDTH;
            vf gates[TILE_ROWS], ups[TILE_ROWS];
            finish_column(format, p, row, column, rows, v + g, sums, gates);
            finish_column(format, p, row, column, rows, v + g + GATES, sums, ups);
            if (p->activation.kind != CK_SILU) {
                write_gated(p, row, unit, rows, gates, ups);
                continue;
            }
#pragma clang loop unroll(full)
            for (size_t r = 0; r < rows; r++)  // the default, free of the switch
                write_f32_or_bf16(p->gated.format, p->gated.words + (row + r) * p->gated.stride,
                                  unit, damped(gates[r], gates[r]) * ups[r]);
        }
}

INLINE void tile(ck_format format, size_t rows, const ck_product *p, size_t row, size_t column,
                 const uint32_t *fetch, size_t fetch_stride) {
    const ck_matrix *m = p->matrix;
    const uint32_t *panel = m->panels + column / CK_PANEL * m->steps * CK_PANEL;
    tile_sums sums;
    accumulate(format, rows, TILE_VECTORS, p->x.words + row * p->x.stride, p->x.stride,
               panel + column % CK_PANEL, CK_PANEL, m->steps,
               format == CK_INT8 ? m->offsets + column : NULL, fetch, fetch_stride, sums);
    if (p->finish == CK_GATE) return gate_tile(format, p, row, column, rows, sums);
#pragma clang loop unroll(full)
    for (size_t v = 0; v < TILE_VECTORS; v++) {
        const size_t at = column + v * CK_WIDTH;
        vf values[TILE_ROWS];
        finish_column(format, p, row, column, rows, v, sums, values);
        if (p->finish == CK_RESIDUAL) {
            const vf residual = load(p->residual + at);
#pragma clang loop unroll(full)
            for (size_t r = 0; r < rows; r++)
                values[r] =
                    fma_v(residual, load(p->out + (row + r) * p->out_stride + at), values[r]);
        }
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++)
            store(p->out + (row + r) * p->out_stride + at, values[r]);
    }
}

typedef void tile_function(const ck_product *p, size_t row, size_t column, const uint32_t *fetch,
                           size_t fetch_stride);

#define TILE_OF(name, format, rows)                                                             \
    static void name(const ck_product *p, size_t row, size_t column, const uint32_t *fetch,     \
                     size_t fetch_stride) {                                                     \
        tile(format, rows, p, row, column, fetch, fetch_stride);                                \
    }
#define TILE(rows)                                                                              \
    TILE_OF(tile_f32_##rows, CK_F32, rows)                                                      \
    TILE_OF(tile_bf16_##rows, CK_BF16, rows)                                                    \
    TILE_OF(tile_int8_##rows, CK_INT8, rows)
TILE(1)
TILE(2)
TILE(3)
#if CK_WIDTH == 16
TILE(4)
TILE(5)
TILE(6)
static tile_function *const tiles[3][TILE_ROWS] = {
    {tile_f32_1, tile_f32_2, tile_f32_3, tile_f32_4, tile_f32_5, tile_f32_6},
    {tile_bf16_1, tile_bf16_2, tile_bf16_3, tile_bf16_4, tile_bf16_5, tile_bf16_6},
    {tile_int8_1, tile_int8_2, tile_int8_3, tile_int8_4, tile_int8_5, tile_int8_6},
};
#else
static tile_function *const tiles[3][TILE_ROWS] = {
    {tile_f32_1, tile_f32_2, tile_f32_3},
    {tile_bf16_1, tile_bf16_2, tile_bf16_3},
    {tile_int8_1, tile_int8_2, tile_int8_3},
};
#endif
#undef TILE
#undef TILE_OF

/// The tiles of one panel; while the first rows are multiplied, the next panel is asked for, as far
/// as the second cache.
///
/// A panel is used for as many rows as there are; without this all of them would wait for the first
/// rows to fetch it. A line a step: asked for in bursts, they would wait for each other.
static void multiply_panel(const ck_product *p, size_t panel) {
    enum { LINE = 64 / sizeof(uint32_t), PARTS = CK_PANEL / LINE };
    const ck_matrix *m = p->matrix;
    tile_function *const *const heights = tiles[m->format];
    const size_t blocks = p->rows / TILE_ROWS, row = blocks * TILE_ROWS;
    const uint32_t *next = m->panels + (panel + 1) * m->steps * CK_PANEL;
    for (size_t column = panel * CK_PANEL; column < (panel + 1) * CK_PANEL;
         column += TILE_COLUMNS) {
        for (size_t block = 0; block < blocks; block++) {
            const int fetches =
                panel + 1 < p->end && column == panel * CK_PANEL && block < PARTS;
            heights[TILE_ROWS - 1](p, block * TILE_ROWS, column,
                                   fetches ? next + block * m->steps * LINE : m->panels,
                                   fetches ? LINE : 0);
        }
        if (row < p->rows) heights[p->rows - row - 1](p, row, column, m->panels, 0);
    }
}

static void multiply(const ck_product *p) {
    for (size_t panel = p->first; panel < p->end; panel++) multiply_panel(p, panel);
}

/// `steps` tiles' worth of multiplications and additions that touch nothing but registers.
INLINE void spin_in(ck_format format, size_t steps, float *out) {
    tile_sums sums = {0};
    vi x = (vi)(0), w = (vi)(0);
    for (size_t k = 0; k < steps; k++) {
        __asm__ volatile("" : "+v"(x), "+v"(w));  // or the loop would be seen to do nothing
#pragma clang loop unroll(full)
        for (size_t r = 0; r < TILE_ROWS; r++)
#pragma clang loop unroll(full)
            for (size_t v = 0; v < TILE_VECTORS; v++)
                sums[r][v] = multiply_add(format, sums[r][v], x, w);
    }
    for (size_t r = 0; r < TILE_ROWS; r++)
        for (size_t v = 0; v < TILE_VECTORS; v++) store(out, load(out) + (vf)sums[r][v]);
}

static double spin(ck_format format, size_t steps) {
    float out[CK_WIDTH] = {0};
    if (format == CK_F32) spin_in(CK_F32, steps, out);
    if (format == CK_BF16) spin_in(CK_BF16, steps, out);
    if (format == CK_INT8) spin_in(CK_INT8, steps, out);
    const size_t numbers = format == CK_F32 ? 1 : format == CK_BF16 ? 2 : 4;
    __asm__ volatile("" : : "r"(out) : "memory");
    return 2.0 * (double)(steps * TILE_ROWS * TILE_VECTORS * CK_WIDTH * numbers);
}
