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
#endif
    default: return NULL;
    }
}

// Declared here as omp.h comes with another compiler's packages; the OpenMP API gives this form.
extern void omp_set_num_threads(int count);

void ck_use_one_openmp_thread(void) { omp_set_num_threads(1); }
