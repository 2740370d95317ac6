// The product-key choice of experts.
#include "kernels.h"
#include <math.h>

void ck_best_keys(const float *scores, size_t keys, size_t count, int32_t *best) {
    size_t filled = 0;
    for (size_t i = 0; i < keys; i++) {
        if (filled == count && !(scores[i] > scores[best[filled - 1]])) continue;
        size_t at = filled < count ? filled++ : filled - 1;
        for (; at > 0 && scores[i] > scores[best[at - 1]]; at--) best[at] = best[at - 1];
        best[at] = (int32_t)i;
    }
}

void ck_product_keys(const float *x, const float *y, size_t keys, size_t count, int32_t *chosen,
                     float *weights) {
    int32_t best_x[CK_EXPERTS_MAX], best_y[CK_EXPERTS_MAX];
    const size_t half = count < keys ? count : keys;
    ck_best_keys(x, keys, half, best_x);
    ck_best_keys(y, keys, half, best_y);
    size_t filled = 0;
    for (size_t a = 0; a < half; a++) {
        // A pair of ranks (a, b) has (a + 1) * (b + 1) - 1 pairs before it.
        for (size_t b = 0; b < half && (a + 1) * (b + 1) <= count; b++) {
            const float score = x[best_x[a]] + y[best_y[b]];
            const int32_t index = best_x[a] * (int32_t)keys + best_y[b];
            if (filled == count) {
                const float worst = weights[count - 1];
                if (score < worst || (score == worst && index > chosen[count - 1])) continue;
            }
            size_t at = filled < count ? filled++ : filled - 1;
            for (; at > 0 && (score > weights[at - 1] ||
                              (score == weights[at - 1] && index < chosen[at - 1]));
                 at--) {
                weights[at] = weights[at - 1];
                chosen[at] = chosen[at - 1];
            }
            weights[at] = score;
            chosen[at] = index;
        }
    }
    float sum = 0.0f;
    const float largest = weights[0];
    for (size_t e = 0; e < count; e++) {
        weights[e] = expf(weights[e] - largest);
        sum += weights[e];
    }
    for (size_t e = 0; e < count; e++) weights[e] /= sum;
}

void ck_choose_experts(const float *x, const float *y, size_t keys, size_t count, int32_t *chosen,
                       float *weights) {
    ck_product_keys(x, y, keys, count, chosen, weights);
    for (size_t e = 1; e < count; e++) {
        const int32_t expert = chosen[e];
        const float weight = weights[e];
        size_t at = e;
        for (; at > 0 && chosen[at - 1] > expert; at--) {
            chosen[at] = chosen[at - 1];
            weights[at] = weights[at - 1];
        }
        chosen[at] = expert;
        weights[at] = weight;
    }
}
