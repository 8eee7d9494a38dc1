/*
 * memory - files that crashed or stopped a worker, so that the next scan leaves them out
 *
 * A file counts as the same while its device, inode, size, mtime and ctime
 * are; the memory is of one rule set version, other rules begin anew. Kept in
 * a small text file, replaced atomically:
 *
 *	soc-scan-memory 1 RULES-VERSION
 *	DEV INO SIZE MTIME_NS CTIME_NS
 *
 * Numbers in hexadecimal. A file that cannot be understood is an empty memory.
 */
#ifndef AGENT_SCAN_MEMORY_H
#define AGENT_SCAN_MEMORY_H

#include <sys/stat.h>

#include "common/err.h"
#include "common/slice.h"

enum { MEMORY_FILES_MAX = 4096 }; /* the oldest are forgotten */

struct memory_entry {
	uint64_t dev, ino, size;
	uint64_t mtime_ns, ctime_ns;
};

struct memory {
	uint64_t rules_version;
	struct memory_entry entries[MEMORY_FILES_MAX];
	size_t n;
	bool changed;
};

/* What `text`, the content of the file, knows of these rules. */
void memory_read(struct memory *memory, uint64_t rules_version, struct slice text);

/* No such file is an empty memory. */
MUST_USE bool memory_load(
	struct memory *memory, uint64_t rules_version, const char *path, struct err *err);
MUST_USE bool memory_save(const struct memory *memory, const char *path, struct err *err);

bool memory_knows(const struct memory *memory, const struct stat *st);
void memory_add(struct memory *memory, const struct stat *st);

#endif
