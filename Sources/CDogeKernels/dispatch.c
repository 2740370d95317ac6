#include "kernels.h"

const ck_kernels *ck_kernels_for(ck_isa isa) {
    switch (isa) {
    case CK_GENERIC: return &ck_generic_kernels;
#if defined(__x86_64__)
    case CK_AVX2:
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
            return &ck_avx2_kernels;
        return NULL;
    case CK_AVX512:
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
            return &ck_avx512_kernels;
        return NULL;
    case CK_AVX512_BF16:
        if (ck_kernels_for(CK_AVX512) && __builtin_cpu_supports("avx512bf16") &&
            __builtin_cpu_supports("avx512vnni"))
            return &ck_avx512_bf16_kernels;
        return NULL;
#endif
    default: return NULL;
    }
}
