// The oracle: every kernel as plain loops with libm, for any processor.
#include "kernels.h"
#include <math.h>

static float dot(const float *a, const float *b, size_t count) {
    float sum = 0.0f;
    for (size_t i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

static void norm(const float *x, const float *weight, float *out, size_t rows, size_t width,
                 float epsilon) {
    for (size_t row = 0; row < rows; row++, x += width, out += width) {
        const float factor = 1.0f / sqrtf(dot(x, x, width) / (float)width + epsilon);
        for (size_t i = 0; i < width; i++) out[i] = weight[i] * (x[i] * factor);
    }
}

static void residual(float *x, const float *branch, const float *scale, size_t rows,
                     size_t width) {
    for (size_t row = 0; row < rows; row++, x += width, branch += width)
        for (size_t i = 0; i < width; i++) x[i] = scale[i] * x[i] + branch[i];
}

static void rotate_heads(float *row, size_t heads, size_t head_dim, const float *weight,
                         float epsilon, const float *cosines, const float *sines, float scale) {
    const size_t half = head_dim / 2;
    for (size_t head = 0; head < heads; head++, row += head_dim) {
        norm(row, weight, row, 1, head_dim, epsilon);
        for (size_t i = 0; i < half; i++) {
            const float low = row[i], high = row[i + half];
            row[i] = (low * cosines[i] - high * sines[i]) * scale;
            row[i + half] = (high * cosines[i] + low * sines[i]) * scale;
        }
    }
}

static void attend(const ck_attend_call *call) {
    for (size_t q = 0; q < CK_QUERIES; q++) {
        float *scores = call->scores + q * call->score_stride, *out = call->outputs[q];
        float largest = -INFINITY, sum = 0.0f;
        for (size_t j = 0; j < call->key_count; j++) {
            float score = 0.0f;
            for (size_t d = 0; d < call->head_dim; d++)
                score += call->queries[q][d] * call->keys[d * call->key_stride + j];
            scores[j] += score;
            if (scores[j] > largest) largest = scores[j];
        }
        for (size_t j = 0; j < call->key_count; j++) {
            scores[j] = expf(scores[j] - largest);
            sum += scores[j];
        }
        for (size_t d = 0; d < call->value_stride; d++) {
            float total = 0.0f;
            for (size_t j = 0; j < call->key_count; j++)
                total += scores[j] * call->values[j * call->value_stride + d];
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
            call->scores[j] = call->bias[j] + dot(query, call->rows[j], width);
            if (call->scores[j] > largest) largest = call->scores[j];
        }
        for (size_t j = 0; j < call->key_count; j++) {
            call->scores[j] = expf(call->scores[j] - largest);
            sum += call->scores[j];
        }
        for (size_t d = 0; d < width; d++) {
            float total = 0.0f;
            for (size_t j = 0; j < call->key_count; j++)
                total += call->scores[j] * call->rows[j][width + d];
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

static void gate(const float *gate_up, size_t row_stride, float *out, size_t rows, size_t width,
                 ck_activation activation) {
    for (size_t row = 0; row < rows; row++, gate_up += row_stride, out += width)
        for (size_t i = 0; i < width; i++)
            out[i] = ck_activate(gate_up[i], activation) * gate_up[width + i];
}

static void matvec(const float *matrix, const float *x, float *out, size_t rows, size_t width) {
    for (size_t row = 0; row < rows; row++) out[row] = dot(matrix + row * width, x, width);
}

static void experts(const float *x, const float *down, const float *up, const int32_t *chosen,
                    const float *weights, size_t count, float *out, size_t width,
                    ck_activation activation) {
    for (size_t e = 0; e < count; e++) {
        const size_t row = (size_t)chosen[e] * width;
        const float factor = ck_activate(dot(down + row, x, width), activation) * weights[e];
        for (size_t i = 0; i < width; i++) out[i] += factor * up[row + i];
    }
}

const ck_kernels ck_generic_kernels = {
    norm, residual, rotate_heads, attend, attend_rows, log_sum_exp, gate, matvec, experts,
};
