// The plain loops of sampling.
#include <math.h>

#include "kernels.h"

static void tops(const float *x, size_t count, float *out) {
    for (size_t j = 0; j < CK_TOPS; j++) out[j] = -INFINITY;
    for (size_t i = 0; i < count; i++)
        if (x[i] > out[i % CK_TOPS]) out[i % CK_TOPS] = x[i];
}

static size_t above(const float *x, size_t count, float bound, int32_t *out) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        if (x[i] >= bound) out[found++] = (int32_t)i;
    return found;
}

static void weigh(const float *x, size_t count, float largest, float temperature, float *out,
                  float *sums) {
    for (size_t i = 0; i < count; i++) {
        out[i] = expf((x[i] - largest) / temperature);
        if (i % CK_TOPS == 0) sums[i / CK_TOPS] = 0.0f;
        sums[i / CK_TOPS] += out[i];
    }
}

const ck_sampling ck_generic_sampling = {.tops = tops, .above = above, .weigh = weigh};
