// The vector kernels, written once for any width: the including file sets CK_WIDTH (floats), the
// name of the table and, by a pragma, the instruction set. Tails are done one float at a time.
#include <math.h>
#include <string.h>

typedef float vf __attribute__((ext_vector_type(CK_WIDTH)));
typedef float vf_loose __attribute__((ext_vector_type(CK_WIDTH), aligned(4)));
typedef int32_t vi __attribute__((ext_vector_type(CK_WIDTH)));

#define INLINE static inline __attribute__((always_inline))

INLINE vf load(const float *p) { return *(const vf_loose *)p; }
INLINE void store(float *p, vf x) { *(vf_loose *)p = x; }
INLINE vf fma_v(vf a, vf b, vf c) { return __builtin_elementwise_fma(a, b, c); }
INLINE vf splat(float x) { return (vf)(x); }

/// Sum of the lanes, halves onto halves: the same order for every call.
INLINE float sum_lanes(vf x) {
    float lanes[CK_WIDTH];
    store(lanes, x);
    for (size_t half = CK_WIDTH / 2; half > 0; half /= 2)
        for (size_t i = 0; i < half; i++) lanes[i] += lanes[i + half];
    return lanes[0];
}

INLINE float largest_lane(vf x) {
    float lanes[CK_WIDTH];
    store(lanes, x);
    for (size_t half = CK_WIDTH / 2; half > 0; half /= 2)
        for (size_t i = 0; i < half; i++)
            lanes[i] = lanes[i] > lanes[i + half] ? lanes[i] : lanes[i + half];
    return lanes[0];
}

/// exp within 2e-7 of itself for x in [-87.3, 88]; 0 below, exp(88) above; no number stays none.
/// x = n ln 2 + r, and e^r by the polynomial of Cephes' expf (Moshier).
INLINE vf exp_v(vf x) {
    const vi alive = x > splat(-87.3f);
    const vi no_number = (vi)x & (x != x);
    x = __builtin_elementwise_max(__builtin_elementwise_min(x, splat(88.0f)), splat(-87.3f));
    const vf n = __builtin_elementwise_roundeven(x * splat(1.44269504f));
    vf r = fma_v(n, splat(-0.693359375f), x);
    r = fma_v(n, splat(2.12194440e-4f), r);
    vf p = fma_v(splat(1.9875691500e-4f), r, splat(1.3981999507e-3f));
    p = fma_v(p, r, splat(8.3334519073e-3f));
    p = fma_v(p, r, splat(4.1665795894e-2f));
    p = fma_v(p, r, splat(1.6666665459e-1f));
    p = fma_v(p, r, splat(5.0000001201e-1f));
    p = fma_v(p, r * r, r) + splat(1.0f);
    const vi power = (__builtin_convertvector(n, vi) + (vi)(127)) << 23;
    return (vf)(((vi)(p * (vf)power) & alive) | no_number);
}

INLINE vf tanh_v(vf x) {
    return splat(1.0f) - splat(2.0f) / (exp_v(x + x) + splat(1.0f));
}

/// erf within 2e-7, from the Chebyshev fit of erfc in Numerical Recipes (Press et al., 6.2).
INLINE vf erf_v(vf x) {
    const vf z = __builtin_elementwise_abs(x);
    const vf t = splat(1.0f) / fma_v(splat(0.5f), z, splat(1.0f));
    vf p = fma_v(splat(0.17087277f), t, splat(-0.82215223f));
    p = fma_v(p, t, splat(1.48851587f));
    p = fma_v(p, t, splat(-1.13520398f));
    p = fma_v(p, t, splat(0.27886807f));
    p = fma_v(p, t, splat(-0.18628806f));
    p = fma_v(p, t, splat(0.09678418f));
    p = fma_v(p, t, splat(0.37409196f));
    p = fma_v(p, t, splat(1.00002368f));
    p = fma_v(p, t, splat(-1.26551223f));
    const vf tail = t * exp_v(fma_v(-z, z, p));
    return __builtin_elementwise_copysign(splat(1.0f) - tail, x);
}

/// Lanes of a where the mask is set, of b elsewhere.
INLINE vf pick(vi mask, vf a, vf b) { return (vf)(((vi)a & mask) | ((vi)b & ~mask)); }

/// x within the limits; no number stays none.
INLINE vf clip_v(vf x, float low, float high) {
    x = pick(x < splat(low), splat(low), x);
    return pick(x > splat(high), splat(high), x);
}

INLINE vf gelu_v(vf x) {
    return splat(0.5f) * x * (splat(1.0f) + erf_v(x * splat(0.70710678f)));
}

/// x / (1 + exp(-z)).
INLINE vf damped(vf x, vf z) { return x / (splat(1.0f) + exp_v(-z)); }

/// tanh(ln(1 + e)) = (e^2 + 2e) / (e^2 + 2e + 2) with e = e^x, which is 1 long before 30.
INLINE vf mish_v(vf x) {
    const vf e = exp_v(pick(x > splat(30.0f), splat(30.0f), x));
    const vf n = e * (e + splat(2.0f));
    return x * (n / (n + splat(2.0f)));
}

/// The rare kinds, a lane at a time.
INLINE vf activate_lanes(vf x, ck_activation activation) {
    float lanes[CK_WIDTH];
    store(lanes, x);
    for (size_t i = 0; i < CK_WIDTH; i++) lanes[i] = ck_activate(lanes[i], activation);
    return load(lanes);
}

INLINE vf activate_v(vf x, ck_activation activation) {
    const vf zero = splat(0.0f), one = splat(1.0f);
    switch (activation.kind) {
    case CK_SILU: return damped(x, x);
    case CK_GELU: return gelu_v(x);
    case CK_GELU_CLIPPED: return clip_v(gelu_v(x), -10.0f, 10.0f);
    case CK_GELU_TANH:
        return damped(x, fma_v(splat(0.044715f) * x * x, x, x) * splat(1.5957691f));
    case CK_QUICK_GELU: return damped(x, splat(1.702f) * x);
    case CK_RELU: return pick(x < zero, zero, x);
    case CK_RELU_SQUARED: return pick(x < zero, zero, x * x);
    case CK_RELU6: return clip_v(x, 0.0f, 6.0f);
    case CK_LEAKY: return pick(x < zero, splat(activation.slope) * x, x);
    case CK_LINEAR: return x;
    case CK_TANH: return tanh_v(x);
    case CK_SIGMOID: return damped(one, x);
    case CK_HARDSWISH: return x * clip_v(x + splat(3.0f), 0.0f, 6.0f) / splat(6.0f);
    case CK_MISH: return mish_v(x);
    case CK_LAPLACE:
        return splat(0.5f) * (one + erf_v((x - splat(0.707107f)) / splat(0.39894257f)));
    case CK_SQRT_SOFTPLUS:
    case CK_XIELU: return activate_lanes(x, activation);
    }
    return x;
}

INLINE float activate_one(float x, ck_activation activation) {
    return activate_v(splat(x), activation)[0];
}

INLINE float dot(const float *a, const float *b, size_t count) {
    vf sums[4] = {0};
    size_t i = 0;
    for (; i + 4 * CK_WIDTH <= count; i += 4 * CK_WIDTH)
        for (size_t u = 0; u < 4; u++)
            sums[u] = fma_v(load(a + i + u * CK_WIDTH), load(b + i + u * CK_WIDTH), sums[u]);
    for (; i + CK_WIDTH <= count; i += CK_WIDTH) sums[0] = fma_v(load(a + i), load(b + i), sums[0]);
    float sum = sum_lanes((sums[0] + sums[1]) + (sums[2] + sums[3]));
    for (; i < count; i++) sum += a[i] * b[i];
    return sum;
}

static void norm(const float *x, const float *weight, float *out, size_t rows, size_t width,
                 float epsilon) {
    for (size_t row = 0; row < rows; row++, x += width, out += width) {
        const float factor = 1.0f / sqrtf(dot(x, x, width) / (float)width + epsilon);
        size_t i = 0;
        for (; i + CK_WIDTH <= width; i += CK_WIDTH)
            store(out + i, load(weight + i) * (load(x + i) * splat(factor)));
        for (; i < width; i++) out[i] = weight[i] * (x[i] * factor);
    }
}

static void residual(float *x, const float *branch, const float *scale, size_t rows,
                     size_t width) {
    for (size_t row = 0; row < rows; row++, x += width, branch += width) {
        size_t i = 0;
        for (; i + CK_WIDTH <= width; i += CK_WIDTH)
            store(x + i, fma_v(load(scale + i), load(x + i), load(branch + i)));
        for (; i < width; i++) x[i] = scale[i] * x[i] + branch[i];
    }
}

static void rotate_heads(float *row, size_t heads, size_t head_dim, const float *weight,
                         float epsilon, const float *cosines, const float *sines, float scale) {
    const size_t half = head_dim / 2;
    for (size_t head = 0; head < heads; head++, row += head_dim) {
        norm(row, weight, row, 1, head_dim, epsilon);
        size_t i = 0;
        for (; i + CK_WIDTH <= half; i += CK_WIDTH) {
            const vf low = load(row + i), high = load(row + i + half);
            const vf c = load(cosines + i), s = load(sines + i);
            store(row + i, (low * c - high * s) * splat(scale));
            store(row + i + half, (high * c + low * s) * splat(scale));
        }
        for (; i < half; i++) {
            const float low = row[i], high = row[i + half];
            row[i] = (low * cosines[i] - high * sines[i]) * scale;
            row[i + half] = (high * cosines[i] + low * sines[i]) * scale;
        }
    }
}

/// Adds q . k to the scores of all queries; KEY_VECTORS vectors of keys stay in registers.
INLINE void score_keys(const ck_attend_call *call) {
    enum { KEY_VECTORS = CK_WIDTH == 16 ? 4 : 2 };
    for (size_t j = 0; j < call->key_count; j += KEY_VECTORS * CK_WIDTH) {
        vf sums[CK_QUERIES][KEY_VECTORS] = {0};
        const float *keys = call->keys + j;
        for (size_t d = 0; d < call->head_dim; d++, keys += call->key_stride)
            for (size_t u = 0; u < KEY_VECTORS; u++) {
                const vf k = load(keys + u * CK_WIDTH);
                for (size_t q = 0; q < CK_QUERIES; q++)
                    sums[q][u] = fma_v(splat(call->queries[q][d]), k, sums[q][u]);
            }
        for (size_t q = 0; q < CK_QUERIES; q++)
            for (size_t u = 0; u < KEY_VECTORS; u++) {
                float *p = call->scores + q * call->score_stride + j + u * CK_WIDTH;
                store(p, load(p) + sums[q][u]);
            }
    }
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

/// outputs (`vectors`, at most 4, from `first` on) = weights . values / sum, for all queries.
INLINE void weigh_values(const ck_attend_call *call, const float *sums, size_t first,
                         size_t vectors) {
    vf totals[CK_QUERIES][4] = {0};
    const float *values = call->values + first;
    for (size_t j = 0; j < call->key_count; j++, values += call->value_stride)
        for (size_t u = 0; u < vectors; u++) {
            const vf v = load(values + u * CK_WIDTH);
            for (size_t q = 0; q < CK_QUERIES; q++)
                totals[q][u] =
                    fma_v(splat(call->scores[q * call->score_stride + j]), v, totals[q][u]);
        }
    for (size_t q = 0; q < CK_QUERIES; q++)
        for (size_t u = 0; u < vectors; u++)
            store(call->outputs[q] + first + u * CK_WIDTH, totals[q][u] / splat(sums[q]));
}

static void attend(const ck_attend_call *call) {
    enum { VALUE_VECTORS = CK_WIDTH == 16 ? 4 : 2 };
    float sums[CK_QUERIES];
    score_keys(call);
    for (size_t q = 0; q < CK_QUERIES; q++)
        sums[q] = exponentials(call->scores + q * call->score_stride, call->key_count);
    size_t d = 0;
    for (; d + VALUE_VECTORS * CK_WIDTH <= call->value_stride; d += VALUE_VECTORS * CK_WIDTH)
        weigh_values(call, sums, d, VALUE_VECTORS);
    for (; d < call->value_stride; d += CK_WIDTH) weigh_values(call, sums, d, 1);
}

/// out (`vectors`, at most 4, from `first` on) = weights . values / sum, of rows anywhere.
INLINE void weigh_rows(const ck_rows_call *call, float sum, float *out, size_t first,
                       size_t vectors) {
    vf totals[4] = {0};
    for (size_t j = 0; j < call->key_count; j++) {
        const float *value = call->rows[j] + call->head_dim + first;
        const vf weight = splat(call->scores[j]);
        for (size_t u = 0; u < vectors; u++)
            totals[u] = fma_v(weight, load(value + u * CK_WIDTH), totals[u]);
    }
    for (size_t u = 0; u < vectors; u++)
        store(out + first + u * CK_WIDTH, totals[u] / splat(sum));
}

static void attend_rows(const ck_rows_call *call) {
    const size_t width = call->head_dim;
    const size_t padded = (call->key_count + CK_KEY_STEP - 1) / CK_KEY_STEP * CK_KEY_STEP;
    for (size_t head = 0; head < call->group; head++) {
        const float *query = call->queries + head * width;
        float *out = call->outputs + head * width;
        for (size_t j = 0; j < call->key_count; j++)
            call->scores[j] = call->bias[j] + dot(query, call->rows[j], width);
        for (size_t j = call->key_count; j < padded; j++) call->scores[j] = -INFINITY;
        const float sum = exponentials(call->scores, padded);
        size_t d = 0;
        for (; d + 4 * CK_WIDTH <= width; d += 4 * CK_WIDTH) weigh_rows(call, sum, out, d, 4);
        for (; d + CK_WIDTH <= width; d += CK_WIDTH) weigh_rows(call, sum, out, d, 1);
        for (; d < width; d++) {
            float total = 0.0f;
            for (size_t j = 0; j < call->key_count; j++)
                total += call->scores[j] * call->rows[j][width + d];
            out[d] = total / sum;
        }
    }
}

static float log_sum_exp(const float *x, size_t count) {
    vf best = splat(-INFINITY), sums = splat(0.0f);
    const size_t whole = count / CK_WIDTH * CK_WIDTH;
    for (size_t i = 0; i < whole; i += CK_WIDTH)
        best = __builtin_elementwise_max(best, load(x + i));
    float largest = largest_lane(best);
    for (size_t i = whole; i < count; i++) largest = x[i] > largest ? x[i] : largest;
    for (size_t i = 0; i < whole; i += CK_WIDTH) sums += exp_v(load(x + i) - splat(largest));
    float sum = sum_lanes(sums);
    for (size_t i = whole; i < count; i++) sum += exp_v(splat(x[i] - largest))[0];
    return largest + logf(sum);
}

INLINE void gate_rows(const float *gate_up, size_t row_stride, float *out, size_t rows,
                      size_t width, ck_activation activation) {
    for (size_t row = 0; row < rows; row++, gate_up += row_stride, out += width) {
        size_t i = 0;
        for (; i + CK_WIDTH <= width; i += CK_WIDTH)
            store(out + i, activate_v(load(gate_up + i), activation) * load(gate_up + width + i));
        for (; i < width; i++) out[i] = activate_one(gate_up[i], activation) * gate_up[width + i];
    }
}

static void gate(const float *gate_up, size_t row_stride, float *out, size_t rows, size_t width,
                 ck_activation activation) {
    if (activation.kind == CK_SILU)  // the default, kept free of the switch
        gate_rows(gate_up, row_stride, out, rows, width, (ck_activation){.kind = CK_SILU});
    else
        gate_rows(gate_up, row_stride, out, rows, width, activation);
}

static void matvec(const float *matrix, const float *x, float *out, size_t rows, size_t width) {
    for (size_t row = 0; row < rows; row++) out[row] = dot(matrix + row * width, x, width);
}

static void experts(const float *x, const float *down, const float *up, const int32_t *chosen,
                    const float *weights, size_t count, float *out, size_t width,
                    ck_activation activation) {
    float factors[CK_EXPERTS_MAX + CK_WIDTH] = {0};
    for (size_t e = 0; e < count; e++) factors[e] = dot(down + (size_t)chosen[e] * width, x, width);
    for (size_t e = 0; e < count; e += CK_WIDTH)
        store(factors + e, activate_v(load(factors + e), activation));
    for (size_t e = 0; e < count; e++) factors[e] *= weights[e];
    size_t i = 0;
    for (; i + 4 * CK_WIDTH <= width; i += 4 * CK_WIDTH) {
        vf totals[4];
        for (size_t u = 0; u < 4; u++) totals[u] = load(out + i + u * CK_WIDTH);
        for (size_t e = 0; e < count; e++) {
            const float *row = up + (size_t)chosen[e] * width + i;
            for (size_t u = 0; u < 4; u++)
                totals[u] = fma_v(splat(factors[e]), load(row + u * CK_WIDTH), totals[u]);
        }
        for (size_t u = 0; u < 4; u++) store(out + i + u * CK_WIDTH, totals[u]);
    }
    for (; i < width; i++)
        for (size_t e = 0; e < count; e++)
            out[i] += factors[e] * up[(size_t)chosen[e] * width + i];
}

const ck_kernels CK_TABLE = {
    norm, residual, rotate_heads, attend, attend_rows, log_sum_exp, gate, matvec, experts,
};
