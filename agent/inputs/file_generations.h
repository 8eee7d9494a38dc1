/*
 * file_generations - what rotation made of a log file
 *
 * For /var/log/app.log these are the files in the same folder named
 * app.log.1, app.log-20261122, app.log.2026-11-22, app.log.old, or with the
 * stamp before the extension (app-20261122.log, app.1.log), and the same with
 * .gz behind it. Packed with something else (.xz .bz2 .zst .lz4 .Z) they are
 * listed but cannot be read. Where a packed file and the file it is made from
 * are both there, the packed one is left out. A file with two names is listed
 * once.
 *
 * A folder in which files are being renamed cannot be listed exactly: a file
 * may be left out, or met again under its next name. Two listings in a row that
 * are the same are exact: to be left out of both a file would have to be
 * renamed during each of them, and then the other names would differ.
 */
#ifndef AGENT_INPUTS_FILE_GENERATIONS_H
#define AGENT_INPUTS_FILE_GENERATIONS_H

#include <stdint.h>

#include "common/slice.h"

enum file_packing { FILE_PLAIN, FILE_GZIP, FILE_PACKED_OTHERWISE };

struct file_generation {
	char *path;
	uint64_t device, inode, size;
	int64_t modified_ns;
	enum file_packing packing;
};

struct file_generations {
	struct file_generation *items; /* oldest first */
	size_t n;
};

/* Only what is a regular file. The path itself is the last one when it exists. */
void file_generations_find(const char *path, struct file_generations *found);
void file_generations_done(struct file_generations *found);

/* The same files under the same names, in the same order. */
MUST_USE bool file_generations_same(
	const struct file_generations *a, const struct file_generations *b);

/*
 * Is `name` a rotated generation of `base`? Both without folders. Tells how it is packed.
 */
MUST_USE bool file_rotated_name(
	struct slice base, struct slice name, enum file_packing *packing);

/* If `path` looks like a rotated generation: the path it may have had before, into `base`. A
 * log that is just named so ("web-1.log") looks like one too: see whether the base exists. */
MUST_USE bool file_unrotated_path(const char *path, char *base, size_t size);

/* Packed by name: not a log to follow. */
bool file_is_packed(const char *path);

#endif
