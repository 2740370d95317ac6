// Widening of stored weights and their check; exact, so one form serves every instruction set.
#include "CDogeKernels.h"
#include <string.h>

static float from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void ck_widen_bf16(const void *source, float *out, size_t count) {
    const unsigned char *bytes = source;
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, bytes + 2 * i, sizeof half);
        out[i] = from_bits((uint32_t)half << 16);
    }
}

/// IEEE binary16: moves exponent and fraction up, then multiplies by 2^112 to rebias the exponent,
/// which also makes subnormals normal; infinities and NaN get the largest exponent back.
void ck_widen_f16(const void *source, float *out, size_t count) {
    const unsigned char *bytes = source;
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, bytes + 2 * i, sizeof half);
        const uint32_t sign = (uint32_t)(half & 0x8000) << 16;
        const uint32_t rest = (uint32_t)(half & 0x7fff) << 13;
        const float scaled = from_bits(rest) * 0x1p112f;
        uint32_t bits;
        memcpy(&bits, &scaled, sizeof bits);
        if ((half & 0x7c00) == 0x7c00) bits = rest | 0x7f800000;
        out[i] = from_bits(sign | bits);
    }
}

void ck_narrow_bf16(const float *source, uint16_t *out, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, source + i, sizeof bits);
        const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
        const int is_none = (bits & 0x7fffffff) > 0x7f800000;
        out[i] = (uint16_t)(is_none ? bits >> 16 | 0x40 : rounded);
    }
}

size_t ck_first_not_finite(const float *x, size_t count) {
    enum { BLOCK = 1024 };
    for (size_t start = 0; start < count; start += BLOCK) {
        const size_t end = start + BLOCK < count ? start + BLOCK : count;
        uint32_t bad = 0;  // no early exit inside a block, so that it becomes vector code
        for (size_t i = start; i < end; i++) {
            uint32_t bits;
            memcpy(&bits, x + i, sizeof bits);
            bad |= (bits & 0x7f800000) == 0x7f800000;
        }
        if (!bad) continue;
        for (size_t i = start; i < end; i++) {
            uint32_t bits;
            memcpy(&bits, x + i, sizeof bits);
            if ((bits & 0x7f800000) == 0x7f800000) return i;
        }
    }
    return count;
}
