// The lookup of experts; see vector.h.

INLINE const void *row_of(ck_format format, ck_table table, int32_t expert, size_t width) {
    const size_t bytes = format == CK_F32 ? sizeof(float) : sizeof(uint16_t);
    return (const char *)table.rows + (size_t)expert * width * bytes;
}

/// Places of the best `limit` of `count` scores, best first, the first among equals; by counting
/// for each how many come before it. `ties` (count): what decides between equals, or null.
INLINE void rank_best(const float *scores, const int32_t *ties, size_t count, size_t limit,
                      int32_t *best) {
    // Scores that are no numbers have no rank: every place holds a valid one before.
    for (size_t i = 0; i < limit; i++) best[i] = (int32_t)i;
    for (size_t i = 0; i < count; i += CK_WIDTH) {
        const vf score = load(scores + i);
        const vi place = ties ? load_words((const uint32_t *)ties + i)
                              : lane_numbers() + (vi)((int32_t)i);
        vi ranks = (vi)(0);
        for (size_t j = 0; j < count; j++) {
            const vf other = splat(scores[j]);
            const vi at = (vi)(ties ? ties[j] : (int32_t)j);
            ranks -= (vi)(other > score) | ((vi)(other == score) & (vi)(at < place));
        }
        for (size_t lane = 0; lane < CK_WIDTH && i + lane < count; lane++)
            if ((size_t)ranks[lane] < limit) best[ranks[lane]] = (int32_t)(i + lane);
    }
}

/// Pairs of ranks that may be among the best `count`: (a, b) has (a + 1) (b + 1) - 1 before it.
INLINE size_t candidates(const float *x, const float *y, size_t keys, size_t count,
                         const int32_t *best_x, const int32_t *best_y, size_t half, float *scores,
                         int32_t *experts) {
    size_t filled = 0;
    for (size_t a = 0; a < half; a++)
        for (size_t b = 0; b < half && (a + 1) * (b + 1) <= count; b++) {
            scores[filled] = x[best_x[a]] + y[best_y[b]];
            experts[filled++] = best_x[a] * (int32_t)keys + best_y[b];
        }
    return filled;
}

enum {
    /// Most keys of a half that are ranked by counting, whose time grows with their square; the
    /// best of more are found by inserting. Measured on an EPYC 9005 with 8 experts a token: of 32
    /// keys 567 ns a token instead of 835, of 64 919 instead of 1,071, of 128 2,346 instead of
    /// 1,269.
    KEYS_MAX = 64,
    /// Most experts of a token that are chosen so; those of Doge-40M-MoE are 8.
    COUNTED_MAX = 32,
    /// Room for the pairs of ranks (a, b) with (a + 1) (b + 1) <= COUNTED_MAX: 119 of them.
    PAIRS_MAX = 128,
};
_Static_assert(COUNTED_MAX == 32 && PAIRS_MAX >= 119, "all pairs of 32 ranks have room");
_Static_assert(COUNTED_MAX <= CK_EXPERTS_MAX, "no more are counted than a token may consult");

/// Places of the best `half` of a half's scores; `padded` is scratch for whole vectors.
INLINE void rank_half(const float *scores, size_t keys, size_t half, float *padded, int32_t *best) {
    if (keys > KEYS_MAX) return ck_best_keys(scores, keys, half, best);
    memcpy(padded, scores, keys * sizeof *scores);
    rank_best(padded, NULL, keys, half, best);
}

static void choose_experts(const float *x, const float *y, size_t keys, size_t count,
                           int32_t *chosen, float *weights) {
    // Numbers of experts must be exact as floats.
    if (count > COUNTED_MAX || keys > 4096)
        return ck_choose_experts(x, y, keys, count, chosen, weights);
    int32_t best_x[COUNTED_MAX], best_y[COUNTED_MAX], best[COUNTED_MAX];
    int32_t experts[PAIRS_MAX + CK_WIDTH];
    float scores[PAIRS_MAX + CK_WIDTH], halves[KEYS_MAX + CK_WIDTH];
    const size_t half = count < keys ? count : keys;
    rank_half(x, keys, half, halves, best_x);
    rank_half(y, keys, half, halves, best_y);
    const size_t pairs = candidates(x, y, keys, count, best_x, best_y, half, scores, experts);
    rank_best(scores, experts, pairs, count, best);
    // Ascending experts: their numbers, below 2^24, are ranked from the lowest.
    float numbers[COUNTED_MAX + CK_WIDTH], powers[COUNTED_MAX + CK_WIDTH];
    int32_t order[COUNTED_MAX];
    const float largest = scores[best[0]];
    for (size_t e = 0; e < count; e++) numbers[e] = -(float)experts[best[e]];
    rank_best(numbers, NULL, count, count, order);
    for (size_t e = 0; e < count; e++) powers[e] = scores[best[e]] - largest;
    for (size_t e = 0; e < count; e += CK_WIDTH) store(powers + e, exp_v(load(powers + e)));
    float sum = 0.0f;
    for (size_t e = 0; e < count; e++) sum += powers[e];
    for (size_t e = 0; e < count; e++) {
        chosen[e] = experts[best[order[e]]];
        weights[e] = powers[order[e]] / sum;
    }
}

/// Asks for a row that is needed soon, as far as the second cache.
INLINE void fetch(const void *row, size_t bytes) {
    for (size_t at = 0; at < bytes; at += 64) __builtin_prefetch((const char *)row + at, 0, 2);
}

/// Pairs of a token and an expert of the lookup's partitions, those of one expert side by side, so
/// that its row is fetched once; returns how many.
INLINE size_t group_pairs(const ck_lookup *l) {
    int32_t *starts = l->order + l->tokens * l->per_token;
    const size_t pairs = l->tokens * l->per_token;
    size_t count = 0;
    const size_t low = ck_first_expert(l->first, l->experts);
    const size_t high = ck_first_expert(l->end, l->experts);
    const int sparse = pairs < (high - low) / 4;  // hardly an expert is asked twice
    if (!sparse) memset(starts, 0, (high - low + 1) * sizeof *starts);
    for (size_t pair = 0; pair < pairs; pair++) {
        const size_t expert = (size_t)l->chosen[pair];
        if (expert < low || expert >= high) continue;
        if (sparse)
            l->order[count] = (int32_t)pair;
        else
            starts[expert - low + 1]++;
        count++;
    }
    if (sparse) return count;
    for (size_t e = low; e < high; e++) starts[e - low + 1] += starts[e - low];
    for (size_t pair = 0; pair < pairs; pair++) {
        const size_t expert = (size_t)l->chosen[pair];
        if (expert >= low && expert < high) l->order[starts[expert - low]++] = (int32_t)pair;
    }
    return count;
}

INLINE void weigh_in(ck_format format, const ck_lookup *l) {
    const size_t count = group_pairs(l);
    const size_t bytes = l->width * (format == CK_F32 ? 4 : 2);
    // Rows on their way. Measured on an EPYC 9005, 4,096 rows of 1 KiB from tables beyond the last
    // cache: 256 us with 1, 213 with 4, 201 with 8, 210 with 16. Of rows of 4 and 8 KiB, numbers
    // from 1 to 16 differed by no more than the runs did.
    const size_t ahead = bytes < 4096 ? 8 : 2;
    for (size_t i = 0; i < count; i += CK_WIDTH) {
        const size_t run = count - i < CK_WIDTH ? count - i : CK_WIDTH;
        float inner[CK_WIDTH] = {0};
        for (size_t lane = 0; lane < run; lane++) {
            const size_t pair = (size_t)l->order[i + lane];
            if (i + lane + ahead < count) {
                const int32_t soon = l->chosen[l->order[i + lane + ahead]];
                fetch(row_of(format, l->down, soon, l->width), bytes);
            }
            const float *x = l->x + (size_t)l->rows[pair / l->per_token] * l->x_stride;
            inner[lane] = dot_row(format, row_of(format, l->down, l->chosen[pair], l->width), x,
                                  l->width);
        }
        store(inner, activate_v(load(inner), l->activation));
        for (size_t lane = 0; lane < run; lane++) {
            const size_t pair = (size_t)l->order[i + lane];
            l->factors[pair] = inner[lane] * l->weights[pair];
        }
    }
}

static void weigh_experts(const ck_lookup *l) {
    if (l->down.format == CK_F32)
        weigh_in(CK_F32, l);
    else
        weigh_in(CK_BF16, l);
}

/// How a token's sum comes about: its experts in order, and how many sums that lie ready are joined
/// before each that begins a sum of its own.
typedef struct plan {
    const void *rows[CK_EXPERTS_MAX];
    float factors[CK_EXPERTS_MAX];
    int8_t joins[CK_EXPERTS_MAX];  // -1: goes on with the sum that was begun
    size_t count;
} plan;

enum { SUMS_MAX = 6 };  // ready at once: one for each level of the tree, and two leaves
_Static_assert(1 << (SUMS_MAX - 2) >= CK_PARTITIONS, "every level of the tree has its sum");

/// How many of the sums that lie ready are joined before one that parts from the last at `level`.
INLINE int8_t joins_before(const int8_t *levels, size_t *depth, int level) {
    int8_t joins = 0;
    while (*depth >= 2 && levels[*depth - 1] < level) {
        joins++;
        (*depth)--;
    }
    return joins;
}

INLINE void make_plan(ck_format format, const ck_lookup *l, size_t token, plan *p) {
    int8_t levels[SUMS_MAX + 1] = {0};  // at which each sum parts from the one before it
    size_t depth = 0, last = 0;
    p->count = 0;
    for (size_t e = 0; e < l->per_token; e++) {
        const size_t pair = token * l->per_token + e;
        const size_t partition = ck_partition((size_t)l->chosen[pair], l->experts);
        if (partition < l->first || partition >= l->end) continue;
        p->rows[p->count] = row_of(format, l->up, l->chosen[pair], l->width);
        p->factors[p->count] = l->factors[pair];
        if (depth > 0 && partition == last) {
            p->joins[p->count++] = -1;
            continue;
        }
        const int level = depth > 0 ? 32 - __builtin_clz((uint32_t)(partition ^ last)) : 0;
        p->joins[p->count++] = joins_before(levels, &depth, level);
        levels[depth++] = (int8_t)level;
        last = partition;
    }
}

/// One run of `vectors` vectors of a token's sum.
INLINE void run_plan(ck_format format, const plan *p, size_t i, size_t vectors, vf *out) {
    vf sums[SUMS_MAX][4];
    size_t depth = 0;
    for (size_t e = 0; e < p->count; e++) {
        const vf factor = splat(p->factors[e]);
        for (int8_t join = 0; join < p->joins[e]; join++, depth--)
            for (size_t v = 0; v < vectors; v++) sums[depth - 2][v] += sums[depth - 1][v];
        if (p->joins[e] < 0) {
            for (size_t v = 0; v < vectors; v++)
                sums[depth - 1][v] = fma_v(factor, load_row(format, p->rows[e], i + v * CK_WIDTH),
                                           sums[depth - 1][v]);
            continue;
        }
        for (size_t v = 0; v < vectors; v++)
            sums[depth][v] = factor * load_row(format, p->rows[e], i + v * CK_WIDTH);
        depth++;
    }
    for (; depth >= 2; depth--)
        for (size_t v = 0; v < vectors; v++) sums[depth - 2][v] += sums[depth - 1][v];
    for (size_t v = 0; v < vectors; v++) out[v] = sums[0][v];
}

/// One number of a token's sum, with the same operations.
INLINE float run_plan_once(ck_format format, const plan *p, size_t i) {
    float sums[SUMS_MAX];
    size_t depth = 0;
    for (size_t e = 0; e < p->count; e++) {
        for (int8_t join = 0; join < p->joins[e]; join++, depth--)
            sums[depth - 2] += sums[depth - 1];
        const float number = number_of(format, p->rows[e], i);
        if (p->joins[e] < 0)
            sums[depth - 1] = __builtin_fmaf(p->factors[e], number, sums[depth - 1]);
        else
            sums[depth++] = p->factors[e] * number;
    }
    for (; depth >= 2; depth--) sums[depth - 2] += sums[depth - 1];
    return sums[0];
}

INLINE void sum_in(ck_format format, const ck_lookup *l, size_t begin, size_t stop, float *out,
                   size_t out_stride, uint8_t *touched) {
    const size_t bytes = l->width * (format == CK_F32 ? 4 : 2);
    plan plans[2];  // the next token's rows are fetched while this one's are summed
    if (begin < stop) make_plan(format, l, begin, &plans[begin % 2]);
    for (size_t token = begin; token < stop; token++) {
        const plan *p = &plans[token % 2];
        if (token + 1 < stop) {
            plan *next = &plans[(token + 1) % 2];
            make_plan(format, l, token + 1, next);
            for (size_t e = 0; e < next->count; e++) fetch(next->rows[e], bytes);
        }
        if (touched) touched[token] = p->count > 0;
        if (p->count == 0) continue;
        float *row = out + (touched ? token : (size_t)l->rows[token]) * out_stride;
        size_t i = 0;
        for (; i + 4 * CK_WIDTH <= l->width; i += 4 * CK_WIDTH) {
            vf sums[4];
            run_plan(format, p, i, 4, sums);
            for (size_t v = 0; v < 4; v++) {
                float *at = row + i + v * CK_WIDTH;
                store(at, touched ? sums[v] : load(at) + sums[v]);
            }
        }
        for (; i < l->width; i++) {
            const float sum = run_plan_once(format, p, i);
            row[i] = touched ? sum : row[i] + sum;
        }
    }
}

static void sum_experts(const ck_lookup *l, size_t begin, size_t stop, float *out,
                        size_t out_stride, uint8_t *touched) {
    if (l->up.format == CK_F32)
        sum_in(CK_F32, l, begin, stop, out, out_stride, touched);
    else
        sum_in(CK_BF16, l, begin, stop, out, out_stride, touched);
}

/// Joins the branches [low, high) of one number's sums; false where none is there.
INLINE int join(const float *const *branches, size_t i, size_t owners, float *sum) {
    float sums[CK_PARTITIONS];
    uint8_t there[CK_PARTITIONS];
    for (size_t o = 0; o < owners; o++) {
        there[o] = branches[o] != NULL;
        sums[o] = there[o] ? branches[o][i] : 0.0f;
    }
    for (size_t step = 1; step < owners; step *= 2)
        for (size_t o = 0; o < owners; o += 2 * step) {
            if (there[o] && there[o + step]) sums[o] += sums[o + step];
            if (!there[o] && there[o + step]) sums[o] = sums[o + step];
            there[o] |= there[o + step];
        }
    *sum = sums[0];
    return there[0];
}

static void merge_experts(const ck_lookup *l, size_t begin, size_t stop, const float *sums,
                          const uint8_t *touched, size_t owners, float *out, size_t out_stride) {
    for (size_t token = begin; token < stop; token++) {
        const float *branches[CK_PARTITIONS] = {0};
        for (size_t o = 0; o < owners; o++)
            if (touched[o * l->tokens + token])
                branches[o] = sums + (o * l->tokens + token) * out_stride;
        float *row = out + (size_t)l->rows[token] * out_stride;
        float sum;
        if (owners == 2 && branches[0] && branches[1])
            for (size_t i = 0; i < l->width; i++) row[i] += branches[0][i] + branches[1][i];
        else
            for (size_t i = 0; i < l->width; i++)
                if (join(branches, i, owners, &sum)) row[i] += sum;
    }
}
