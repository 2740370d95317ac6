// A barrier that spins before it sleeps; futexes have no wrapper in libc.
#include "CLinux.h"
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Looks at the round before a thread sleeps: measured, 46 microseconds.
enum { SPINS = 2000 };

static void breathe(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

void kennel_meet(kennel_meeting *meeting) {
    const uint32_t round = __atomic_load_n(&meeting->round, __ATOMIC_ACQUIRE);
    if (__atomic_sub_fetch(&meeting->missing, 1, __ATOMIC_ACQ_REL) == 0) {
        __atomic_store_n(&meeting->missing, meeting->count, __ATOMIC_RELAXED);
        // In one total order with the sleepers' look, so that none is missed.
        __atomic_store_n(&meeting->round, round + 1, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(&meeting->sleepers, __ATOMIC_SEQ_CST) > 0)
            syscall(SYS_futex, &meeting->round, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
        return;
    }
    for (int i = 0; i < SPINS; i++) {
        if (__atomic_load_n(&meeting->round, __ATOMIC_ACQUIRE) != round) return;
        breathe();
    }
    __atomic_add_fetch(&meeting->sleepers, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&meeting->round, __ATOMIC_SEQ_CST) == round)
        syscall(SYS_futex, &meeting->round, FUTEX_WAIT_PRIVATE, round, NULL, NULL, 0);
    __atomic_sub_fetch(&meeting->sleepers, 1, __ATOMIC_SEQ_CST);
}

void kennel_excuse(kennel_meeting *meeting, uint32_t absent) {
    __atomic_sub_fetch(&meeting->missing, absent, __ATOMIC_ACQ_REL);
}
