#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <time.h>
#include <sys/wait.h>
#include <unistd.h>

// Runs in the child of a vfork: only calls that are safe there, and no return.
static void become(const char *path, char *const arguments[], char *const environment[],
                   pid_t parent) {
    sigset_t none;
    sigemptyset(&none);
    if (prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL) != 0 || setpgid(0, 0) != 0 ||
        sigprocmask(SIG_SETMASK, &none, NULL) != 0) {
        return;
    }
    // The parent may have ended before the kernel was asked.
    if (getppid() != parent) {
        _exit(0);
    }
    const int input = open("/dev/null", O_RDONLY);
    if (input < 0 || dup2(input, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
        return;
    }
    if (input != STDIN_FILENO) {
        close(input);
    }
    execve(path, arguments, environment);
}

pid_t kennel_start_tied(const char *path, char *const arguments[], char *const environment[]) {
    const pid_t parent = getpid();
    // vfork shares our memory until the program begins: the child leaves its error here.
    volatile int error = 0;
    const pid_t child = vfork();
    if (child < 0) {
        return -errno;
    }
    if (child == 0) {
        become(path, arguments, environment, parent);
        error = errno;
        _exit(127);
    }
    if (error != 0) {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
        }
        return -error;
    }
    return child;
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

static struct flock one_byte(short type, int64_t byte) {
    return (struct flock){
        .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)byte, .l_len = 1};
}

int kennel_take_byte(int descriptor, int64_t byte) {
    struct flock range = one_byte(F_WRLCK, byte);
    return fcntl(descriptor, F_OFD_SETLK, &range) == 0 ? 0 : errno;
}

void kennel_give_byte_back(int descriptor, int64_t byte) {
    struct flock range = one_byte(F_UNLCK, byte);
    (void)fcntl(descriptor, F_OFD_SETLK, &range);
}

int kennel_byte_is_taken(int descriptor, int64_t byte) {
    struct flock range = one_byte(F_WRLCK, byte);
    return fcntl(descriptor, F_OFD_GETLK, &range) == 0 ? range.l_type != F_UNLCK : -errno;
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

uint64_t kennel_open_file_system_magic(int descriptor, int *error) {
    struct statfs status;
    if (fstatfs(descriptor, &status) != 0) {
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

int kennel_semaphore_wait(sem_t *semaphore, int milliseconds) {
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    const long nanoseconds = end.tv_nsec + milliseconds % 1000 * 1000000L;
    end.tv_sec += milliseconds / 1000 + nanoseconds / 1000000000L;
    end.tv_nsec = nanoseconds % 1000000000L;
    int status;
    do {
        status = sem_clockwait(semaphore, CLOCK_MONOTONIC, &end);
    } while (status != 0 && errno == EINTR);
    return status == 0 ? 0 : errno;
}

void kennel_print_by_lines(void) { setvbuf(stdout, NULL, _IOLBF, 0); }

int kennel_finish_output(void) {
    return fflush(stdout) == 0 && !ferror(stdout);
}
