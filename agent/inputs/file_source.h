/*
 * file_source - one open log file: a plain one, or one that rotation has packed with gzip
 *
 * Opening never blocks and never has an effect on what is opened: only regular
 * files of real file systems are accepted. FIFOs, devices, folders and the pseudo
 * files of /proc and /sys are refused, and so is what a path leads to that somebody
 * could have bent (safe_open.h).
 *
 * Reading is by position; a packed file is unpacked as a stream, so going back
 * further than FILE_BLOCK_SIZE in it is slow but right.
 */
#ifndef AGENT_INPUTS_FILE_SOURCE_H
#define AGENT_INPUTS_FILE_SOURCE_H

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "common/charset.h"
#include "common/err.h"

enum { FILE_BLOCK_SIZE = 256 << 10 }; /* bytes read at once */

struct file_gzip;

struct file_source {
	int fd;                 /* -1 = closed */
	struct file_gzip *gzip; /* NULL = plain */
	bool knows_mark;        /* its first bytes were looked at: */
	enum charset mark;      /* what they say; CHARSET_COUNT = nothing */
};

#define FILE_SOURCE_CLOSED                                                                     \
	{                                                                                      \
		.fd = -1                                                                       \
	}

/* err->sys tells ENOENT from the rest. */
MUST_USE bool file_source_open(
	struct file_source *source, const char *path, bool packed, struct err *err);

/* A closed one is fine. */
void file_source_close(struct file_source *source);

static inline bool file_source_is_open(const struct file_source *source)
{
	return source->fd >= 0;
}

/* Up to `len` bytes from `offset` on, less only at the end. -1 with errno (EBADMSG: the packed
 * file is damaged). */
MUST_USE ssize_t file_source_read(
	struct file_source *source, void *to, size_t len, uint64_t offset);

MUST_USE bool file_source_stat(const struct file_source *source, struct stat *st);

/* Offset of the first byte at or after `offset` that is not in a hole (a writer that kept its
 * offset over a truncation leaves one); `offset` where that cannot be told. */
uint64_t file_source_data(const struct file_source *source, uint64_t offset);

#endif
