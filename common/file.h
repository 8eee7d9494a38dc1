/*
 * file - whole small files and folders, safely
 *
 * Any thread; blocks on the disk. Paths are ours (settings), not an attacker's.
 */
#ifndef COMMON_FILE_H
#define COMMON_FILE_H

#include <sys/types.h>

#include "common/err.h"
#include "common/strbuf.h"

/* Append the whole file to `out`; a file that passes out->limit is an error. */
MUST_USE bool file_read(const char *path, struct strbuf *out, struct err *err);

/*
 * Replace or create `path` so that a crash leaves the old or the new content, whole: write
 * a neighbour, fdatasync, rename, fsync the folder.
 */
MUST_USE bool file_replace(
	const char *path, struct slice content, mode_t mode, struct err *err);

/*
 * What tells one content of a file from another without reading it: a file that was replaced
 * or written to has another mark. All zero when there is none, or one that cannot be asked.
 */
struct file_mark {
	uint64_t device, inode, size;
	int64_t mtime_ns, ctime_ns;
};

struct file_mark file_mark(const char *path);
bool file_mark_same(const struct file_mark *a, const struct file_mark *b);

/* Create the folder and its missing parents with `mode`; an existing folder is fine. */
MUST_USE bool file_make_dirs(const char *path, mode_t mode, struct err *err);

/* Make created, renamed and removed names of a folder durable. */
MUST_USE bool file_sync_dir(const char *path, struct err *err);

/* Write all bytes, whatever short writes the kernel makes. False leaves errno. */
MUST_USE bool file_write_all(int fd, const void *bytes, size_t len);

/* The same at a place of the file; its position does not move. */
MUST_USE bool file_write_all_at(int fd, const void *bytes, size_t len, uint64_t offset);

/* Up to `len` bytes from a place of the file; fewer at its end only. -1 leaves errno. */
MUST_USE ssize_t file_read_at(int fd, void *bytes, size_t len, uint64_t offset);

/* Whether this errno of a read says that the disk cannot give the bytes that are there. */
bool file_is_refused(int sys);

/* fdatasync(), fsync() and ftruncate(), not ended by a signal. False leaves errno. */
MUST_USE bool file_sync_data(int fd);
MUST_USE bool file_sync(int fd);
MUST_USE bool file_truncate(int fd, uint64_t size);

#endif
