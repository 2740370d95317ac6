#include "kernels.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define CK_WIDTH 8
#define CK_TABLE ck_avx2_kernels
#include "vector.h"
#pragma clang attribute pop
#endif
