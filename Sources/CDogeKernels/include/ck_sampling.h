// What choosing a token asks of the logits of a whole vocabulary.
#pragma once
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Groups of logits whose largest are told apart, and logits of a block whose weights are summed.
#define CK_TOPS 512

/// The kernels of sampling that differ by instruction set.
typedef struct ck_sampling {
    /// out[j] (CK_TOPS) = largest of the x (count) whose index leaves j when divided by CK_TOPS;
    /// minus infinity where there is none.
    void (*tops)(const float *x, size_t count, float *out);
    /// Writes the indices of the x (count) that are at least `bound`, ascending, to out (count);
    /// returns how many.
    size_t (*above)(const float *x, size_t count, float bound, int32_t *out);
    /// out (count) = e^((x - largest) / temperature), x (count) at most `largest`;
    /// sums[b] = that of out [b * CK_TOPS, (b + 1) * CK_TOPS).
    void (*weigh)(const float *x, size_t count, float largest, float temperature, float *out,
                  float *sums);
} ck_sampling;

#pragma clang assume_nonnull end
