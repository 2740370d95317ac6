// The lookup of experts; see vector.h.

/// A vector of a row of a table.
INLINE vf load_row(ck_format format, const void *row, size_t i) {
    if (format == CK_F32) return load((const float *)row + i);
    const vh half = *(const vh_loose *)((const uint16_t *)row + i);
    return (vf)(__builtin_convertvector(half, vi) << 16);
}

INLINE float number_of(ck_format format, const void *row, size_t i) {
    if (format == CK_F32) return ((const float *)row)[i];
    const uint32_t bits = (uint32_t)((const uint16_t *)row)[i] << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

INLINE const void *row_of(ck_format format, ck_table table, int32_t expert, size_t width) {
    const size_t bytes = format == CK_F32 ? sizeof(float) : sizeof(uint16_t);
    return (const char *)table.rows + (size_t)expert * width * bytes;
}

INLINE float dot_row(ck_format format, const void *row, const float *x, size_t width) {
    vf sums[4] = {0};
    size_t i = 0;
    for (; i + 4 * CK_WIDTH <= width; i += 4 * CK_WIDTH)
        for (size_t u = 0; u < 4; u++) {
            const size_t at = i + u * CK_WIDTH;
            sums[u] = fma_v(load_row(format, row, at), load(x + at), sums[u]);
        }
    for (; i + CK_WIDTH <= width; i += CK_WIDTH)
        sums[0] = fma_v(load_row(format, row, i), load(x + i), sums[0]);
    float sum = sum_lanes((sums[0] + sums[1]) + (sums[2] + sums[3]));
    for (; i < width; i++) sum += number_of(format, row, i) * x[i];
    return sum;
}

INLINE void consult(ck_format format, const float *x, ck_table down, ck_table up,
                    const int32_t *chosen, const float *weights, size_t count, float *out,
                    size_t width, ck_activation activation) {
    float factors[CK_EXPERTS_MAX + CK_WIDTH] = {0};
    for (size_t e = 0; e < count; e++)
        factors[e] = dot_row(format, row_of(format, down, chosen[e], width), x, width);
    for (size_t e = 0; e < count; e += CK_WIDTH)
        store(factors + e, activate_v(load(factors + e), activation));
    for (size_t e = 0; e < count; e++) factors[e] *= weights[e];
    size_t i = 0;
    for (; i + 4 * CK_WIDTH <= width; i += 4 * CK_WIDTH) {
        vf totals[4];
        for (size_t u = 0; u < 4; u++) totals[u] = load(out + i + u * CK_WIDTH);
        for (size_t e = 0; e < count; e++) {
            const void *row = row_of(format, up, chosen[e], width);
            for (size_t u = 0; u < 4; u++)
                totals[u] = fma_v(splat(factors[e]), load_row(format, row, i + u * CK_WIDTH),
                                  totals[u]);
        }
        for (size_t u = 0; u < 4; u++) store(out + i + u * CK_WIDTH, totals[u]);
    }
    for (; i < width; i++)
        for (size_t e = 0; e < count; e++)
            out[i] += factors[e] * number_of(format, row_of(format, up, chosen[e], width), i);
}

static void experts(const float *x, ck_table down, ck_table up, const int32_t *chosen,
                    const float *weights, size_t count, float *out, size_t width,
                    ck_activation activation) {
    if (down.format == CK_F32)
        consult(CK_F32, x, down, up, chosen, weights, count, out, width, activation);
    else
        consult(CK_BF16, x, down, up, chosen, weights, count, out, width, activation);
}
