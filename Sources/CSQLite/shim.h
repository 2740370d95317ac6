#pragma once
#include <sqlite3.h>

// Leaves the WAL as it is when the connection closes; sqlite3_db_config takes variadic arguments,
// which Swift cannot pass.
static inline int kennel_sqlite_keep_wal(sqlite3 *connection)
{
    return sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}

// Its macro is an expression that Swift does not read.
static const int kennel_sqlite_ioerr_write = SQLITE_IOERR_WRITE;
