// Keeps beside a folder what would be left of it if the power failed now.
//
// Loaded before libc (LD_PRELOAD), it takes the place of fsync and fdatasync: what a file held when
// it was synced, and which names a folder had, is copied to a second folder. Files are known there
// by their inodes' numbers, which are not used again as long as the process holds these inodes.
// KENNEL_POWER_DISK names the folder, with no link in its path, KENNEL_POWER_IMAGE the one for the
// copies, on the same file system.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, KEY_BYTES = 32, HELD_MAX = 8192 };

static char disk[PATH_BYTES];
static char image[PATH_BYTES];
static ino_t held[HELD_MAX];
static int held_count;
static pthread_mutex_t holding = PTHREAD_MUTEX_INITIALIZER;

// A copy that cannot be kept would let a test pass that shows nothing.
static void give_up(const char *what) {
    dprintf(STDERR_FILENO, "power loss: cannot %s: %s\n", what, strerror(errno));
    _exit(99);
}

static ino_t inode(int fd) {
    struct stat status;
    if (fstat(fd, &status) != 0) give_up("examine a synced file");
    return status.st_ino;
}

static void reopen(int fd, int flags, int *result) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    *result = open(path, flags | O_CLOEXEC);
    if (*result < 0) give_up("open a synced file once more");
}

static void hold(int fd) {
    int again;
    ino_t number = inode(fd);
    pthread_mutex_lock(&holding);
    int place = 0;
    while (place < held_count && held[place] != number) place++;
    if (place == HELD_MAX) give_up("hold so many files");
    if (place == held_count) {
        held[held_count++] = number;
        reopen(fd, O_PATH, &again);
    }
    pthread_mutex_unlock(&holding);
}

// Writes beside and renames, so that a kill leaves the old copy or the new one.
static int begin_copy(char path[PATH_BYTES]) {
    snprintf(path, PATH_BYTES, "%.4000s/new-%ld", image, syscall(SYS_gettid));
    int copy = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (copy < 0) give_up("make a copy");
    return copy;
}

static void end_copy(int copy, const char *path, ino_t number) {
    char name[PATH_BYTES];
    close(copy);
    snprintf(name, sizeof name, "%.4000s/%llu", image, (unsigned long long)number);
    if (rename(path, name) != 0) give_up("name a copy");
}

static void keep_file(int fd) {
    char path[PATH_BYTES], bytes[1 << 16];
    int file = fd;
    hold(fd);
    // Closing a second descriptor would drop the locks that SQLite has by the first.
    int isReadable = (fcntl(fd, F_GETFL) & O_ACCMODE) != O_WRONLY;
    if (!isReadable) reopen(fd, O_RDONLY, &file);
    int copy = begin_copy(path);
    off_t offset = 0;
    ssize_t count;
    while ((count = pread(file, bytes, sizeof bytes, offset)) > 0) {
        if (write(copy, bytes, (size_t)count) != count) give_up("write a copy");
        offset += count;
    }
    if (count < 0) give_up("read a synced file");
    if (!isReadable) close(file);
    end_copy(copy, path, inode(fd));
}

static void keep_folder(int fd) {
    char path[PATH_BYTES];
    int folder;
    hold(fd);
    reopen(fd, O_RDONLY | O_DIRECTORY, &folder);
    int copy = begin_copy(path);
    DIR *stream = fdopendir(folder);
    if (!stream) give_up("list a folder");
    for (struct dirent *entry; (entry = readdir(stream));) {
        struct stat status;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        // What goes away meanwhile was not there.
        if (fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) continue;
        dprintf(copy, "%llu %c %s\n", (unsigned long long)status.st_ino,
                S_ISDIR(status.st_mode) ? 'd' : 'f', entry->d_name);
    }
    closedir(stream);
    end_copy(copy, path, inode(fd));
}

static void keep(int fd) {
    int error = errno;
    char link[64], path[PATH_BYTES];
    struct stat status;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t count = readlink(link, path, sizeof path - 1);
    size_t length = strlen(disk);
    if (length > 0 && count >= (ssize_t)length && !memcmp(path, disk, length)
        && fstat(fd, &status) == 0) {
        if (S_ISDIR(status.st_mode)) keep_folder(fd);
        if (S_ISREG(status.st_mode)) keep_file(fd);
    }
    errno = error;
}

// All that stands in the folder at the start is on the disk.
static void keep_all(int fd) {
    keep_folder(fd);
    int again;
    reopen(fd, O_RDONLY | O_DIRECTORY, &again);
    DIR *stream = fdopendir(again);
    if (!stream) give_up("list a folder");
    for (struct dirent *entry; (entry = readdir(stream));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
        int inner = openat(again, entry->d_name, flags);
        if (inner < 0) continue;
        struct stat status;
        if (fstat(inner, &status) == 0 && S_ISDIR(status.st_mode)) keep_all(inner);
        else if (S_ISREG(status.st_mode)) keep_file(inner);
        close(inner);
    }
    closedir(stream);
}

__attribute__((constructor)) static void begin(void) {
    const char *of = getenv("KENNEL_POWER_DISK"), *to = getenv("KENNEL_POWER_IMAGE");
    if (!of || !to) return;
    snprintf(disk, sizeof disk, "%s", of);
    snprintf(image, sizeof image, "%s", to);
    char mark[PATH_BYTES];
    snprintf(mark, sizeof mark, "%.4000s/begun", image);
    if (access(mark, F_OK) == 0) return;
    int fd = open(disk, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) give_up("open the folder");
    keep_all(fd);
    close(fd);
    close(open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

int fdatasync(int fd) {
    int result = (int)syscall(SYS_fdatasync, fd);
    if (result == 0) keep(fd);
    return result;
}

int fsync(int fd) {
    int result = (int)syscall(SYS_fsync, fd);
    if (result == 0) keep(fd);
    return result;
}
