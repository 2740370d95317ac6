// The leaf kernels of the Doge engine: row-major, one table of functions per instruction set.
// Nothing here allocates, does I/O or keeps state; every function may run on any thread and writes
// only what its comment names. A row's result never depends on the other rows of a call.
#pragma once
#include "ck_activation.h"
#include "ck_attention.h"
#include "ck_experts.h"
#include "ck_product.h"
#include "ck_sampling.h"

#pragma clang assume_nonnull begin

/// The kernels that differ by instruction set. Widths and strides count floats; those called
/// padded are a multiple of CK_PANEL, and what lies past the width is zero.
typedef struct ck_kernels {
    /// Product and what becomes of it; see `ck_product`.
    void (*multiply)(const ck_product *product);
    /// out (rows, width) = weight * x / sqrt(mean(x^2) + epsilon), row by row; x, weight and out
    /// are padded.
    void (*norm)(const float *x, size_t x_stride, const float *weight, size_t width, float epsilon,
                 size_t rows, ck_operand out);
    /// out (rows, width) = x, in another format; out is padded, and x may hold anything there.
    void (*convert)(const float *x, size_t x_stride, size_t width, size_t rows, ck_operand out);
    /// Norm of each of `heads` heads of a row (heads, head_dim) in place, then rotary with
    /// cosines and sines (head_dim / 2) of its position, then times `scale`.
    void (*rotate_heads)(float *row, size_t heads, size_t head_dim, const float *weight,
                         float epsilon, const float *cosines, const float *sines, float scale);
    /// z (rows, heads) = exp(A * softplus(z + bias)) with bias (heads), if any, and A (heads);
    /// softplus as torch has it.
    void (*dynamic_mask)(float *z, const float *_Nullable bias, const float *A, size_t rows,
                         size_t heads);
    /// Softmax attention of a block of queries; see `ck_attend_call`.
    void (*attend)(const ck_attend_call *call);
    /// Softmax attention of one position over rows that lie anywhere; see `ck_rows_call`.
    void (*attend_rows)(const ck_rows_call *call);
    /// Logarithm of the sum of e^x (count), count at least 1; no number where one of x is none.
    float (*log_sum_exp)(const float *x, size_t count);
    /// Index of the largest of x (count), the lowest among equals; `count` where one of x is none
    /// or infinite.
    size_t (*best)(const float *x, size_t count);
    /// out (rows) = matrix (rows, width) . x (width).
    void (*matvec)(const float *matrix, const float *x, float *out, size_t rows, size_t width);
    /// As `ck_product_keys`, but in ascending order of the experts.
    void (*choose_experts)(const float *x, const float *y, size_t keys, size_t count,
                           int32_t *chosen, float *weights);
    /// factors = act(down . x) * weights of the experts in the lookup's partitions.
    void (*weigh_experts)(const ck_lookup *lookup);
    /// What the lookup's partitions give the tokens [begin, stop): added to rows of `out`,
    /// out_stride apart, or where `touched` is there written to out (tokens, out_stride), and
    /// whether there was an expert to touched (tokens).
    void (*sum_experts)(const ck_lookup *lookup, size_t begin, size_t stop, float *out,
                        size_t out_stride, uint8_t *_Nullable touched);
    /// Adds to rows of `out` what `owners` have written: sums (owners, tokens, out_stride) and
    /// touched (owners, tokens), of the tokens [begin, stop).
    void (*merge_experts)(const ck_lookup *lookup, size_t begin, size_t stop, const float *sums,
                          const uint8_t *touched, size_t owners, float *out, size_t out_stride);
    /// Multiplies and adds as products do, but in registers alone, `steps` times; returns how many
    /// operations that were. What a core can do at most.
    double (*spin)(ck_format format, size_t steps);
    /// Those of choosing a token.
    const ck_sampling *sampling;
} ck_kernels;

/// The instruction sets that have a table of their own.
typedef enum ck_isa {
    CK_GENERIC,
    CK_AVX2,
    CK_AVX512,       // without instructions for bf16 and int8
    CK_AVX512_BF16,  // with those for bf16 and for int8 (VNNI)
} ck_isa;

/// The table of an instruction set, or null where this processor lacks it.
const ck_kernels *_Nullable ck_kernels_for(ck_isa isa);

/// Widens `count` values; source need not be aligned.
void ck_widen_f16(const void *source, float *out, size_t count);
void ck_widen_bf16(const void *source, float *out, size_t count);
/// Rounds `count` values to the nearest, ties to even; what is no number stays none.
void ck_narrow_bf16(const float *source, uint16_t *out, size_t count);

/// Index of the first infinity or NaN of x (count), or `count`.
size_t ck_first_not_finite(const float *x, size_t count);

#pragma clang assume_nonnull end
