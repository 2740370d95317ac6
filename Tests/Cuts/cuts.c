// A layer over SQLite's own file system that tells of each moment at which the power might fail.
#include "CCuts.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

typedef struct watched {
    sqlite3_file base;
    char path[512];
    // The file of the layer below follows.
} watched;

static sqlite3_vfs *below;
static sqlite3_vfs above;
static kennel_cut_hook tell;

static sqlite3_file *inner(sqlite3_file *file) {
    return (sqlite3_file *)((watched *)file + 1);
}

static int told(sqlite3_file *file, int status, enum kennel_cut what) {
    if (status == SQLITE_OK) tell(((watched *)file)->path, what);
    return status;
}

static int watched_close(sqlite3_file *file) {
    return inner(file)->pMethods->xClose(inner(file));
}
static int watched_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset) {
    return inner(file)->pMethods->xRead(inner(file), bytes, count, offset);
}
static int watched_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
    return told(file, inner(file)->pMethods->xWrite(inner(file), bytes, count, offset),
                KENNEL_CUT_WRITTEN);
}
static int watched_truncate(sqlite3_file *file, sqlite3_int64 size) {
    return told(file, inner(file)->pMethods->xTruncate(inner(file), size), KENNEL_CUT_WRITTEN);
}
static int watched_sync(sqlite3_file *file, int flags) {
    return told(file, inner(file)->pMethods->xSync(inner(file), flags), KENNEL_CUT_SYNCED);
}
static int watched_size(sqlite3_file *file, sqlite3_int64 *size) {
    return inner(file)->pMethods->xFileSize(inner(file), size);
}
static int watched_lock(sqlite3_file *file, int level) {
    return inner(file)->pMethods->xLock(inner(file), level);
}
static int watched_unlock(sqlite3_file *file, int level) {
    return inner(file)->pMethods->xUnlock(inner(file), level);
}
static int watched_is_reserved(sqlite3_file *file, int *result) {
    return inner(file)->pMethods->xCheckReservedLock(inner(file), result);
}
static int watched_control(sqlite3_file *file, int operation, void *argument) {
    return inner(file)->pMethods->xFileControl(inner(file), operation, argument);
}
static int watched_sector(sqlite3_file *file) {
    return inner(file)->pMethods->xSectorSize(inner(file));
}
static int watched_traits(sqlite3_file *file) {
    return inner(file)->pMethods->xDeviceCharacteristics(inner(file));
}

// Of version 1, without shared memory: a connection that locks its file needs none.
static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = watched_close,
    .xRead = watched_read,
    .xWrite = watched_write,
    .xTruncate = watched_truncate,
    .xSync = watched_sync,
    .xFileSize = watched_size,
    .xLock = watched_lock,
    .xUnlock = watched_unlock,
    .xCheckReservedLock = watched_is_reserved,
    .xFileControl = watched_control,
    .xSectorSize = watched_sector,
    .xDeviceCharacteristics = watched_traits,
};

static int watched_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
                        int *given) {
    (void)vfs;
    file->pMethods = NULL;
    const int status = below->xOpen(below, path, inner(file), flags, given);
    if (status != SQLITE_OK) return status;
    snprintf(((watched *)file)->path, sizeof ((watched *)file)->path, "%s", path ? path : "");
    file->pMethods = &methods;
    return SQLITE_OK;
}

int kennel_watch_cuts(kennel_cut_hook hook) {
    tell = hook;
    below = sqlite3_vfs_find(NULL);
    above = *below;
    above.pNext = NULL;
    above.zName = "kennel-cuts";
    above.szOsFile = (int)sizeof(watched) + below->szOsFile;
    above.xOpen = watched_open;
    return sqlite3_vfs_register(&above, 1);
}
