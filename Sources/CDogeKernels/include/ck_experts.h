// The lookup of experts: which ones a token consults, and what these add to it.
//
// Experts are dealt out to CK_PARTITIONS partitions by their number. A token's sum is made within
// each partition first, experts in ascending order, and then partition by partition as in a
// tournament, those without an expert passed over. So it does not matter which thread makes which
// partitions' sums, as long as a thread has a whole branch of the tree.
#pragma once
#include "ck_product.h"

#pragma clang assume_nonnull begin

/// Most experts that one token may consult.
#define CK_EXPERTS_MAX 256
/// Partitions of the experts; a power of two.
#define CK_PARTITIONS 16
_Static_assert((CK_PARTITIONS & (CK_PARTITIONS - 1)) == 0, "branches of the tree are halves");

/// Rows of experts, f32 or bf16.
typedef struct ck_table {
    ck_format format;
    const void *rows;  // (experts, width)
} ck_table;

/// What tokens ask of the partitions [first, end): a whole branch of the tree.
typedef struct ck_lookup {
    ck_table down, up;
    size_t experts, width;
    ck_activation activation;
    const int32_t *rows;      // (tokens): each token's row of x and of the residual stream
    size_t tokens, per_token;
    const int32_t *chosen;    // (tokens, per_token): ascending
    const float *weights;     // (tokens, per_token)
    const float *x;           // rows of width, x_stride apart
    size_t x_stride;
    size_t first, end;
    float *factors;           // (tokens, per_token): scratch, those of these partitions written
    int32_t *order;           // (tokens * per_token + experts + 1): scratch of this call's own
} ck_lookup;

/// The partition of an expert.
static inline size_t ck_partition(size_t expert, size_t experts) {
    return expert * CK_PARTITIONS / experts;
}

/// The first expert of a partition.
static inline size_t ck_first_expert(size_t partition, size_t experts) {
    return (partition * experts + CK_PARTITIONS - 1) / CK_PARTITIONS;
}

/// The partitions [first, end) of owner `owner` of `owners`, a power of two up to CK_PARTITIONS.
static inline size_t ck_first_partition(size_t owner, size_t owners) {
    return owner * (CK_PARTITIONS / owners);
}

/// Best `count` pairs (a, b) by x[a] + y[b] of two halves of `keys` scores, best first; among
/// equals the lowest a * keys + b. chosen (count) = a * keys + b, weights (count) = softmax of the
/// chosen scores. `count` <= CK_EXPERTS_MAX and <= keys * keys.
void ck_product_keys(const float *x, const float *y, size_t keys, size_t count, int32_t *chosen,
                     float *weights);

#pragma clang assume_nonnull end
