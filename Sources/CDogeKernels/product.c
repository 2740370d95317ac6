// How rows and matrices lie before they are multiplied.
#include "CDogeKernels.h"
#include <math.h>
#include <string.h>

/// Numbers of a word.
static size_t numbers(ck_format format) {
    return format == CK_F32 ? 1 : format == CK_BF16 ? 2 : 4;
}

size_t ck_words(ck_format format, size_t width) {
    return (width + numbers(format) - 1) / numbers(format);
}

size_t ck_stride(ck_format format, size_t width) {
    return (width + CK_PANEL - 1) / CK_PANEL * CK_PANEL / numbers(format);
}

size_t ck_gate_unit(size_t column, int *is_up) {
    *is_up = column / 16 % 2 == 1;
    return column / 32 * 16 + column % 16;
}

static void pack_f32(const float *row, size_t inputs, uint32_t *out) {
    for (size_t i = 0; i < inputs; i++) memcpy(out + i * CK_PANEL, row + i, sizeof *row);
}

static void pack_bf16(const float *row, size_t inputs, uint32_t *out) {
    enum { CHUNK = 64 };
    for (size_t start = 0; start < inputs; start += CHUNK) {
        const size_t count = inputs - start < CHUNK ? inputs - start : CHUNK;
        uint16_t halves[CHUNK + 1] = {0};
        ck_narrow_bf16(row + start, halves, count);
        for (size_t i = 0; i < count; i += 2)
            out[(start + i) / 2 * CK_PANEL] = halves[i] | (uint32_t)halves[i + 1] << 16;
    }
}

/// Whole numbers up to 127 times a scale of the row's own.
static void pack_int8(const float *row, size_t inputs, uint32_t *out, float *scale,
                      int32_t *offset) {
    float largest = 0.0f;
    for (size_t i = 0; i < inputs; i++) largest = fmaxf(largest, fabsf(row[i]));
    const float quotient = 127.0f / largest;
    const float inverse = quotient < INFINITY ? quotient : 0.0f;  // or all are as good as zero
    int32_t sum = 0;
    for (size_t i = 0; i < inputs; i += 4) {
        uint32_t word = 0;
        for (size_t b = 0; b < 4 && i + b < inputs; b++) {
            const int32_t whole = (int32_t)rintf(row[i + b] * inverse);
            sum += whole;
            word |= (uint32_t)(whole & 0xff) << 8 * b;
        }
        out[i / 4 * CK_PANEL] = word;
    }
    *scale = largest / 127.0f;
    *offset = 128 * sum;
}

void ck_pack(ck_format format, const float *const *rows, size_t inputs, uint32_t *panel,
             float *scales, int32_t *offsets) {
    for (size_t column = 0; column < CK_PANEL; column++) {
        const float *row = rows[column];
        if (!row) {
            for (size_t i = 0; i < ck_words(format, inputs); i++) panel[i * CK_PANEL + column] = 0;
            if (scales) scales[column] = 0.0f;
            if (offsets) offsets[column] = 0;
        } else if (format == CK_F32) {
            pack_f32(row, inputs, panel + column);
        } else if (format == CK_BF16) {
            pack_bf16(row, inputs, panel + column);
        } else {
            pack_int8(row, inputs, panel + column, scales + column, offsets + column);
        }
    }
}
