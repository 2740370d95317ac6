// Attention of a whole sequence, and of one position over cached keys.
#pragma once
#include "ck_product.h"

#pragma clang assume_nonnull begin

/// Queries that `attend` scores at once.
#define CK_QUERIES 6
/// Query heads that `attend_rows` scores at once.
#define CK_HEADS 8
/// Keys that one page of a cache holds.
#define CK_PAGE_SLOTS 64

/// One block of up to CK_QUERIES queries of one query head against the same keys.
typedef struct ck_attend_call {
    ck_format format;       // f32 or bf16: of queries, keys and values
    const uint32_t *queries;  // CK_QUERIES rows, query_stride apart; those past `rows` only read
    const uint32_t *keys;     // panels of CK_PANEL keys: (words of head_dim, CK_PANEL)
    const uint32_t *values;   // (words of key_count, value_stride): a column a number of a value
    const float *const _Nonnull *_Nonnull bias;  // rows of dt; -inf hides a key
    const size_t *counts;   // keys that each query may see at most: the first ones
    float *scores;          // (CK_QUERIES, score_stride): scratch
    float *const _Nonnull *_Nonnull outputs;  // rows of value_width
    size_t rows;
    size_t query_stride, value_stride, score_stride;
    size_t key_count;       // the largest of `counts`
    size_t head_dim;
    size_t value_width;     // head_dim rounded up to a multiple of 16
} ck_attend_call;

/// One position's query heads against cached keys of their key/value head.
typedef struct ck_rows_call {
    ck_format format;      // f32 or bf16: of keys and values
    const float *queries;  // (group, head_dim): normed, rotated, scaled
    const void *const _Nonnull *_Nonnull rows;  // (key_count): a key of head_dim, then its value
    const float *bias;     // (key_count): dt of each key
    float *scores;         // (CK_HEADS, key_count rounded up to CK_PANEL): scratch
    float *outputs;        // (group, head_dim)
    size_t key_count;      // at least 1
    size_t group, head_dim;
} ck_rows_call;

struct ck_kernels;

/// Attention of one sequence with one key/value head and the query heads that share it.
typedef struct ck_sequence {
    ck_format format;            // f32 or bf16: what scores and sums are multiplied in
    const uint32_t *queries;     // (query_count, query_stride): normed, rotated, scaled; readable
                                 // CK_QUERIES rows beyond the last
    const int32_t *positions;    // (query_count): ascending position of each query row
    const uint32_t *keys, *values;  // (key_count, key_stride): words, head_dim numbers of each row
    const float *dt;             // (key_count, dt_stride): first of each row used
    float *outputs;              // (query_count, output_stride): group heads of head_dim
    size_t query_stride, key_stride;  // words
    size_t query_head;           // words from one query head of the group to the next
    size_t dt_stride, output_stride;
    size_t query_count, key_count, head_dim;
    size_t group;                // query heads of this key/value head, contiguous in a row
    size_t window;               // keep_window_size: most keys that a query keeps
    size_t sliding;              // keys at this distance or more are hidden; 0: no such limit
} ck_sequence;

/// Floats of scratch that `ck_attend_sequence` needs for sequences up to `key_count` keys; where
/// there is no sliding limit, no more than for `window` + CK_QUERIES.
size_t ck_attend_scratch(size_t key_count, size_t head_dim);

/// Attends with the kept window of Doge: each query keeps its `window` allowed keys of largest dt,
/// the latest among equals. `scratch`: `ck_attend_scratch` floats, 64-byte aligned.
void ck_attend_sequence(const struct ck_kernels *kernels, const ck_sequence *sequence,
                        float *scratch);

/// Attention of one position over the cached keys of one key/value head.
typedef struct ck_cached {
    ck_format format;                // f32 or bf16: of keys and values
    /// Pages; from `offset` words on, each holds CK_PAGE_SLOTS rows of a key and its value, of
    /// ck_words(format, 2 * head_dim), and then the dt of each as f32. Slot s lies in page
    /// s / CK_PAGE_SLOTS.
    const uint32_t *const _Nonnull *_Nonnull pages;
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
void ck_attend_cached(const struct ck_kernels *kernels, const ck_cached *cached, float *scratch);

#pragma clang assume_nonnull end
