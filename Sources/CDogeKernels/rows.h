// Kernels that work on one row at a time; see vector.h.

/// Writes a vector of a row in the format of the operand.
INLINE void write_f32_or_bf16(ck_format format, uint32_t *out, size_t i, vf x) {
    if (format == CK_F32)
        store((float *)out + i, x);
    else
        store_bf16((uint16_t *)out + i, x);
}

/// A number's distance from zero as bits, which sort as it does; no number lies above all.
INLINE vi magnitude(vf x) { return (vi)x & (vi)(0x7fffffff); }

INLINE float largest_magnitude(vi bits) {
    int32_t lanes[CK_WIDTH], largest = 0;
    *(vi_loose *)lanes = bits;
    for (size_t i = 0; i < CK_WIDTH; i++) largest = lanes[i] > largest ? lanes[i] : largest;
    float value;
    memcpy(&value, &largest, sizeof value);
    return value;
}

/// Rounds numbers within -127 and 127 and adds 128; what is no number becomes anything.
INLINE void store_int8(uint8_t *out, vf x) {
#if CK_WIDTH == 16
    const __m512i whole = _mm512_add_epi32(_mm512_cvtps_epi32((__m512)x), _mm512_set1_epi32(128));
    _mm_storeu_si128((__m128i *)out, _mm512_cvtepi32_epi8(whole));
#else
    const vf rounded = __builtin_elementwise_roundeven(x) + splat(128.0f);
    const vi whole = __builtin_convertvector(clip_v(rounded, 1.0f, 255.0f), vi);
    *(vb_loose *)out = __builtin_convertvector(whole, vb_loose);
#endif
}

/// Numbers of a row from `i` on, normed where there is a weight; zero past the width.
INLINE vf numbers_at(const float *x, const float *weight, float factor, size_t width, size_t i) {
    vf value = load(x + i);
    if (weight) value = load(weight + i) * (value * splat(factor));
    if (i + CK_WIDTH <= width) return value;
    return pick(lane_numbers() < (vi)((int32_t)width - (int32_t)i), value, splat(0.0f));
}

/// Row of int8 with 128 added: round(x / scale), 127 * scale being the largest of the row.
///
/// A row that is not finite gets a scale that is not, which what is made of it inherits.
INLINE void write_int8(const float *x, const float *weight, float factor, size_t width,
                       uint32_t *out, float *scale) {
    vi bits = (vi)(0);
    for (size_t i = 0; i < width; i += CK_WIDTH)
        bits = __builtin_elementwise_max(bits,
                                         magnitude(numbers_at(x, weight, factor, width, i)));
    const float largest = largest_magnitude(bits), quotient = 127.0f / largest;
    *scale = largest / 127.0f;
    // What is too small for a quotient becomes zero, as all does beside what is not finite.
    const float inverse = quotient < INFINITY ? quotient : 0.0f;
    const size_t padded = (width + CK_PANEL - 1) / CK_PANEL * CK_PANEL;
    for (size_t i = 0; i < padded; i += CK_WIDTH) {
        const vf value = numbers_at(x, weight, factor, width, i);
        store_int8((uint8_t *)out + i, value * splat(inverse));
    }
}

static void norm(const float *x, size_t x_stride, const float *weight, size_t width, float epsilon,
                 size_t rows, ck_operand out) {
    const size_t padded = (width + CK_PANEL - 1) / CK_PANEL * CK_PANEL;
    for (size_t row = 0; row < rows; row++, x += x_stride) {
        const float factor = 1.0f / sqrtf(dot(x, x, padded) / (float)width + epsilon);
        uint32_t *words = out.words + row * out.stride;
        if (out.format == CK_INT8) {
            write_int8(x, weight, factor, width, words, out.scales + row);
        } else if (out.format == CK_F32) {
            for (size_t i = 0; i < padded; i += CK_WIDTH)
                store((float *)words + i, load(weight + i) * (load(x + i) * splat(factor)));
        } else {
            for (size_t i = 0; i < padded; i += CK_WIDTH)
                store_bf16((uint16_t *)words + i, load(weight + i) * (load(x + i) * splat(factor)));
        }
    }
}

static void convert(const float *x, size_t x_stride, size_t width, size_t rows, ck_operand out) {
    const size_t padded = (width + CK_PANEL - 1) / CK_PANEL * CK_PANEL;
    for (size_t row = 0; row < rows; row++, x += x_stride) {
        uint32_t *words = out.words + row * out.stride;
        if (out.format == CK_INT8)
            write_int8(x, NULL, 1.0f, width, words, out.scales + row);
        else
            for (size_t i = 0; i < padded; i += CK_WIDTH)
                write_f32_or_bf16(out.format, words, i, numbers_at(x, NULL, 1.0f, width, i));
    }
}

INLINE void norm_head(float *x, const float *weight, size_t width, float epsilon) {
    const float factor = 1.0f / sqrtf(dot(x, x, width) / (float)width + epsilon);
    size_t i = 0;
    for (; i + CK_WIDTH <= width; i += CK_WIDTH)
        store(x + i, load(weight + i) * (load(x + i) * splat(factor)));
    for (; i < width; i++) x[i] = weight[i] * (x[i] * factor);
}

static void rotate_heads(float *row, size_t heads, size_t head_dim, const float *weight,
                         float epsilon, const float *cosines, const float *sines, float scale) {
    const size_t half = head_dim / 2;
    for (size_t head = 0; head < heads; head++, row += head_dim) {
        norm_head(row, weight, head_dim, epsilon);
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

/// ln(1 + t) for t in [0, 1], as 2 artanh(t / (2 + t)), whose series loses no digits near zero.
INLINE vf log1p_v(vf t) {
    const vf s = t / (t + splat(2.0f)), z = s * s;
    vf p = fma_v(z, splat(1.0f / 15), splat(1.0f / 13));
    p = fma_v(p, z, splat(1.0f / 11));
    p = fma_v(p, z, splat(1.0f / 9));
    p = fma_v(p, z, splat(1.0f / 7));
    p = fma_v(p, z, splat(1.0f / 5));
    p = fma_v(p, z, splat(1.0f / 3));
    return splat(2.0f) * fma_v(s * z, p, s);
}

INLINE vf mask_v(vf z, vf a) {
    const vf decay = exp_v(-__builtin_elementwise_abs(z));
    const vf softplus = pick(z > splat(0.0f), z, splat(0.0f)) + log1p_v(decay);
    const vf power = a * pick(z > splat(20.0f), z, softplus);
    return pick(power > splat(88.72f), splat(INFINITY), exp_v(power));
}

static void dynamic_mask(float *z, const float *bias, const float *A, size_t rows, size_t heads) {
    const size_t count = rows * heads;
    for (size_t i = 0; i < count; i += CK_WIDTH) {
        const size_t used = count - i < CK_WIDTH ? count - i : CK_WIDTH;
        float x[CK_WIDTH] = {0}, a[CK_WIDTH] = {0};
        for (size_t lane = 0; lane < used; lane++) {
            const size_t head = (i + lane) % heads;
            x[lane] = bias ? z[i + lane] + bias[head] : z[i + lane];
            a[lane] = A[head];
        }
        store(x, mask_v(load(x), load(a)));
        memcpy(z + i, x, used * sizeof *z);
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

static size_t best(const float *x, size_t count) {
    vf largest = splat(-INFINITY);
    vi bits = (vi)(0);
    const size_t whole = count / CK_WIDTH * CK_WIDTH;
    for (size_t i = 0; i < whole; i += CK_WIDTH) {
        largest = __builtin_elementwise_max(largest, load(x + i));
        bits = __builtin_elementwise_max(bits, magnitude(load(x + i)));
    }
    float top = largest_lane(largest);
    int finite = largest_magnitude(bits) < INFINITY;
    for (size_t i = whole; i < count; i++) {
        top = x[i] > top ? x[i] : top;
        finite &= fabsf(x[i]) < INFINITY;
    }
    if (!finite) return count;
    size_t at = 0;
    while (at < whole && !__builtin_reduce_or(load(x + at) == splat(top))) at += CK_WIDTH;
    while (x[at] != top) at++;
    return at;
}

static void matvec(const float *matrix, const float *x, float *out, size_t rows, size_t width) {
    for (size_t row = 0; row < rows; row++) out[row] = dot(matrix + row * width, x, width);
}
