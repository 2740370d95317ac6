// Attention over cached keys: gathers where they lie, the rest is the `attend_rows` kernel's.
#include "kernels.h"

static size_t padded(size_t count) {
    return (count + CK_PANEL - 1) / CK_PANEL * CK_PANEL;
}

size_t ck_cached_scratch(size_t key_count) {
    return padded(key_count) * (sizeof(float *) / sizeof(float) + 2);
}

void ck_attend_cached(const struct ck_kernels *kernels, const ck_cached *c, float *scratch) {
    const float **rows = (const float **)scratch;
    float *bias = (float *)(rows + padded(c->key_count));
    for (size_t j = 0; j < c->key_count; j++) {
        const size_t slot = c->slots ? (size_t)c->slots[j] : j;
        const float *page = c->pages[slot / CK_PAGE_SLOTS] + c->offset;
        const size_t place = slot % CK_PAGE_SLOTS;
        rows[j] = page + place * 2 * c->head_dim;
        bias[j] = page[CK_PAGE_SLOTS * 2 * c->head_dim + place];
    }
    const ck_rows_call call = {
        .queries = c->queries,
        .rows = rows,
        .bias = bias,
        .scores = bias + padded(c->key_count),
        .outputs = c->outputs,
        .key_count = c->key_count,
        .group = c->group,
        .head_dim = c->head_dim,
    };
    kernels->attend_rows(&call);
}
