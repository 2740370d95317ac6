#pragma once
// What Swift cannot say of Linux: macros, variadic functions and calls that its Glibc overlay
// leaves out.

#include <semaphore.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/types.h>

/// Starts the program at `path` as a child that the kernel kills when the calling thread ends.
///
/// The tie is made before the program begins, so not even a child stopped at once outlives us. The
/// child has no input, our standard error for both outputs, no blocked signals, and a process group
/// of its own: Ctrl-C reaches its parent alone. The process id, or minus errno.
pid_t kennel_start_tied(const char *path, char *const arguments[], char *const environment[]);

/// Names the calling thread, as `top -H` shows it; at most 15 bytes.
void kennel_name_thread(const char *name);

/// Opens a file with O_CLOEXEC added to `flags`; a descriptor, or minus errno.
int kennel_open(const char *path, int flags, mode_t mode);

/// Locks one byte of a file for this open file, until it is closed; 0, or errno.
///
/// EAGAIN or EACCES where another open file has it. The lock is no process's: forks share it.
int kennel_take_byte(int descriptor, int64_t byte);

/// Unlocks a byte that this open file has locked.
void kennel_give_byte_back(int descriptor, int64_t byte);

/// Whether another open file has locked a byte: 1 or 0, or minus errno.
int kennel_byte_is_taken(int descriptor, int64_t byte);

/// Renames without ever replacing what stands at `to`; 0, or errno. File systems that lack the call
/// get link and unlink.
int kennel_rename_no_replace(const char *from, const char *to);

/// The magic number of the file system that holds `path`; 0 and *error set where it cannot be told.
uint64_t kennel_file_system_magic(const char *path, int *error);

/// The same of the file system of an open file.
uint64_t kennel_open_file_system_magic(int descriptor, int *error);

/// Waits for a semaphore at most so long, by the clock that never jumps; 0, or ETIMEDOUT.
int kennel_semaphore_wait(sem_t *semaphore, int milliseconds);

/// CRC32C (Castagnoli) of `count` bytes; the processor's own instruction where it has one.
uint32_t kennel_crc32c(const void *bytes, size_t count);

/// Seeds libc's `rand`, from which libzmq takes a router's peer ids, with bits of the kernel.
void kennel_seed_random(void);

/// Has each line appear on standard output as it is printed, also where it is a file or a pipe.
void kennel_print_by_lines(void);

/// Whether standard output took all that was printed, now and before: 0 where it did not.
///
/// The reason is that of some line long ago, and lost. Nobody else prints meanwhile.
int kennel_finish_output(void);

/// Where threads wait for each other: zero but for `count` and `missing`, which begin equal.
typedef struct kennel_meeting {
    uint32_t count, missing, round, sleepers;
} kennel_meeting;

/// Waits until `count` threads have called; what each wrote before is seen by all afterwards.
///
/// Spins for some tens of microseconds, then sleeps.
void kennel_meet(kennel_meeting *meeting);

/// Counts `absent` threads as present in the round at hand; some that are there must still call.
void kennel_excuse(kennel_meeting *meeting, uint32_t absent);
