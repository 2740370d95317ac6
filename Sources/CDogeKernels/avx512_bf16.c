#include "kernels.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(                                                                   \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx512vnni,fma"))),    \
    apply_to = function)
#define CK_WIDTH 16
#define CK_BF16_DOTS
#define CK_TABLE ck_avx512_bf16_kernels
#include "vector.h"
#pragma clang attribute pop
#endif
