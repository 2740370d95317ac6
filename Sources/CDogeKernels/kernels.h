// What the kernel files share; not seen by Swift.
#pragma once
#include "CDogeKernels.h"

extern const ck_kernels ck_generic_kernels;
#if defined(__x86_64__)
extern const ck_kernels ck_avx2_kernels;
extern const ck_kernels ck_avx512_kernels;
extern const ck_kernels ck_avx512_bf16_kernels;
#endif
