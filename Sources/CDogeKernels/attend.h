// Softmax attention; see vector.h and ck_attention.h.

_Static_assert(CK_QUERIES % TILE_ROWS == 0, "tiles take all queries of a block, and no more");
_Static_assert(TILE_VECTORS == 4, "score_keys names every number of vectors that may be left");
_Static_assert(CK_PANEL % CK_WIDTH == 0, "rows of scores are whole vectors");

/// One tile of scores: queries [first, first + TILE_ROWS) against `vectors` vectors of keys.
INLINE void score_tile(ck_format format, size_t vectors, const ck_attend_call *call, size_t first,
                       size_t key, size_t steps) {
    tile_sums sums;
    const uint32_t *panel = call->keys + key / CK_PANEL * steps * CK_PANEL + key % CK_PANEL;
    accumulate(format, TILE_ROWS, vectors, call->queries + first * call->query_stride,
               call->query_stride, panel, CK_PANEL, steps, NULL, NULL, 0, sums);
#pragma clang loop unroll(full)
    for (size_t r = 0; r < TILE_ROWS; r++)
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v++)
            store(call->scores + (first + r) * call->score_stride + key + v * CK_WIDTH,
                  (vf)sums[r][v]);
}

INLINE void score_keys(ck_format format, const ck_attend_call *call) {
    const size_t steps = format == CK_F32 ? call->head_dim : (call->head_dim + 1) / 2;
    for (size_t first = 0; first < CK_QUERIES; first += TILE_ROWS) {
        size_t key = 0;
        for (; key + TILE_COLUMNS <= call->key_count; key += TILE_COLUMNS)
            score_tile(format, TILE_VECTORS, call, first, key, steps);
        const size_t left = (call->key_count - key + CK_WIDTH - 1) / CK_WIDTH;
        if (left == 1) score_tile(format, 1, call, first, key, steps);
        if (left == 2) score_tile(format, 2, call, first, key, steps);
        if (left == 3) score_tile(format, 3, call, first, key, steps);
        if (left == 4) score_tile(format, 4, call, first, key, steps);
    }
}

/// Adds the bias, turns the scores of the first `count` keys into e^(score - largest), the rest up
/// to `end` into zeros, and returns the sum. bf16 weights move up to the front of the row.
INLINE float weigh_keys(ck_format format, float *scores, const float *bias, size_t count,
                        size_t end) {
    vf largest = splat(-INFINITY), sum = splat(0.0f);
    size_t j = 0;
    for (; j + CK_WIDTH <= count; j += CK_WIDTH) {
        const vf score = load(scores + j) + load(bias + j);
        largest = __builtin_elementwise_max(largest, score);
        store(scores + j, score);
    }
    if (j < count) {
        const vi seen = lane_numbers() < (vi)((int32_t)(count - j));
        const vf score = pick(seen, load(scores + j) + load(bias + j), splat(-INFINITY));
        largest = __builtin_elementwise_max(largest, score);
        store(scores + j, score);
    }
    const vf shift = splat(largest_lane(largest));
    for (j = 0; j < count; j += CK_WIDTH) {
        const vf e = exp_v(load(scores + j) - shift);
        write_f32_or_bf16(format, (uint32_t *)scores, j, e);
        sum += e;
    }
    for (; j < end; j += CK_WIDTH) write_f32_or_bf16(format, (uint32_t *)scores, j, splat(0.0f));
    return sum_lanes(sum);
}

/// outputs (`vectors` from column `first` on) = weights . values / sum, of one tile of queries.
INLINE void value_tile(ck_format format, size_t vectors, const ck_attend_call *call, size_t query,
                       size_t first, size_t steps, const float *inverses) {
    tile_sums sums;
    accumulate(format, TILE_ROWS, vectors,
               (const uint32_t *)call->scores + query * call->score_stride, call->score_stride,
               call->values + first, call->value_stride, steps, NULL, NULL, 0, sums);
#pragma clang loop unroll(full)
    for (size_t r = 0; r < TILE_ROWS; r++)
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors && query + r < call->rows; v++)
            store(call->outputs[query + r] + first + v * CK_WIDTH,
                  (vf)sums[r][v] * splat(inverses[query + r]));
}

INLINE void attend_in(ck_format format, const ck_attend_call *call) {
    const size_t steps = format == CK_F32 ? call->key_count : (call->key_count + 1) / 2;
    float inverses[CK_QUERIES];
    score_keys(format, call);
    for (size_t q = 0; q < call->rows; q++)
        inverses[q] = 1.0f / weigh_keys(format, call->scores + q * call->score_stride,
                                        call->bias[q], call->counts[q], call->key_count);
    for (size_t query = 0; query < call->rows; query += TILE_ROWS) {
        size_t d = 0;
        for (; d + TILE_COLUMNS <= call->value_width; d += TILE_COLUMNS)
            value_tile(format, TILE_VECTORS, call, query, d, steps, inverses);
        for (; d < call->value_width; d += CK_WIDTH)
            value_tile(format, 1, call, query, d, steps, inverses);
    }
}

static void attend(const ck_attend_call *call) {
    if (call->format == CK_F32)
        attend_in(CK_F32, call);
    else
        attend_in(CK_BF16, call);
}

/// Turns one row of scores into exp(score - largest) and returns their sum.
INLINE float exponentials(float *scores, size_t count) {
    vf largest = splat(-INFINITY), sum = splat(0.0f);
    for (size_t j = 0; j < count; j += CK_WIDTH)
        largest = __builtin_elementwise_max(largest, load(scores + j));
    const vf shift = splat(largest_lane(largest));
    for (size_t j = 0; j < count; j += CK_WIDTH) {
        const vf e = exp_v(load(scores + j) - shift);
        store(scores + j, e);
        sum += e;
    }
    return sum_lanes(sum);
}

/// The value of a row, behind its key.
INLINE const void *value_of(ck_format format, const ck_rows_call *call, size_t j) {
    return (const char *)call->rows[j] + call->head_dim * (format == CK_F32 ? 4 : 2);
}

/// outputs of `heads` heads from `head` on (`vectors`, at most 4, from `first` on) = weights .
/// values / sum.
INLINE void weigh_rows(ck_format format, const ck_rows_call *call, size_t stride, size_t head,
                       size_t heads, const float *sums, size_t first, size_t vectors) {
    vf totals[2][4] = {0};
    const float *scores = call->scores + head * stride;
    for (size_t j = 0; j < call->key_count; j++) {
        const void *value = value_of(format, call, j);
#pragma clang loop unroll(full)
        for (size_t u = 0; u < vectors; u++) {
            const vf x = load_row(format, value, first + u * CK_WIDTH);
#pragma clang loop unroll(full)
            for (size_t h = 0; h < heads; h++)
                totals[h][u] = fma_v(splat(scores[h * stride + j]), x, totals[h][u]);
        }
    }
    for (size_t h = 0; h < heads; h++)
        for (size_t u = 0; u < vectors; u++)
            store(call->outputs + (head + h) * call->head_dim + first + u * CK_WIDTH,
                  totals[h][u] / splat(sums[head + h]));
}

/// The sums of `heads` heads from `head` on, at once, as each value is then fetched once.
INLINE void weigh_heads(ck_format format, const ck_rows_call *call, size_t stride, size_t head,
                        size_t heads, const float *sums) {
    const size_t width = call->head_dim;
    size_t d = 0;
    for (; d + 4 * CK_WIDTH <= width; d += 4 * CK_WIDTH)
        weigh_rows(format, call, stride, head, heads, sums, d, 4);
    for (; d + CK_WIDTH <= width; d += CK_WIDTH)
        weigh_rows(format, call, stride, head, heads, sums, d, 1);
    for (; d < width; d++)
        for (size_t h = head; h < head + heads; h++) {
            float total = 0.0f;
            for (size_t j = 0; j < call->key_count; j++)
                total += call->scores[h * stride + j] *
                         number_of(format, value_of(format, call, j), d);
            call->outputs[h * width + d] = total / sums[h];
        }
}

INLINE void attend_rows_in(ck_format format, const ck_rows_call *call) {
    const size_t width = call->head_dim;
    const size_t stride = (call->key_count + CK_PANEL - 1) / CK_PANEL * CK_PANEL;
    for (size_t first = 0; first < call->group; first += CK_HEADS) {
        // So many heads at once as there is room for their sums.
        const size_t heads = call->group - first < CK_HEADS ? call->group - first : CK_HEADS;
        ck_rows_call part = *call;
        part.queries += first * width;
        part.outputs += first * width;
        float sums[CK_HEADS];
        for (size_t j = 0; j < call->key_count; j++)
            for (size_t h = 0; h < heads; h++)
                part.scores[h * stride + j] =
                    part.bias[j] +
                    dot_row(format, part.rows[j], part.queries + h * width, width);
        for (size_t h = 0; h < heads; h++) {
            float *scores = part.scores + h * stride;
            for (size_t j = call->key_count; j < stride; j++) scores[j] = -INFINITY;
            sums[h] = exponentials(scores, stride);
        }
        size_t h = 0;
        for (; h + 2 <= heads; h += 2) weigh_heads(format, &part, stride, h, 2, sums);
        if (h < heads) weigh_heads(format, &part, stride, h, 1, sums);
    }
}

static void attend_rows(const ck_rows_call *call) {
    if (call->format == CK_F32)
        attend_rows_in(CK_F32, call);
    else
        attend_rows_in(CK_BF16, call);
}
