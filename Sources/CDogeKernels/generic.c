// The oracle: every kernel as plain loops with libm, for any processor.
#include "kernels.h"
#include <math.h>
#include <string.h>

static float dot(const float *a, const float *b, size_t count) {
    float sum = 0.0f;
    for (size_t i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

static float f32_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float bf16_of(uint32_t half) { return f32_of(half << 16); }

/// A row of numbers, normed by a factor and weights where these are there.
typedef struct source {
    const float *x, *weight;
    float factor;
} source;

static float source_at(source s, size_t i) {
    return s.weight ? s.weight[i] * (s.x[i] * s.factor) : s.x[i];
}

static void write_int8(source s, size_t width, uint8_t *out, float *scale) {
    const size_t padded = (width + CK_PANEL - 1) / CK_PANEL * CK_PANEL;
    float largest = 0.0f;  // or no number, once there is none
    for (size_t i = 0; i < width && largest == largest; i++) {
        const float size = fabsf(source_at(s, i));
        if (!(size <= largest)) largest = size;
    }
    const float quotient = 127.0f / largest;
    const float inverse = quotient < INFINITY ? quotient : 0.0f;
    for (size_t i = 0; i < padded; i++) {
        const float whole = i < width ? rintf(source_at(s, i) * inverse) : 0.0f;
        out[i] = (uint8_t)(whole >= -127.0f && whole <= 127.0f ? whole + 128.0f : 0);
    }
    *scale = largest / 127.0f;
}

static void write_row(source s, size_t width, ck_operand out, size_t row) {
    uint32_t *words = out.words + row * out.stride;
    memset(words, 0, out.stride * sizeof *words);
    if (out.format == CK_INT8) return write_int8(s, width, (uint8_t *)words, &out.scales[row]);
    for (size_t i = 0; i < width; i++) {
        const float number = source_at(s, i);
        if (out.format == CK_F32)
            memcpy(words + i, &number, sizeof number);
        else
            ck_narrow_bf16(&number, (uint16_t *)words + i, 1);
    }
}

static void norm(const float *x, size_t x_stride, const float *weight, size_t width, float epsilon,
                 size_t rows, ck_operand out) {
    for (size_t row = 0; row < rows; row++, x += x_stride) {
        const float factor = 1.0f / sqrtf(dot(x, x, width) / (float)width + epsilon);
        write_row((source){x, weight, factor}, width, out, row);
    }
}

static void convert(const float *x, size_t x_stride, size_t width, size_t rows, ck_operand out) {
    for (size_t row = 0; row < rows; row++)
        write_row((source){x + row * x_stride, NULL, 1.0f}, width, out, row);
}

/// The sums of a row and all columns of a panel; columns innermost, which any compiler makes fast.
static void sum_panel(const ck_matrix *m, const uint32_t *x, const uint32_t *w, float *sums) {
    memset(sums, 0, CK_PANEL * sizeof *sums);
    for (size_t k = 0; k < m->steps; k++, w += CK_PANEL) {
        if (m->format == CK_F32) {
            const float factor = f32_of(x[k]);
            for (size_t c = 0; c < CK_PANEL; c++) sums[c] += factor * f32_of(w[c]);
        } else {
            const float even = bf16_of(x[k] & 0xffff), odd = bf16_of(x[k] >> 16);
            for (size_t c = 0; c < CK_PANEL; c++)
                sums[c] += even * bf16_of(w[c]) + odd * f32_of(w[c] & 0xffff0000u);
        }
    }
}

static void sum_whole_panel(const ck_product *p, size_t row, size_t panel, float *sums) {
    const ck_matrix *m = p->matrix;
    const uint32_t *x = p->x.words + row * p->x.stride;
    const uint32_t *w = m->panels + panel * m->steps * CK_PANEL;
    uint32_t whole[CK_PANEL] = {0};  // modulo 2^32, as with 128 added it may pass it on the way
    for (size_t k = 0; k < m->steps; k++, w += CK_PANEL)
        for (int b = 0; b < 32; b += 8) {
            const int16_t factor = (int16_t)(x[k] >> b & 0xff);
            for (size_t c = 0; c < CK_PANEL; c++)
                whole[c] += (uint32_t)(factor * (int8_t)(w[c] >> b & 0xff));
        }
    for (size_t c = 0; c < CK_PANEL; c++) {
        const size_t column = panel * CK_PANEL + c;
        const int32_t sum = (int32_t)(whole[c] + (uint32_t)m->offsets[column]);
        sums[c] = (float)sum * (p->x.scales[row] * m->scales[column]);
    }
}

static void write_gated(const ck_product *p, size_t row, size_t first, const float *sums) {
    for (size_t c = 0; c < CK_PANEL; c++) {
        int is_up;
        const size_t unit = ck_gate_unit(first + c, &is_up);
        if (is_up) continue;
        const float value = ck_activate(sums[c], p->activation) * sums[c + 16];
        uint32_t *out = p->gated.words + row * p->gated.stride;
        if (p->gated.format == CK_F32)
            memcpy(out + unit, &value, sizeof value);
        else
            ck_narrow_bf16(&value, (uint16_t *)out + unit, 1);
    }
}

static void multiply(const ck_product *p) {
    const ck_matrix *m = p->matrix;
    float sums[CK_PANEL];
    for (size_t panel = p->first; panel < p->end; panel++)
        for (size_t row = 0; row < p->rows; row++) {
            const size_t first = panel * CK_PANEL;
            if (m->format == CK_INT8)
                sum_whole_panel(p, row, panel, sums);
            else
                sum_panel(m, p->x.words + row * p->x.stride, m->panels + first * m->steps, sums);
            for (size_t c = 0; c < CK_PANEL && m->bias; c++) sums[c] += m->bias[first + c];
            if (p->finish == CK_GATE) {
                write_gated(p, row, first, sums);
                continue;
            }
            float *out = p->out + row * p->out_stride + first;
            for (size_t c = 0; c < CK_PANEL; c++)
                out[c] = p->finish == CK_RESIDUAL ? p->residual[first + c] * out[c] + sums[c]
                                                  : sums[c];
        }
}

static void norm_head(float *x, const float *weight, size_t width, float epsilon) {
    const float factor = 1.0f / sqrtf(dot(x, x, width) / (float)width + epsilon);
    for (size_t i = 0; i < width; i++) x[i] = weight[i] * (x[i] * factor);
}

static void rotate_heads(float *row, size_t heads, size_t head_dim, const float *weight,
                         float epsilon, const float *cosines, const float *sines, float scale) {
    const size_t half = head_dim / 2;
    for (size_t head = 0; head < heads; head++, row += head_dim) {
        norm_head(row, weight, head_dim, epsilon);
        for (size_t i = 0; i < half; i++) {
            const float low = row[i], high = row[i + half];
            row[i] = (low * cosines[i] - high * sines[i]) * scale;
            row[i + half] = (high * cosines[i] + low * sines[i]) * scale;
        }
    }
}

static void dynamic_mask(float *z, const float *bias, const float *A, size_t rows, size_t heads) {
    for (size_t i = 0; i < rows * heads; i++) {
        const float x = bias ? z[i] + bias[i % heads] : z[i];
        const double softplus = x > 20.0f ? (double)x : log1p(exp((double)x));
        z[i] = (float)exp((double)A[i % heads] * softplus);
    }
}

/// Number `i` of a row of words.
static float number_at(ck_format format, const uint32_t *words, size_t i) {
    return format == CK_F32 ? f32_of(words[i]) : bf16_of(words[i / 2] >> i % 2 * 16 & 0xffff);
}

/// Number `i` of a column of words that lie `stride` apart.
static float number_down(ck_format format, const uint32_t *words, size_t stride, size_t i) {
    return format == CK_F32 ? f32_of(words[i * stride])
                            : bf16_of(words[i / 2 * stride] >> i % 2 * 16 & 0xffff);
}

static float rounded(ck_format format, float x) {
    uint16_t half;
    ck_narrow_bf16(&x, &half, 1);
    return format == CK_F32 ? x : bf16_of(half);
}

static void attend(const ck_attend_call *call) {
    const ck_format format = call->format;
    const size_t steps = ck_words(format, call->head_dim);
    for (size_t q = 0; q < call->rows; q++) {
        const uint32_t *query = call->queries + q * call->query_stride;
        float *scores = call->scores + q * call->score_stride, *out = call->outputs[q];
        float largest = -INFINITY, sum = 0.0f;
        for (size_t j = 0; j < call->counts[q]; j++) {
            const uint32_t *key = call->keys + j / CK_PANEL * steps * CK_PANEL + j % CK_PANEL;
            scores[j] = call->bias[q][j];
            for (size_t d = 0; d < call->head_dim; d++)
                scores[j] += number_at(format, query, d) * number_down(format, key, CK_PANEL, d);
            if (scores[j] > largest) largest = scores[j];
        }
        for (size_t j = 0; j < call->counts[q]; j++) {
            const float e = expf(scores[j] - largest);
            sum += e;
            scores[j] = rounded(format, e);
        }
        for (size_t d = 0; d < call->value_width; d++) {
            const uint32_t *values = call->values + d;
            float total = 0.0f;
            for (size_t j = 0; j < call->counts[q]; j++)
                total += scores[j] * number_down(format, values, call->value_stride, j);
            out[d] = total / sum;
        }
    }
}

static void attend_rows(const ck_rows_call *call) {
    const size_t width = call->head_dim;
    for (size_t head = 0; head < call->group; head++) {
        const float *query = call->queries + head * width;
        float *out = call->outputs + head * width, largest = -INFINITY, sum = 0.0f;
        for (size_t j = 0; j < call->key_count; j++) {
            call->scores[j] = call->bias[j];
            for (size_t d = 0; d < width; d++)
                call->scores[j] += query[d] * number_at(call->format, call->rows[j], d);
            if (call->scores[j] > largest) largest = call->scores[j];
        }
        for (size_t j = 0; j < call->key_count; j++) {
            call->scores[j] = expf(call->scores[j] - largest);
            sum += call->scores[j];
        }
        for (size_t d = 0; d < width; d++) {
            float total = 0.0f;
            for (size_t j = 0; j < call->key_count; j++)
                total += call->scores[j] * number_at(call->format, call->rows[j], width + d);
            out[d] = total / sum;
        }
    }
}

static float log_sum_exp(const float *x, size_t count) {
    float largest = -INFINITY, sum = 0.0f;
    for (size_t i = 0; i < count; i++)
        if (x[i] > largest) largest = x[i];
    for (size_t i = 0; i < count; i++) sum += expf(x[i] - largest);
    return largest + logf(sum);
}

static size_t best(const float *x, size_t count) {
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        if (!(fabsf(x[i]) < INFINITY)) return count;
        if (x[i] > x[at]) at = i;
    }
    return at;
}

static void matvec(const float *matrix, const float *x, float *out, size_t rows, size_t width) {
    for (size_t row = 0; row < rows; row++) out[row] = dot(matrix + row * width, x, width);
}

static float expert_number(ck_table table, int32_t expert, size_t width, size_t i) {
    const size_t at = (size_t)expert * width + i;
    return table.format == CK_F32 ? ((const float *)table.rows)[at]
                                  : bf16_of(((const uint16_t *)table.rows)[at]);
}

static void weigh_experts(const ck_lookup *l) {
    for (size_t pair = 0; pair < l->tokens * l->per_token; pair++) {
        const int32_t expert = l->chosen[pair];
        const size_t partition = ck_partition((size_t)expert, l->experts);
        if (partition < l->first || partition >= l->end) continue;
        const float *x = l->x + (size_t)l->rows[pair / l->per_token] * l->x_stride;
        float inner = 0.0f;
        for (size_t i = 0; i < l->width; i++)
            inner += expert_number(l->down, expert, l->width, i) * x[i];
        l->factors[pair] = ck_activate(inner, l->activation) * l->weights[pair];
    }
}

/// The sum of number `i` over the partitions [first, end), halves by halves; false where no expert
/// is in them.
static int branch(const ck_lookup *l, size_t token, size_t i, size_t first, size_t end,
                  float *sum) {
    if (end - first > 1) {
        const size_t middle = (first + end) / 2;
        float right;
        const int left = branch(l, token, i, first, middle, sum);
        if (!branch(l, token, i, middle, end, &right)) return left;
        *sum = left ? *sum + right : right;
        return 1;
    }
    int found = 0;
    for (size_t e = 0; e < l->per_token; e++) {
        const size_t pair = token * l->per_token + e;
        if (ck_partition((size_t)l->chosen[pair], l->experts) != first) continue;
        const float number = expert_number(l->up, l->chosen[pair], l->width, i);
        *sum = found ? *sum + l->factors[pair] * number : l->factors[pair] * number;
        found = 1;
    }
    return found;
}

static void sum_experts(const ck_lookup *l, size_t begin, size_t stop, float *out,
                        size_t out_stride, uint8_t *touched) {
    for (size_t token = begin; token < stop; token++) {
        float *row = out + (touched ? token : (size_t)l->rows[token]) * out_stride;
        for (size_t i = 0; i < l->width; i++) {
            float sum;
            const int found = branch(l, token, i, l->first, l->end, &sum);
            if (touched) touched[token] = (uint8_t)found;
            if (found) row[i] = touched ? sum : row[i] + sum;
        }
    }
}

static void merge_experts(const ck_lookup *l, size_t begin, size_t stop, const float *sums,
                          const uint8_t *touched, size_t owners, float *out, size_t out_stride) {
    for (size_t token = begin; token < stop; token++)
        for (size_t i = 0; i < l->width; i++) {
            float all[CK_PARTITIONS];
            int there[CK_PARTITIONS];
            for (size_t o = 0; o < owners; o++) {
                there[o] = touched[o * l->tokens + token];
                all[o] = sums[(o * l->tokens + token) * out_stride + i];
            }
            for (size_t step = 1; step < owners; step *= 2)
                for (size_t o = 0; o < owners; o += 2 * step) {
                    if (there[o + step])
                        all[o] = there[o] ? all[o] + all[o + step] : all[o + step];
                    there[o] |= there[o + step];
                }
            if (there[0]) out[(size_t)l->rows[token] * out_stride + i] += all[0];
        }
}

/// Four numbers, as any processor adds them at once that compilers know.
typedef float quad __attribute__((vector_size(16)));
enum { QUADS = 8 };

/// Whatever the format: plain loops have nothing faster than four floats at once.
static double spin(ck_format format, size_t steps) {
    quad sums[QUADS] = {0};
    (void)format;
    for (size_t k = 0; k < steps; k++)
        for (size_t q = 0; q < QUADS; q++) sums[q] = sums[q] * 0.5f + 1.0f;
    for (size_t q = 1; q < QUADS; q++) sums[0] += sums[q];
    volatile float sum = sums[0][0];
    (void)sum;
    return 2.0 * (double)(steps * QUADS * 4);
}

const ck_kernels ck_generic_kernels = {
    .multiply = multiply,
    .norm = norm,
    .convert = convert,
    .rotate_heads = rotate_heads,
    .dynamic_mask = dynamic_mask,
    .attend = attend,
    .attend_rows = attend_rows,
    .log_sum_exp = log_sum_exp,
    .best = best,
    .matvec = matvec,
    .choose_experts = ck_choose_experts,
    .weigh_experts = weigh_experts,
    .sum_experts = sum_experts,
    .merge_experts = merge_experts,
    .spin = spin,
    .sampling = &ck_generic_sampling,
};
