// The leaf kernels of the Doge engine: f32, row-major, one table of functions per instruction set.
// Nothing here allocates, does I/O or keeps state; every function may run on any thread and writes
// only what its comment names. A row's result never depends on the other rows of a call.
#pragma once
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Keys per step of `attend`: key panels and score rows are padded to a multiple of this.
#define CK_KEY_STEP 64
/// Queries that `attend` scores at once.
#define CK_QUERIES 4
/// Most experts that one token may consult.
#define CK_EXPERTS_MAX 256
/// Keys that one page of a cache holds.
#define CK_PAGE_SLOTS 64

/// Shapes of activation functions; softplus as torch has it: ln(1 + e^x), and x above 20.
typedef enum ck_activation_kind {
    CK_SILU,          // x / (1 + exp(-x))
    CK_GELU,          // x/2 * (1 + erf(x / sqrt 2))
    CK_GELU_CLIPPED,  // the same within -10 and 10
    CK_GELU_TANH,     // x/2 * (1 + tanh u), u = sqrt(2/pi) (x + 0.044715 x^3)
    CK_QUICK_GELU,    // x / (1 + exp(-1.702 x))
    CK_RELU,
    CK_RELU_SQUARED,
    CK_RELU6,         // within 0 and 6
    CK_LEAKY,         // x, below 0 times `slope`
    CK_LINEAR,
    CK_TANH,
    CK_SIGMOID,
    CK_HARDSWISH,     // x * relu6(x + 3) / 6
    CK_MISH,          // x * tanh(softplus(x))
    CK_LAPLACE,       // (1 + erf((x - 0.707107) / (0.282095 sqrt 2))) / 2
    CK_SQRT_SOFTPLUS,
    CK_XIELU,         // rising x^2 + beta x; up to 0: falling (expm1(min(x, limit)) - x) + beta x
} ck_activation_kind;

/// An activation function with the numbers that its kind asks for, a layer's own.
typedef struct ck_activation {
    ck_activation_kind kind;
    float slope;
    float rising, falling, beta, limit;
} ck_activation;

/// The function's value, one number at a time: the oracle of the vector forms.
float ck_activate(float x, ck_activation activation);

/// One block of up to four queries against the same keys, of one query head each.
typedef struct ck_attend_call {
    const float *const _Nonnull *_Nonnull queries;  // CK_QUERIES rows (head_dim), already scaled
    const float *keys;                     // (head_dim, key_stride): transposed panel
    const float *values;                   // (key_count, value_stride), zeros past head_dim
    float *scores;                         // (CK_QUERIES, score_stride): in dt or -inf, out weights
    float *const _Nonnull *_Nonnull outputs; // CK_QUERIES rows (value_stride)
    size_t key_stride, score_stride;
    size_t value_stride;                   // head_dim rounded up to a multiple of 16
    size_t key_count;                      // a multiple of CK_KEY_STEP
    size_t head_dim;
} ck_attend_call;

/// One position's query heads against cached keys of their key/value head.
typedef struct ck_rows_call {
    const float *queries;  // (group, head_dim): normed, rotated, scaled
    const float *const _Nonnull *_Nonnull rows;  // (key_count): a key of head_dim, then its value
    const float *bias;     // (key_count): dt of each key
    float *scores;         // (key_count rounded up to CK_KEY_STEP): scratch
    float *outputs;        // (group, head_dim)
    size_t key_count;      // at least 1
    size_t group, head_dim;
} ck_rows_call;

/// The kernels that differ by instruction set. Widths and strides count floats.
typedef struct ck_kernels {
    /// out (rows, width) = weight * x / sqrt(mean(x^2) + epsilon), row by row.
    void (*norm)(const float *x, const float *weight, float *out, size_t rows, size_t width,
                 float epsilon);
    /// x (rows, width) = scale (width) * x + branch (rows, width).
    void (*residual)(float *x, const float *branch, const float *scale, size_t rows, size_t width);
    /// Norm of each of `heads` heads of a row (heads, head_dim) in place, then rotary with
    /// cosines and sines (head_dim / 2) of its position, then times `scale`.
    void (*rotate_heads)(float *row, size_t heads, size_t head_dim, const float *weight,
                         float epsilon, const float *cosines, const float *sines, float scale);
    /// Softmax attention of a block of queries; see `ck_attend_call`.
    void (*attend)(const ck_attend_call *call);
    /// Softmax attention of one position over rows that lie anywhere; see `ck_rows_call`.
    void (*attend_rows)(const ck_rows_call *call);
    /// Logarithm of the sum of e^x (count), count at least 1; no number where one of x is none.
    float (*log_sum_exp)(const float *x, size_t count);
    /// out (rows, width) = act(gate) * up, of rows (gate (width), up (width), ...) of row_stride.
    void (*gate)(const float *gate_up, size_t row_stride, float *out, size_t rows, size_t width,
                 ck_activation activation);
    /// out (rows) = matrix (rows, width) . x (width).
    void (*matvec)(const float *matrix, const float *x, float *out, size_t rows, size_t width);
    /// out (width) += sum over chosen e of act(down[e] . x) * weights[e] * up[e].
    void (*experts)(const float *x, const float *down, const float *up, const int32_t *chosen,
                    const float *weights, size_t count, float *out, size_t width,
                    ck_activation activation);
} ck_kernels;

/// The instruction sets that have a table of their own.
typedef enum ck_isa { CK_GENERIC, CK_AVX2, CK_AVX512 } ck_isa;

/// The table of an instruction set, or null where this processor lacks it.
const ck_kernels *_Nullable ck_kernels_for(ck_isa isa);

/// Attention of one sequence with one key/value head and the query heads that share it.
typedef struct ck_sequence {
    const float *queries;        // (query_count, query_stride): normed, rotated, scaled
    const int32_t *positions;    // (query_count): ascending position of each query row
    const float *keys, *values;  // (key_count, key_stride), head_dim of each row used
    const float *dt;             // (key_count, dt_stride): first of each row used
    float *outputs;              // (query_count, output_stride): group heads of head_dim
    size_t query_stride, key_stride, dt_stride, output_stride;
    size_t query_count, key_count, head_dim;
    size_t group;                // query heads of this key/value head, contiguous in a row
    size_t window;               // keep_window_size: most keys that a query keeps
    size_t sliding;              // keys at this distance or more are hidden; 0: no such limit
} ck_sequence;

/// Floats of scratch that `ck_attend_sequence` needs for sequences up to `key_count` keys.
size_t ck_attend_scratch(size_t key_count, size_t head_dim);

/// Attends with the kept window of Doge: each query keeps its `window` allowed keys of largest dt,
/// the latest among equals. `scratch`: `ck_attend_scratch` floats, 64-byte aligned.
void ck_attend_sequence(const ck_kernels *kernels, const ck_sequence *sequence, float *scratch);

/// Attention of one position over the cached keys of one key/value head.
typedef struct ck_cached {
    /// Pages; from `offset` on, each holds CK_PAGE_SLOTS rows of a key and its value, 2 * head_dim,
    /// and then the dt of each. Slot s lies in page s / CK_PAGE_SLOTS.
    const float *const _Nonnull *_Nonnull pages;
    size_t offset;
    const int32_t *_Nullable slots;  // (key_count): those to attend to, or null: [0, key_count)
    const float *queries;            // (group, head_dim): normed, rotated, scaled
    float *outputs;                  // (group, head_dim)
    size_t key_count;                // at least 1
    size_t group, head_dim;
} ck_cached;

/// Floats of scratch that `ck_attend_cached` needs for up to `key_count` keys.
size_t ck_cached_scratch(size_t key_count);

/// Attends from one position. `scratch`: `ck_cached_scratch` floats, 64-byte aligned.
void ck_attend_cached(const ck_kernels *kernels, const ck_cached *cached, float *scratch);

/// Best `count` pairs (a, b) by x[a] + y[b] of two halves of `keys` scores, best first; among
/// equals the lowest a * keys + b. chosen (count) = a * keys + b, weights (count) = softmax of the
/// chosen scores. `count` <= CK_EXPERTS_MAX and <= keys * keys.
void ck_product_keys(const float *x, const float *y, size_t keys, size_t count, int32_t *chosen,
                     float *weights);

/// out (rows) = exp(A * softplus(z)) with z (rows) and A (rows); softplus as torch has it.
void ck_dynamic_mask(const float *z, const float *A, float *out, size_t rows);

/// Widens `count` values; source need not be aligned.
void ck_widen_f16(const void *source, float *out, size_t count);
void ck_widen_bf16(const void *source, float *out, size_t count);

/// Index of the first infinity or NaN of x (count), or `count`.
size_t ck_first_not_finite(const float *x, size_t count);

/// Makes OpenMP regions that the calling thread opens run on that thread alone.
void ck_use_one_openmp_thread(void);

#pragma clang assume_nonnull end
