// Vectors of CK_WIDTH floats and what is computed lane by lane; see vector.h.
#include <math.h>
#include <string.h>

typedef float vf __attribute__((ext_vector_type(CK_WIDTH)));
typedef float vf_loose __attribute__((ext_vector_type(CK_WIDTH), aligned(4)));
typedef int32_t vi __attribute__((ext_vector_type(CK_WIDTH)));
typedef int32_t vi_loose __attribute__((ext_vector_type(CK_WIDTH), aligned(4)));
typedef uint16_t vh __attribute__((ext_vector_type(CK_WIDTH)));
typedef uint16_t vh_loose __attribute__((ext_vector_type(CK_WIDTH), aligned(2)));
typedef uint8_t vb_loose __attribute__((ext_vector_type(CK_WIDTH), aligned(1)));

#define INLINE static inline __attribute__((always_inline))

INLINE vf load(const float *p) { return *(const vf_loose *)p; }
INLINE void store(float *p, vf x) { *(vf_loose *)p = x; }
INLINE vf fma_v(vf a, vf b, vf c) { return __builtin_elementwise_fma(a, b, c); }
INLINE vf splat(float x) { return (vf)(x); }
INLINE vi load_words(const uint32_t *p) { return *(const vi_loose *)p; }
/// The number of each lane.
INLINE vi lane_numbers(void) {
    vi lanes;
    for (size_t i = 0; i < CK_WIDTH; i++) lanes[i] = (int32_t)i;
    return lanes;
}

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

/// e^r for |r| <= ln 2 / 2, by the polynomial of Cephes' expf (Moshier).
INLINE vf exp_near_zero(vf r) {
    vf p = fma_v(splat(1.9875691500e-4f), r, splat(1.3981999507e-3f));
    p = fma_v(p, r, splat(8.3334519073e-3f));
    p = fma_v(p, r, splat(4.1665795894e-2f));
    p = fma_v(p, r, splat(1.6666665459e-1f));
    p = fma_v(p, r, splat(5.0000001201e-1f));
    return fma_v(p, r * r, r) + splat(1.0f);
}

/// exp within 2e-7 of itself up to 88; no number stays none. x = n ln 2 + r.
INLINE vf exp_v(vf x) {
#if CK_WIDTH == 16
    // Of two operands of which one is no number these give the second.
    x = (vf)_mm512_min_ps(_mm512_set1_ps(89.0f),
                          _mm512_max_ps(_mm512_set1_ps(-104.0f), (__m512)x));
    const vf n = __builtin_elementwise_roundeven(x * splat(1.44269504f));
    const vf r = fma_v(n, splat(2.12194440e-4f), fma_v(n, splat(-0.693359375f), x));
    return (vf)_mm512_scalef_ps((__m512)exp_near_zero(r), (__m512)n);
#else
    const vi alive = x > splat(-87.3f);
    const vi no_number = (vi)x & (x != x);
    x = __builtin_elementwise_max(__builtin_elementwise_min(x, splat(88.0f)), splat(-87.3f));
    const vf n = __builtin_elementwise_roundeven(x * splat(1.44269504f));
    const vf r = fma_v(n, splat(2.12194440e-4f), fma_v(n, splat(-0.693359375f), x));
    const vi power = (__builtin_convertvector(n, vi) + (vi)(127)) << 23;
    return (vf)(((vi)(exp_near_zero(r) * (vf)power) & alive) | no_number);
#endif
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

INLINE void store_bf16(uint16_t *p, vf x) {
#ifdef CK_BF16_DOTS
    *(vh_loose *)p = (vh)_mm512_cvtneps_pbh((__m512)x);
#else
    const vi bits = (vi)x;
    const vi rounded = bits + (vi)(0x7fff) + ((bits >> 16) & (vi)(1));
    const vi none = x != x;
    *(vh_loose *)p = __builtin_convertvector(
        (((rounded >> 16) & ~none) | (((bits >> 16) | (vi)(0x40)) & none)) & (vi)(0xffff), vh);
#endif
}

/// sum + x . w, of one f32, two bf16 or four int8 in each lane; int8 of x have 128 added.
INLINE vi multiply_add(ck_format format, vi sum, vi x, vi w) {
    if (format == CK_F32) return (vi)fma_v((vf)x, (vf)w, (vf)sum);
    if (format == CK_BF16) {
#ifdef CK_BF16_DOTS
        return (vi)_mm512_dpbf16_ps((__m512)sum, (__m512bh)x, (__m512bh)w);
#else
        const vi high = (vi)(int32_t)0xffff0000;
        const vf even = fma_v((vf)(x << 16), (vf)(w << 16), (vf)sum);
        return (vi)fma_v((vf)(x & high), (vf)(w & high), even);
#endif
    }
#if defined(CK_BF16_DOTS)
    return (vi)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)x, (__m512i)w);
#elif CK_WIDTH == 8
    // Of each 16 bits: the lower byte and the upper one, both widened, as products of pairs.
    const __m256i a = (__m256i)x, b = (__m256i)w;
    const __m256i even = _mm256_madd_epi16(_mm256_and_si256(a, _mm256_set1_epi16(255)),
                                           _mm256_srai_epi16(_mm256_slli_epi16(b, 8), 8));
    const __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(a, 8), _mm256_srai_epi16(b, 8));
    return sum + (vi)even + (vi)odd;
#else
    const __m512i a = (__m512i)x, b = (__m512i)w;
    const __m512i even = _mm512_madd_epi16(_mm512_and_si512(a, _mm512_set1_epi16(255)),
                                           _mm512_srai_epi16(_mm512_slli_epi16(b, 8), 8));
    const __m512i odd = _mm512_madd_epi16(_mm512_srli_epi16(a, 8), _mm512_srai_epi16(b, 8));
    return sum + (vi)even + (vi)odd;
#endif
}

/// A vector of a row of f32 or bf16.
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
