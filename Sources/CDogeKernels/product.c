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

/// Words of a row that are written before the next row's: those of all rows fit into a first cache.
enum { BLOCK = 16 };
_Static_assert(BLOCK * CK_PANEL * sizeof(uint32_t) <= 32 << 10, "a block fits into a first cache");

static void pack_f32(const float *row, size_t count, uint32_t *out) {
    for (size_t i = 0; i < count; i++) memcpy(out + i * CK_PANEL, row + i, sizeof *row);
}

static void pack_bf16(const float *row, size_t count, uint32_t *out) {
    uint16_t halves[2 * BLOCK] = {0};
    ck_narrow_bf16(row, halves, count);
    for (size_t i = 0; i < count; i += 2)
        out[i / 2 * CK_PANEL] = halves[i] | (uint32_t)halves[i + 1] << 16;
}

/// Whole numbers up to 127, by the inverse of a row's scale; returns their sum.
static int32_t pack_int8(const float *row, size_t count, float inverse, uint32_t *out) {
    int32_t sum = 0;
    for (size_t i = 0; i < count; i += 4) {
        uint32_t word = 0;
        for (size_t b = 0; b < 4 && i + b < count; b++) {
            const int32_t whole = (int32_t)rintf(row[i + b] * inverse);
            sum += whole;
            word |= (uint32_t)(whole & 0xff) << 8 * b;
        }
        out[i / 4 * CK_PANEL] = word;
    }
    return sum;
}

static float largest(const float *row, size_t inputs) {
    float most = 0.0f;
    for (size_t i = 0; i < inputs; i++) most = fmaxf(most, fabsf(row[i]));
    return most;
}

void ck_pack(ck_format format, const float *const *rows, size_t inputs, uint32_t *panel,
             float *scales, int32_t *offsets) {
    float inverses[CK_PANEL] = {0};
    int32_t sums[CK_PANEL] = {0};
    for (size_t column = 0; format == CK_INT8 && column < CK_PANEL; column++) {
        const float most = rows[column] ? largest(rows[column], inputs) : 0.0f;
        const float quotient = 127.0f / most;
        inverses[column] = quotient < INFINITY ? quotient : 0.0f;  // or all are as good as zero
        scales[column] = most / 127.0f;
    }
    const size_t step = BLOCK * numbers(format);
    for (size_t start = 0; start < inputs; start += step) {
        const size_t count = inputs - start < step ? inputs - start : step;
        uint32_t *const block = panel + start / numbers(format) * CK_PANEL;
        for (size_t column = 0; column < CK_PANEL; column++) {
            const float *row = rows[column];
            uint32_t *const out = block + column;
            if (!row) {
                for (size_t i = 0; i < ck_words(format, count); i++) out[i * CK_PANEL] = 0;
            } else if (format == CK_F32) {
                pack_f32(row + start, count, out);
            } else if (format == CK_BF16) {
                pack_bf16(row + start, count, out);
            } else {
                sums[column] += pack_int8(row + start, count, inverses[column], out);
            }
        }
    }
    // Modulo 2^32, as sums of products with 128 added are; only what these make together fits.
    for (size_t column = 0; format == CK_INT8 && column < CK_PANEL; column++)
        offsets[column] = (int32_t)(0u - 128u * (uint32_t)sums[column]);
}
