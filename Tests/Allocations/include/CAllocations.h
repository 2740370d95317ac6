// Counts the allocations of chosen threads.
//
// The test bundle is a program of its own, and what a program defines takes the place of a
// library's functions: malloc and its like are counted here and done by glibc's own, which it
// exports beside them. A sanitizer brings its own; nothing is counted then.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#pragma clang assume_nonnull begin

/// A count that several threads may share.
typedef struct ca_tally ca_tally;

/// Whether allocations are counted in this build.
bool ca_is_counting(void);
/// A tally that is closed, at zero; lives as long as the program.
ca_tally *ca_make_tally(void);
/// Has the calling thread's allocations counted by the tally from now on, or by none.
void ca_watch(ca_tally *_Nullable tally);
/// Counts from now on, or not.
void ca_open(ca_tally *tally, bool is_open);
/// Allocations counted so far.
size_t ca_count(ca_tally *tally);

#pragma clang assume_nonnull end
