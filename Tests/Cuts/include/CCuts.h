#pragma once

/// What has just been done to a file of SQLite's.
enum kennel_cut { KENNEL_CUT_WRITTEN, KENNEL_CUT_SYNCED };

/// Called after each write, cut and sync of any of SQLite's files, on the thread that did it.
typedef void (*kennel_cut_hook)(const char *path, enum kennel_cut what);

/// Puts `hook` behind every file that SQLite opens from now on in this process; 0, or an error.
int kennel_watch_cuts(kennel_cut_hook hook);
