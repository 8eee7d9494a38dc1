/*
 * seglog_disk - a disk that fails when told, and that can lose its power
 *
 * Linked with --wrap in front of the system calls seglog makes. Remembers for
 * the files of one folder what was written since their last sync, and builds
 * from that what the disk may hold after the power went: every write since
 * then, sector by sector, is there or not; every name made, changed or removed
 * since the folder's last sync likewise.
 */
#ifndef TESTS_COMMON_SEGLOG_DISK_H
#define TESTS_COMMON_SEGLOG_DISK_H

#include <stdbool.h>
#include <stdint.h>

enum disk_call {
	DISK_PWRITE,
	DISK_PREAD,
	DISK_FDATASYNC,
	DISK_FSYNC,
	DISK_FTRUNCATE,
	DISK_OPENAT,
	DISK_UNLINKAT,
	DISK_RENAMEAT,
	DISK_CALLS,
};

/* ---- faults ---------------------------------------------------------------- */

/*
 * The `nth` call of the kind from now on (1 = the next) fails with `sys`; so do all later ones
 * when it `stays`.
 */
void disk_fail(enum disk_call call, uint64_t nth, int sys, bool stays);

/* Reads that touch these bytes of any file fail with EIO. */
void disk_refuse_block(uint64_t from, uint64_t to);

/* The same of one file. */
void disk_refuse_file(const char *path, uint64_t from, uint64_t to);

/* Every write is short and every second call is interrupted. */
void disk_stutter(bool on);

/* Writing beyond so many bytes in all files together fails with ENOSPC; 0 = no limit. */
void disk_limit(uint64_t bytes);

void disk_heal(void);

/* Calls since disk_heal() or disk_fail(); faults that happened. */
uint64_t disk_count(enum disk_call call);
uint64_t disk_faults(void);

/* ---- power ----------------------------------------------------------------- */

/* From now on everything in the folder is recorded; what is there counts as durable. */
void disk_record(const char *dir);
void disk_forget(void);

enum disk_luck {
	DISK_LOSES_ALL, /* that was not synced */
	DISK_KEEPS_ALL,
	DISK_KEEPS_WRITES, /* and all else, but no truncation */
	DISK_KEEPS_SOME,   /* each sector and name by itself */
};

/* Called before every call that changes the folder or syncs; NULL = none. Not called in itself.
 */
void disk_before_call(void (*hook)(void));

/* Writes into the empty folder `to` what the recorded one may hold after a power loss. */
void disk_lose_power(const char *to, enum disk_luck luck, uint64_t (*random)(void));

#endif
