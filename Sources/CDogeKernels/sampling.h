// Kernels that choosing a token asks for; see vector.h.
_Static_assert(CK_TOPS % CK_WIDTH == 0, "groups are whole vectors");

static void tops(const float *x, size_t count, float *out) {
    for (size_t j = 0; j < CK_TOPS; j++) out[j] = -INFINITY;
    size_t i = 0;
    for (; i + CK_TOPS <= count; i += CK_TOPS)
        for (size_t j = 0; j < CK_TOPS; j += CK_WIDTH)
            store(out + j, __builtin_elementwise_max(load(out + j), load(x + i + j)));
    for (float *top = out; i < count; i++, top++) *top = x[i] > *top ? x[i] : *top;
}

static size_t above(const float *x, size_t count, float bound, int32_t *out) {
    size_t found = 0, i = 0;
    for (; i + CK_WIDTH <= count; i += CK_WIDTH) {
        const vi hits = load(x + i) >= splat(bound);
        if (!__builtin_reduce_or(hits)) continue;
        for (size_t lane = i; lane < i + CK_WIDTH; lane++) {
            out[found] = (int32_t)lane;
            found += x[lane] >= bound;
        }
    }
    for (; i < count; i++) {
        out[found] = (int32_t)i;
        found += x[i] >= bound;
    }
    return found;
}

static void weigh(const float *x, size_t count, float largest, float temperature, float *out,
                  float *sums) {
    for (size_t first = 0; first < count; first += CK_TOPS) {
        const size_t end = count - first < CK_TOPS ? count : first + CK_TOPS;
        vf sum = splat(0.0f);
        size_t i = first;
        for (; i + CK_WIDTH <= end; i += CK_WIDTH) {
            const vf weight = exp_v((load(x + i) - splat(largest)) / splat(temperature));
            store(out + i, weight);
            sum += weight;
        }
        float total = sum_lanes(sum);
        for (; i < end; i++) {
            out[i] = exp_v(splat((x[i] - largest) / temperature))[0];
            total += out[i];
        }
        sums[first / CK_TOPS] = total;
    }
}

static const ck_sampling sampling = {.tops = tops, .above = above, .weigh = weigh};
