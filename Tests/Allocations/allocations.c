#include "CAllocations.h"

#include <errno.h>
#include <stdatomic.h>

struct ca_tally {
    _Atomic(size_t) count;
    _Atomic(bool) is_open;
};

static _Thread_local ca_tally *watched;

void ca_watch(ca_tally *tally) { watched = tally; }
void ca_open(ca_tally *tally, bool is_open) { atomic_store(&tally->is_open, is_open); }
size_t ca_count(ca_tally *tally) { return atomic_load(&tally->count); }

#if defined(__GLIBC__) && !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

bool ca_is_counting(void) { return true; }

/// A place for a debugger to stop at: who allocates?
__attribute__((noinline)) static void count(ca_tally *tally) { atomic_fetch_add(&tally->count, 1); }

static void note(void) {
    if (watched && atomic_load(&watched->is_open)) count(watched);
}

void *malloc(size_t size) {
    note();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    note();
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
    note();
    return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
    note();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    note();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    note();
    void *taken = __libc_memalign(alignment, size);
    if (!taken) return ENOMEM;
    *memory = taken;
    return 0;
}

#else

bool ca_is_counting(void) { return false; }

#endif

#include <stdlib.h>

ca_tally *ca_make_tally(void) { return calloc(1, sizeof(ca_tally)); }
