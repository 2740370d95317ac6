// Attention over cached keys: gathers where they lie, the rest is the `attend_rows` kernel's.
#include "kernels.h"
#include <string.h>

_Static_assert(sizeof(void *) % sizeof(float) == 0, "pointers lie among floats of scratch");

static size_t padded(size_t count) { return (count + CK_PANEL - 1) / CK_PANEL * CK_PANEL; }

size_t ck_cached_scratch(size_t key_count) {
    return padded(key_count) * (sizeof(void *) / sizeof(float) + 1 + CK_HEADS);
}

void ck_attend_cached(const ck_kernels *kernels, const ck_cached *c, float *scratch) {
    const void **rows = (const void **)scratch;
    float *bias = (float *)(rows + padded(c->key_count));
    const size_t words = ck_words(c->format, 2 * c->head_dim);
    for (size_t j = 0; j < c->key_count; j++) {
        const size_t slot = c->slots ? (size_t)c->slots[j] : j;
        const uint32_t *page = c->pages[slot / CK_PAGE_SLOTS] + c->offset;
        const size_t place = slot % CK_PAGE_SLOTS;
        rows[j] = page + place * words;
        memcpy(bias + j, page + CK_PAGE_SLOTS * words + place, sizeof *bias);
    }
    const ck_rows_call call = {
        .format = c->format,
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
