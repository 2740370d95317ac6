// What the kernel files share; not seen by Swift.
#pragma once
#include "CDogeKernels.h"

/// `ck_product_keys` in ascending order of the experts, for any number of keys and experts.
void ck_choose_experts(const float *x, const float *y, size_t keys, size_t count, int32_t *chosen,
                       float *weights);

/// Best `count` of scores (keys), largest first, the lowest index first among equals.
void ck_best_keys(const float *scores, size_t keys, size_t count, int32_t *best);

extern const ck_kernels ck_generic_kernels;
extern const ck_sampling ck_generic_sampling;
#if defined(__x86_64__)
extern const ck_kernels ck_avx2_kernels;
extern const ck_kernels ck_avx512_kernels;
extern const ck_kernels ck_avx512_bf16_kernels;
#endif
