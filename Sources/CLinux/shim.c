#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <unistd.h>

int kennel_die_with_parent(int signal) {
    return prctl(PR_SET_PDEATHSIG, (unsigned long)signal, 0UL, 0UL, 0UL) == 0 ? 0 : errno;
}

void kennel_name_thread(const char *name) {
    (void)prctl(PR_SET_NAME, name, 0UL, 0UL, 0UL);
}

int kennel_open(const char *path, int flags, mode_t mode) {
    int descriptor;
    do {
        descriptor = open(path, flags | O_CLOEXEC, mode);
    } while (descriptor < 0 && errno == EINTR);
    return descriptor >= 0 ? descriptor : -errno;
}

int kennel_rename_no_replace(const char *from, const char *to) {
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) {
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return errno;
    }
    if (link(from, to) != 0) {
        return errno;
    }
    return unlink(from) == 0 ? 0 : errno;
}

uint64_t kennel_file_system_magic(const char *path, int *error) {
    struct statfs status;
    if (statfs(path, &status) != 0) {
        *error = errno;
        return 0;
    }
    *error = 0;
    return (uint64_t)status.f_type;
}

void kennel_seed_random(void) {
    unsigned int seed = 1;
    if (getrandom(&seed, sizeof seed, 0) == (ssize_t)sizeof seed) {
        srand(seed);
    }
}
